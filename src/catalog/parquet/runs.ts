// The hybrid of runs and packed bits in which Parquet writes levels and numbers of dictionary values.
import type { GrownBytes } from './grown-bytes.ts';

/** Packed numbers come in eights, and a run is worth its header from there on. */
const PACK = 8;

/** Returns the bits that numbers up to `most` take. */
export function bitsFor(most: number): number {
  return 32 - Math.clz32(most);
}

/** Writes `count` times the same number of `width` bits. */
export function putRun(to: GrownBytes, value: number, count: number, width: number): void {
  to.varint(2 * count);
  for (let bit = 0; bit < width; bit += 8) to.byte((value >>> bit) & 0xff);
}

/** Writes the first `count` numbers, each less than 2^`width`. */
export function putRuns(to: GrownBytes, values: Uint8Array | Uint32Array, count: number, width: number): void {
  let packedFrom = 0;
  let at = 0;
  while (at < count) {
    let end = at + 1;
    while (end < count && values[end] === values[at]) end++;
    if (end - at >= PACK) {
      putPacked(to, values, packedFrom, at, width);
      putRun(to, values[at] as number, end - at, width);
      at = end;
      packedFrom = end;
    } else at = Math.min(at + PACK, count);
  }
  putPacked(to, values, packedFrom, count, width);
}

function putPacked(to: GrownBytes, values: Uint8Array | Uint32Array, from: number, end: number, width: number): void {
  if (from === end) return;
  const packs = Math.ceil((end - from) / PACK);
  to.varint(2 * packs + 1);
  const bytes = to.room(packs * width);
  let at = to.length;
  let held = 0;
  let heldBits = 0;
  for (let index = from; index < from + packs * PACK; index++) {
    const value = index < end ? (values[index] as number) : 0;
    // At most 7 bits are held, and 8 are taken at a time, so that any width fits in 32.
    for (let bit = 0; bit < width; bit += 8) {
      const taken = Math.min(8, width - bit);
      held |= ((value >>> bit) & ((1 << taken) - 1)) << heldBits;
      heldBits += taken;
      if (heldBits < 8) continue;
      bytes[at++] = held & 0xff;
      held >>>= 8;
      heldBits -= 8;
    }
  }
  to.length = at;
}
