/**
 * Unpacks deflate streams from the middle. A **checkpoint** is a position between two blocks, together with the preceding 32 KiB, from
 * which the rest can be unpacked. `GzipScanner` makes checkpoints while it unpacks, and `resumedStream` turns the packed bytes at a
 * checkpoint into a stream that node:zlib can unpack.
 */
export * from './block-finder.ts';
export * from './checkpoint.ts';
export { DeflateDecoder } from './deflate-decoder.ts';
export * from './gzip-scanner.ts';
