/** Seeded random choices (mulberry32): the same seed gives the same choices. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  uint32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** Returns an integer from 0 to `below` (exclusive); 0 if `below` is less than 1. */
  int(below: number): number {
    return below < 1 ? 0 : Math.floor((this.uint32() / 0x1_0000_0000) * below);
  }

  chance(share: number): boolean {
    return this.uint32() < share * 0x1_0000_0000;
  }

  /** Returns one element of the list, which must not be empty. */
  pick<T>(values: readonly T[]): T {
    return values[this.int(values.length)] as T;
  }

  /** Returns an integer from 1 to `most`; small ones are far more likely. */
  length(most: number): number {
    return Math.max(1, Math.min(most, 1 + this.int(2 ** this.int(Math.max(1, Math.ceil(Math.log2(most + 1)) + 1)))));
  }
}
