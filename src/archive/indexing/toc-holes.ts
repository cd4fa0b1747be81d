// Pieces without stored bytes (zstd:chunked's `zeros`) are shown as zeros, so their digests must be those of that many zeros.
import { createHash } from 'node:crypto';
import type { TocChunk, TocEntry } from '#format/estargz';
import { displayText, LayerscopeError } from '#model';

/** Digests of larger holes aren't computed, because a TOC of a few bytes can state terabytes. */
const MAX_HOLE_BYTES = 256 * 1024 * 1024;
const ZEROS = new Uint8Array(1024 * 1024);
const HOLES_A_CHECK = 1024;

/**
 * Compares the holes that have a SHA-256 digest. Returns the number of those too large to check. `check` throws if the work is cancelled.
 * Throws DAMAGED.
 */
export function checkHoles(entries: readonly TocEntry[], check: () => void): number {
  const holes: { readonly name: string; readonly chunk: TocChunk }[] = [];
  for (const { name, chunks } of entries)
    for (const chunk of chunks) if (chunk.isZeros && chunk.digest?.startsWith('sha256:')) holes.push({ name, chunk });
  holes.sort((a, b) => a.chunk.sizeBytes - b.chunk.sizeBytes);
  // Holes are sorted by size, so one hash is enough for all: it is extended with zeros up to the size of each hole.
  const hash = createHash('sha256');
  let hashed = 0;
  let known = { sizeBytes: -1, digest: '' };
  for (const [at, { name, chunk }] of holes.entries()) {
    const { sizeBytes } = chunk;
    if (sizeBytes > MAX_HOLE_BYTES) return holes.length - at;
    if (at % HOLES_A_CHECK === 0) check();
    while (hashed < sizeBytes) {
      const count = Math.min(ZEROS.length, sizeBytes - hashed);
      hash.update(ZEROS.subarray(0, count));
      hashed += count;
      check();
    }
    if (known.sizeBytes !== sizeBytes) known = { sizeBytes, digest: `sha256:${hash.copy().digest('hex')}` };
    if (chunk.digest !== known.digest)
      throw new LayerscopeError(
        'DAMAGED',
        `the layer's table of contents lists zeros in ${displayText(name.slice(0, 200))}, but not with the digest of zeros`,
      );
  }
  return 0;
}
