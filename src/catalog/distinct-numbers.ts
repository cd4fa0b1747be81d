const FREE = 0;
/** A search that passes more slots than this gives up. With at most half of the slots taken, one search in 10^20 does. */
const MOST_PASSED = 256;

/** Numbers the distinct values of a column, in order of appearance. */
export class DistinctNumbers {
  /** The distinct values. */
  readonly values: Float64Array;
  count = 0;
  /** Hash table: 1 + the number of a value, or 0 in a free slot. */
  readonly #slots: Uint32Array;
  readonly #bits = new Float64Array(1);
  readonly #words = new Uint32Array(this.#bits.buffer);

  /** `most`: maximum number of distinct values. */
  constructor(most: number) {
    this.values = new Float64Array(most);
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(2 * most + 2)));
  }

  /**
   * Returns the number of a value; -1 if there are too many values, or if finding it takes too long because values were chosen to collide.
   */
  of(value: number): number {
    this.#bits[0] = value;
    const mixed = Math.imul((this.#words[0] as number) ^ Math.imul(this.#words[1] as number, 0x9e3779b1), 0x85ebca6b);
    const mask = this.#slots.length - 1;
    let slot = (mixed ^ (mixed >>> 15)) & mask;
    for (let passed = 0; passed < MOST_PASSED; passed++, slot = (slot + 1) & mask) {
      const known = this.#slots[slot] as number;
      if (known !== FREE) {
        if (this.values[known - 1] === value) return known - 1;
        continue;
      }
      if (this.count === this.values.length) return -1;
      this.values[this.count++] = value;
      this.#slots[slot] = this.count;
      return this.count - 1;
    }
    return -1;
  }
}
