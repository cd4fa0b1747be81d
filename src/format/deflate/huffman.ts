// Canonical Huffman codes of deflate (RFC 1951, 3.2.2) as tables: the next ROOT_BITS bits of the stream index an entry, which leads to a
// second table if the code is longer.
import { LayerscopeError } from '#model';

const MAX_BITS = 15;

/**
 * A code as a table. An entry is `symbol << 4 | bits`. For a code longer than `rootBits`, it is `start << 4 | 0`, where `start` is the
 * index of a second table. 0: no code.
 */
export interface HuffmanTable {
  readonly rootBits: number;
  readonly entries: Uint32Array;
  /** Number of bits that index a second table. */
  readonly restBits: number;
}

/**
 * Makes a table from code lengths. `what` names the code in errors. Only a code with a single one-bit symbol, or with none, may be
 * incomplete; zlib allows this for distances. Throws DAMAGED for other incomplete codes and for over-subscribed ones.
 */
export function huffmanTable(lengths: Uint8Array, from: number, to: number, rootBits: number, what: string): HuffmanTable {
  const counts = new Uint16Array(MAX_BITS + 1);
  for (let at = from; at < to; at++) counts[lengths[at] as number] = (counts[lengths[at] as number] as number) + 1;
  const used = to - from - (counts[0] as number);
  let left = 1;
  let longest = 0;
  for (let bits = 1; bits <= MAX_BITS; bits++) {
    left = left * 2 - (counts[bits] as number);
    if (left < 0) throw new LayerscopeError('DAMAGED', `a deflate block with too many ${what} codes`);
    if ((counts[bits] as number) > 0) longest = bits;
  }
  if (left > 0 && !(used === 0 || (used === 1 && counts[1] === 1)))
    throw new LayerscopeError('DAMAGED', `a deflate block with incomplete ${what} codes`);
  const next = new Uint16Array(MAX_BITS + 2);
  for (let bits = 1; bits <= MAX_BITS; bits++) next[bits + 1] = ((next[bits] as number) + (counts[bits] as number)) << 1;
  const restBits = Math.max(0, longest - rootBits);
  const root = 1 << rootBits;
  let entries = new Uint32Array(root);
  let size = root;
  for (let symbol = 0; symbol < to - from; symbol++) {
    const bits = lengths[from + symbol] as number;
    if (bits === 0) continue;
    const code = reversed(next[bits] as number, bits);
    next[bits] = (next[bits] as number) + 1;
    if (bits <= rootBits) {
      for (let at = code; at < root; at += 1 << bits) entries[at] = (symbol << 4) | bits;
      continue;
    }
    const low = code & (root - 1);
    if (entries[low] === 0) {
      entries = grown(entries, size + (1 << restBits));
      entries[low] = size << 4;
      size += 1 << restBits;
    }
    const start = (entries[low] as number) >>> 4;
    for (let at = code >>> rootBits; at < 1 << restBits; at += 1 << (bits - rootBits)) entries[start + at] = (symbol << 4) | bits;
  }
  return { rootBits, entries, restBits };
}

function grown(entries: Uint32Array<ArrayBuffer>, size: number): Uint32Array<ArrayBuffer> {
  if (entries.length >= size) return entries;
  const larger = new Uint32Array(Math.max(size, entries.length * 2));
  larger.set(entries);
  return larger;
}

/** Returns the lowest `bits` bits in reverse order: Huffman codes are packed starting with their highest bit. */
function reversed(code: number, bits: number): number {
  let left = code;
  let result = 0;
  for (let bit = 0; bit < bits; bit++) {
    result = (result << 1) | (left & 1);
    left >>= 1;
  }
  return result;
}
