import zlib from 'node:zlib';
import type { Inflaters } from '#packages';

// Added in Node.js 22.15. Looked up at run time so that older versions can load this file.
const { zstdDecompressSync } = zlib as Partial<Pick<typeof zlib, 'zstdDecompressSync'>>;

export const INFLATERS: Inflaters = {
  inflateRaw: (bytes, maxBytes) => bounded(zlib.inflateRawSync, bytes, maxBytes),
  inflateZlib: (bytes, maxBytes) => bounded(zlib.inflateSync, bytes, maxBytes),
  inflateZstd: (bytes, maxBytes) => (zstdDecompressSync === undefined ? null : bounded(zstdDecompressSync, bytes, maxBytes)),
};

type Inflate = (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;

function bounded(inflate: Inflate, bytes: Uint8Array, maxBytes: number): Uint8Array | null {
  try {
    return inflate(bytes, { maxOutputLength: Math.max(1, maxBytes) });
  } catch {
    return null;
  }
}
