/** Reads numbers in a given byte order. Numbers beyond the end of the data are 0, so that damaged headers end loops instead of throwing. */
export class Fields {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #little: boolean;

  constructor(bytes: Uint8Array, little: boolean) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#little = little;
  }

  get length(): number {
    return this.#view.byteLength;
  }

  u16(at: number): number {
    return at + 2 <= this.length ? this.#view.getUint16(at, this.#little) : 0;
  }

  u32(at: number): number {
    return at + 4 <= this.length ? this.#view.getUint32(at, this.#little) : 0;
  }

  /** Reads a 64-bit number; 0 if it exceeds 2^53, which no file offset does. */
  u64(at: number): number {
    if (at + 8 > this.length) return 0;
    const value = Number(this.#view.getBigUint64(at, this.#little));
    return Number.isSafeInteger(value) ? value : 0;
  }

  /** Reads a number as wide as an address. */
  word(at: number, is64: boolean): number {
    return is64 ? this.u64(at) : this.u32(at);
  }

  /** Reads Latin-1 text that ends at a NUL or after `length` bytes. */
  name(at: number, length: number): string {
    const bytes = this.#bytes.subarray(at, at + length);
    const end = bytes.indexOf(0);
    return String.fromCharCode(...(end < 0 ? bytes : bytes.subarray(0, end)));
  }
}
