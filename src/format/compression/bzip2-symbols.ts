const MAX_BITS = 20;

/** A canonical Huffman code: codes of the same length are consecutive, in the order of their symbols. */
export class HuffmanTable {
  readonly minBits: number;
  /** By length, the last code of at most that length, padded with ones to 20 bits; -1: no code is that short. */
  readonly limit: Int32Array;
  /** For each length: subtract this from a code to get its index in {@link symbols}. */
  readonly base: Int32Array;
  readonly symbols: Uint16Array;

  private constructor(lengths: Uint8Array) {
    this.limit = new Int32Array(MAX_BITS + 2).fill(-1);
    this.base = new Int32Array(MAX_BITS + 2);
    this.symbols = new Uint16Array(lengths.length);
    let minBits = MAX_BITS;
    let code = 0;
    let place = 0;
    for (let bits = 1; bits <= MAX_BITS; bits++) {
      this.base[bits] = code - place;
      const first = place;
      for (let symbol = 0; symbol < lengths.length; symbol++) if (lengths[symbol] === bits) this.symbols[place++] = symbol;
      code += place - first;
      if (place > first) {
        this.limit[bits] = (code << (MAX_BITS - bits)) - 1;
        minBits = Math.min(minBits, bits);
      } else if (first > 0) this.limit[bits] = this.limit[bits - 1] as number;
      code <<= 1;
    }
    this.minBits = minBits;
  }

  /** Reads the code lengths, each as steps up or down from the previous one. Null if a length is out of bounds. */
  static read(bits: SymbolReader, symbols: number): HuffmanTable | null {
    const lengths = new Uint8Array(symbols);
    let length = bits.read(5);
    for (let symbol = 0; symbol < symbols; symbol++) {
      for (;;) {
        if (length < 1 || length > MAX_BITS || bits.isOver) return null;
        if (bits.read(1) === 0) break;
        length += bits.read(1) === 0 ? 1 : -1;
      }
      lengths[symbol] = length;
    }
    return new HuffmanTable(lengths);
  }
}

/** Reads bits from a range of bytes, highest bit first. Past the end it reads zeros and sets {@link isOver}. */
export class SymbolReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  /** Offset of the next byte to load into the buffer; beyond the end if zeros were read. */
  #at: number;
  #buffer = 0;
  #count = 0;

  constructor(bytes: Uint8Array, start: number, end: number, bit: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    if (bit > 0) this.read(bit);
  }

  /** Reads at most 24 bits. */
  read(count: number): number {
    if (this.#count < count) this.#fill();
    this.#count -= count;
    return (this.#buffer >>> this.#count) & ((1 << count) - 1);
  }

  readUint32(): number {
    const high = this.read(16);
    return ((high << 16) | this.read(16)) >>> 0;
  }

  /** Reads a symbol; -1 if no symbol has that code. */
  symbol(table: HuffmanTable): number {
    if (this.#count < MAX_BITS) this.#fill();
    const code = (this.#buffer >>> (this.#count - MAX_BITS)) & ((1 << MAX_BITS) - 1);
    let bits = table.minBits;
    while (code > (table.limit[bits] as number)) if (++bits > MAX_BITS) return -1;
    this.#count -= bits;
    return table.symbols[(code >>> (MAX_BITS - bits)) - (table.base[bits] as number)] ?? -1;
  }

  #fill(): void {
    while (this.#count <= 23) {
      this.#buffer = (this.#buffer << 8) | (this.#at < this.#end ? (this.#bytes[this.#at] as number) : 0);
      this.#at++;
      this.#count += 8;
    }
  }

  /** Whether bits past the end were read. */
  get isOver(): boolean {
    return this.#at - (this.#count >> 3) > this.#end;
  }

  /** Offset of the byte that contains the next bit. */
  get byte(): number {
    return this.#at - Math.ceil(this.#count / 8);
  }

  get bitInByte(): number {
    return (8 - (this.#count & 7)) & 7;
  }

  /** Offset of the first byte from which no bit was read. */
  get nextByte(): number {
    return this.#at - (this.#count >> 3);
  }
}
