import zlib from 'node:zlib';
import { crc32 as ownCrc32 } from '#format/compression';

/** Continues a CRC-32 (IEEE 802.3) over more bytes; start with 0. node:zlib has it since Node 20.15. */
export const crc32: (bytes: Uint8Array, before?: number) => number = zlib.crc32 ?? ((bytes, before = 0) => ownCrc32(before, bytes));
