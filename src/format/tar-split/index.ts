/**
 * tar-split's metadata: everything in a layer's tar except file contents, from which Docker can recreate the tar byte for byte.
 * split-entry.ts describes the format, tar-splitter.ts makes the metadata from a tar, and assemble-tar.ts reassembles the tar.
 */
export * from './assemble-tar.ts';
export * from './crc64.ts';
export * from './split-entry.ts';
export * from './split-scanner.ts';
export * from './tar-splitter.ts';
