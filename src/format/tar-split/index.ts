/**
 * tar-split's metadata, with which Docker can recreate a layer's tar byte for byte from the layer's files: everything in the tar except
 * file contents. split-entry.ts describes the format, tar-splitter.ts makes it from a tar, and assemble-tar.ts reassembles the tar.
 */
export * from './assemble-tar.ts';
export * from './crc64.ts';
export * from './split-entry.ts';
export * from './tar-splitter.ts';
