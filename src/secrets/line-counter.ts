// Counts line feeds four bytes at a time, because a gigabyte of text may have to be counted up to the last byte.

const LINE_FEEDS = 0x0a0a0a0a;
const LOW_BITS = 0x7f7f7f7f;
/** Maximum number of words to count before the four counters, one byte each, could overflow. */
const WORDS = 255;

/** Returns the number of line feeds between `from` and `to`. `words` is a view of the same memory as `bytes`, from the same address. */
export function countLines(bytes: Uint8Array, words: Int32Array, from: number, to: number): number {
  let count = 0;
  let at = from;
  for (; at < to && (at & 3) !== 0; at++) if (bytes[at] === 0x0a) count++;
  const lastWord = to >>> 2;
  for (let word = at >>> 2; word < lastWord; ) {
    const end = Math.min(word + WORDS, lastWord);
    let sums = 0;
    for (; word < end; word++) {
      const difference = (words[word] as number) ^ LINE_FEEDS;
      // Adds 1 to the counter of each byte that is a line feed, so that its byte in `difference` is 0.
      sums += (~(((difference & LOW_BITS) + LOW_BITS) | difference) >>> 7) & 0x01010101;
    }
    count += (sums & 0xff) + ((sums >>> 8) & 0xff) + ((sums >>> 16) & 0xff) + (sums >>> 24);
  }
  for (at = Math.max(at, lastWord * 4); at < to; at++) if (bytes[at] === 0x0a) count++;
  return count;
}
