const FIRST_BYTES = 64;
const WORD = 2 ** 32;
const encoder = new TextEncoder();

/** A growing buffer. Numbers are written little-endian. */
export class GrownBytes {
  #bytes: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(room = FIRST_BYTES) {
    this.#bytes = new Uint8Array(room);
  }

  /** The bytes written so far, as a view that the next write may invalidate. */
  get written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.length);
  }

  /** Ensures space for `count` more bytes. Returns the buffer; write to it from `length` on. */
  room(count: number): Uint8Array<ArrayBuffer> {
    if (this.length + count > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.length + count));
      grown.set(this.written);
      this.#bytes = grown;
    }
    return this.#bytes;
  }

  byte(value: number): void {
    this.room(1)[this.length++] = value;
  }

  int32(value: number): void {
    this.room(4);
    this.#setInt32(this.length, value);
    this.length += 4;
  }

  /** `value`: an integer of at most 53 bits. */
  int64(value: number): void {
    const high = Math.floor(value / WORD);
    this.int32((value - high * WORD) | 0);
    this.int32(high);
  }

  bigInt64(value: bigint): void {
    this.int32(Number(BigInt.asIntN(32, value)));
    this.int32(Number(BigInt.asIntN(32, value >> 32n)));
  }

  put(bytes: Uint8Array): void {
    this.room(bytes.length).set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Writes a string in UTF-8, preceded by its length in four bytes. */
  text(text: string): void {
    const start = this.beginText();
    const room = this.room(3 * text.length);
    let at = 0;
    for (; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (unit >= 0x80) break;
      room[start + at] = unit;
    }
    this.length += at === text.length ? at : encoder.encodeInto(text, room.subarray(start)).written;
    this.endText(start);
  }

  /** Reserves space for a string's length. Returns where the string begins. */
  beginText(): number {
    this.int32(0);
    return this.length;
  }

  endText(start: number): void {
    this.#setInt32(start - 4, this.length - start);
  }

  /** Byte by byte: most of these buffers are too small to be worth a DataView. */
  #setInt32(at: number, value: number): void {
    this.#bytes[at] = value;
    this.#bytes[at + 1] = value >>> 8;
    this.#bytes[at + 2] = value >>> 16;
    this.#bytes[at + 3] = value >>> 24;
  }

  /** `value`: a non-negative integer of at most 53 bits. Seven bits per byte, lowest first. */
  varint(value: number): void {
    let left = value;
    for (; left >= 0x80; left = Math.floor(left / 0x80)) this.byte((left % 0x80) + 0x80);
    this.byte(left);
  }
}
