// Finds where deflate blocks begin without unpacking the data before them. The header of a dynamic block is so restricted that hardly any
// other bits look like one, and a stored block states its length twice. Still, a match is only a guess: the caller must compare the bytes
// unpacked from there with those of the whole stream. Source: RFC 1951, 3.2.

/** A position where a block seems to begin; the fields have the same meaning as a checkpoint's. */
export interface BlockPlace {
  /** Offset of the first whole byte of the block. */
  readonly packedOffset: number;
  /** How many bits of the preceding byte belong to the block. */
  readonly bits: number;
  /** Whether the block is stored. If so, `packedOffset` is the offset of its length field, after the header. */
  readonly isStored: boolean;
}

/** The header of a stored block that begins at a byte boundary and isn't the last of its stream. */
export const STORED_HEADER = 0;

/** Maximum length of a dynamic block's header: 17 bits, 19 lengths of 3 bits, and 316 code lengths of up to 14 bits. */
const MAX_HEADER_BYTES = 563;
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15] as const;
const END_OF_BLOCK = 256;

/**
 * Finds the first position between `from` and `to` where a block seems to begin; null if there is none. Skips headers that aren't complete
 * in `bytes`.
 */
export function findBlock(bytes: Uint8Array, from: number, to: number): BlockPlace | null {
  const last = Math.min(to, bytes.length - MAX_HEADER_BYTES);
  for (let at = from; at < last; at++) {
    const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
    const word = low | ((bytes[at + 3] as number) << 24);
    if (((word ^ (word >>> 16)) & 0xffff) === 0xffff) return { packedOffset: at, bits: 0, isStored: true };
    for (let bit = 0; bit < 8; bit++) {
      const head = low >>> bit;
      // Skips anything but a block that isn't the last, has type 2, and states at most 286 literals and 30 distances.
      if ((head & 7) !== 4 || ((head >>> 3) & 31) > 29 || ((head >>> 8) & 31) > 29) continue;
      if (!hasCompleteCodes(bytes, at, bit, (head >>> 13) & 15) || !isHeader(bytes, at * 8 + bit)) continue;
      return bit === 0 ? { packedOffset: at, bits: 0, isStored: false } : { packedOffset: at + 1, bits: 8 - bit, isStored: false };
    }
  }
  return null;
}

/** Whether the code length codes are complete, as they must be. This rejects nearly everything that isn't a header. */
function hasCompleteCodes(bytes: Uint8Array, at: number, bit: number, stated: number): boolean {
  let sum = 0;
  let position = at * 8 + bit + 17;
  for (let code = 0; code < stated + 4; code++, position += 3) {
    const byte = position >>> 3;
    const length = (((bytes[byte] as number) | ((bytes[byte + 1] as number) << 8)) >>> (position & 7)) & 7;
    if (length > 0) sum += 128 >>> length;
  }
  return sum === 128;
}

/** Scratch space for {@link isHeader}. */
const codeLengths = new Uint8Array(19);
const codeTable = new Uint16Array(128);
const lengths = new Uint8Array(286 + 30 + 138);

/** Whether this is a complete, valid header, given that its code length codes are complete. */
function isHeader(bytes: Uint8Array, start: number): boolean {
  let position = start + 3;
  const take = (count: number): number => {
    const value = peek(bytes, position, count);
    position += count;
    return value;
  };
  const literals = take(5) + 257;
  const all = literals + take(5) + 1;
  const codes = take(4) + 4;
  codeLengths.fill(0);
  for (let at = 0; at < codes; at++) codeLengths[CODE_ORDER[at] as number] = take(3);
  fillCodeTable();
  for (let at = 0; at < all; ) {
    const entry = codeTable[peek(bytes, position, 7)] as number;
    position += entry & 7;
    const symbol = entry >>> 3;
    if (symbol < 16) {
      lengths[at++] = symbol;
      continue;
    }
    if (symbol === 16 && at === 0) return false;
    const value = symbol === 16 ? (lengths[at - 1] as number) : 0;
    const count = symbol === 16 ? 3 + take(2) : symbol === 17 ? 3 + take(3) : 11 + take(7);
    lengths.fill(value, at, at + count);
    at += count;
    if (at > all) return false;
  }
  return lengths[END_OF_BLOCK] !== 0 && isUsable(0, literals) && isUsable(literals, all);
}

/** Makes a table for a complete code of at most 7 bits. The next 7 bits of the stream index it; an entry is `symbol << 3 | bits`. */
function fillCodeTable(): void {
  let code = 0;
  for (let bits = 1; bits <= 7; bits++) {
    for (let symbol = 0; symbol < 19; symbol++) {
      if (codeLengths[symbol] !== bits) continue;
      let reversed = 0;
      for (let bit = 0; bit < bits; bit++) reversed |= ((code >>> bit) & 1) << (bits - 1 - bit);
      for (let at = reversed; at < 128; at += 1 << bits) codeTable[at] = (symbol << 3) | bits;
      code++;
    }
    code <<= 1;
  }
}

/** Whether the code lengths between `from` and `to` form a complete code. A single one-bit code, or none at all, is also allowed. */
function isUsable(from: number, to: number): boolean {
  let sum = 0;
  let used = 0;
  for (let at = from; at < to; at++) {
    const length = lengths[at] as number;
    if (length === 0) continue;
    used++;
    sum += 0x8000 >>> length;
  }
  return sum === 0x8000 || used === 0 || (used === 1 && sum === 0x4000);
}

/** Returns up to 16 bits at a position. */
function peek(bytes: Uint8Array, position: number, count: number): number {
  const byte = position >>> 3;
  const word = (bytes[byte] as number) | ((bytes[byte + 1] as number) << 8) | ((bytes[byte + 2] as number) << 16);
  return (word >>> (position & 7)) & ((1 << count) - 1);
}
