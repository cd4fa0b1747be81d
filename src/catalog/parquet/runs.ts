// Parquet's hybrid of runs and bit packing, for levels and dictionary indexes.
import type { GrownBytes } from './grown-bytes.ts';

/** Numbers are packed in groups of this many. A run of at least as many equal numbers is worth its header. */
const PACK = 8;

/** Returns how many bits numbers up to `most` need. */
export function bitsFor(most: number): number {
  return 32 - Math.clz32(most);
}

/** Writes a run: `count` times the same number, `width` bits wide. */
export function putRun(to: GrownBytes, value: number, count: number, width: number): void {
  to.varint(2 * count);
  for (let bit = 0; bit < width; bit += 8) to.byte((value >>> bit) & 0xff);
}

/** Writes the first `count` numbers, each less than 2^`width`, as runs and packed groups. */
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
    // At most 7 bits are left over, and 8 are added at a time, so 32 bits suffice for any width.
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
