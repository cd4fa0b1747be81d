// Marvin32, the hash used by new logs to check their entries. The seed is the number 82EF4D887A4E55C5; its low half initializes `low`.

const SEED_LOW = 0x7a4e55c5;
const SEED_HIGH = 0x82ef4d88;
const PADDING = 0x80;

/** Returns the two halves of the 64-bit hash of `length` bytes at `start`, both unsigned. */
export function marvin32(view: DataView, start: number, length: number): readonly [low: number, high: number] {
  let low = SEED_LOW | 0;
  let high = SEED_HIGH | 0;
  const mix = (word: number): void => {
    low = (low + word) | 0;
    high ^= low;
    low = ((low << 20) | (low >>> 12)) + high;
    high = ((high << 9) | (high >>> 23)) ^ low;
    low = ((low << 27) | (low >>> 5)) + high;
    high = (high << 19) | (high >>> 13);
  };
  const wordsEnd = start + (length & ~3);
  for (let at = start; at < wordsEnd; at += 4) mix(view.getInt32(at, true));
  let tail = 0;
  const rest = length & 3;
  for (let i = 0; i < rest; i++) tail |= view.getUint8(wordsEnd + i) << (8 * i);
  mix(tail | (PADDING << (8 * rest)));
  mix(0);
  return [low >>> 0, high >>> 0];
}
