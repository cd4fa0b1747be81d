// The pieces of files' contents in a layer table that was made from a table of contents (TOC), and the digests that the TOC states.
import { toHex } from '#model';
import type { LayerTable } from './layer-table.ts';

/** Number of bytes in a SHA-256 digest. */
export const DIGEST_BYTES = 32;
const SHA256 = 'sha256:';

type Pieces = Pick<LayerTable, 'chunkAt' | 'chunkStart' | 'chunkEnd' | 'chunkDigests'>;
type Contents = Pieces & Pick<LayerTable, 'bodyAt' | 'size' | 'wholeRows' | 'wholeDigests'>;

/** Returns the piece that contains an address; -1 if the address is after the last piece. */
export function chunkOf({ chunkAt }: Pick<LayerTable, 'chunkAt'>, at: number): number {
  let [low, high] = [0, chunkAt.length - 1];
  if (!(at >= 0 && at < (chunkAt[high] ?? 0))) return -1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((chunkAt[middle] as number) <= at) low = middle;
    else high = middle;
  }
  return low;
}

/** Returns the digest of a piece; null if none is stated. */
export function chunkDigest(table: Pick<LayerTable, 'chunkDigests'>, chunk: number): string | null {
  return asText(digestBytes(table.chunkDigests, chunk));
}

/** Whether a piece has no stored bytes. */
export function isHole({ chunkStart, chunkEnd }: Pick<LayerTable, 'chunkStart' | 'chunkEnd'>, chunk: number): boolean {
  return chunkStart[chunk] === chunkEnd[chunk];
}

/**
 * Returns the digest of a file's whole content, unless it is also the digest of the file's only stored piece. Null if there is no such
 * digest.
 */
export function wholeDigest(table: Pick<LayerTable, 'wholeRows' | 'wholeDigests'>, row: number): string | null {
  return asText(wholeBytes(table, row));
}

/**
 * Compares the contents of two files with equal sizes, in tables made from TOCs, by their stated digests. True only if digests of stored
 * pieces prove it; these are checked whenever a piece is read. Null: only reading can tell.
 */
export function sameContents(a: Contents, rowA: number, b: Contents, rowB: number): boolean | null {
  const byPieces = samePieces(a, rowA, b, rowB);
  if (byPieces !== null) return byPieces;
  // The stated digest of a file with several pieces isn't verified. It is only used to tell files apart, and nobody gains anything by
  // faking a difference.
  const [one, two] = [fileDigest(a, rowA), fileDigest(b, rowB)];
  return one === null || two === null || sameDigest(one, two) ? null : false;
}

/** Compares two files piece by piece. Null if they are divided into different pieces, or if a piece has no digest or isn't stored. */
function samePieces(a: Contents, rowA: number, b: Contents, rowB: number): boolean | null {
  const [startA, startB] = [a.bodyAt[rowA] as number, b.bodyAt[rowB] as number];
  let [x, y] = [chunkOf(a, startA), chunkOf(b, startB)];
  if (x < 0 || y < 0) return null;
  const size = a.size[rowA] as number;
  let isSame = true;
  for (let end = 0; end < size; x++, y++) {
    end = (a.chunkAt[x + 1] as number) - startA;
    if (end !== (b.chunkAt[y + 1] as number) - startB || isHole(a, x) || isHole(b, y)) return null;
    const [one, two] = [digestBytes(a.chunkDigests, x), digestBytes(b.chunkDigests, y)];
    if (one === null || two === null) return null;
    if (!sameDigest(one, two)) isSame = false;
  }
  return isSame;
}

function fileDigest(table: Contents, row: number): Uint8Array | null {
  const whole = wholeBytes(table, row);
  if (whole !== null) return whole;
  const at = table.bodyAt[row] as number;
  const chunk = chunkOf(table, at);
  const isOnly = chunk >= 0 && (table.chunkAt[chunk + 1] as number) - at === table.size[row];
  return isOnly && !isHole(table, chunk) ? digestBytes(table.chunkDigests, chunk) : null;
}

function wholeBytes({ wholeRows, wholeDigests }: Pick<LayerTable, 'wholeRows' | 'wholeDigests'>, row: number): Uint8Array | null {
  let [low, high] = [0, wholeRows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((wholeRows[middle] as number) < row) low = middle + 1;
    else high = middle;
  }
  return wholeRows[low] === row ? digestBytes(wholeDigests, low) : null;
}

/** Zeros mean that there is no digest. A TOC can't state an all-zero digest: see `digestOf` in format/estargz. */
function digestBytes(digests: Uint8Array, index: number): Uint8Array | null {
  const bytes = digests.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES);
  return bytes.every((byte) => byte === 0) ? null : bytes;
}

function sameDigest(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, at) => byte === b[at]);
}

function asText(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : SHA256 + toHex(bytes);
}
