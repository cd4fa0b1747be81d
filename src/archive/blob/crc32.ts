import zlib from 'node:zlib';
import { crc32 as ownCrc32 } from '#format/compression';

/** node:zlib's own function, available since Node 20.15. */
const fast: ((bytes: Uint8Array, before: number) => number) | undefined = zlib.crc32;

/** Continues a CRC-32 (IEEE 802.3) over more bytes; start with 0. */
export function crc32(bytes: Uint8Array, before = 0): number {
  // Node 20 starts over if it gets an empty ArrayBuffer.
  if (bytes.length === 0) return before;
  return fast === undefined ? ownCrc32(before, bytes) : fast(bytes, before);
}
