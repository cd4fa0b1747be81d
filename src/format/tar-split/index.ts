export * from './assemble-tar.ts';
export * from './crc64.ts';
export * from './split-entry.ts';
export * from './tar-splitter.ts';
