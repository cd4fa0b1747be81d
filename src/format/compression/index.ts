/**
 * Decompressors for xz and bzip2, which node:zlib doesn't have. Both use push parsers with bounded memory; unpacker.ts is their interface.
 * xz.ts and bzip2.ts begin with a description of their formats, and lzma.ts decodes the chunks of xz.
 */
export { Bzip2Unpacker } from './bzip2.ts';
export { crc32 } from './crc.ts';
export type { Unpacker } from './unpacker.ts';
export { XzUnpacker } from './xz.ts';
