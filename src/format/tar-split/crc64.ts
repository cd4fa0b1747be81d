// CRC-64 of ISO 3309 (polynomial x^64 + x^4 + x^3 + x + 1, reflected 0xD800000000000000, inverted before and after), which Go calls
// crc64.ISO. Computed in two halves of 32 bits, four bytes at a time: table k has the CRC of a byte followed by k zero bytes.
const POLYNOMIAL_HIGH = 0xd8000000;

const HIGH = [0, 1, 2, 3].map(() => new Uint32Array(256));
const LOW = [0, 1, 2, 3].map(() => new Uint32Array(256));

for (let byte = 0; byte < 256; byte++) {
  let low = byte;
  let high = 0;
  const shift = (bits: number) => {
    for (let i = 0; i < bits; i++) {
      const carry = low & 1;
      low = (low >>> 1) | (high << 31);
      high >>>= 1;
      if (carry !== 0) high ^= POLYNOMIAL_HIGH;
    }
  };
  for (let table = 0; table < 4; table++) {
    shift(8);
    (LOW[table] as Uint32Array)[byte] = low;
    (HIGH[table] as Uint32Array)[byte] = high;
  }
}
const [HIGH0, HIGH1, HIGH2, HIGH3] = HIGH as [Uint32Array, Uint32Array, Uint32Array, Uint32Array];
const [LOW0, LOW1, LOW2, LOW3] = LOW as [Uint32Array, Uint32Array, Uint32Array, Uint32Array];

/** Computes the CRC-64 of bytes that arrive in pieces. */
export class Crc64 {
  #low = 0xffffffff;
  #high = 0xffffffff;

  update(bytes: Uint8Array, start = 0, end = bytes.length): void {
    let low = this.#low;
    let high = this.#high;
    let at = start;
    for (; at + 4 <= end; at += 4) {
      const word =
        low ^
        ((bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24));
      const a = word & 0xff;
      const b = (word >>> 8) & 0xff;
      const c = (word >>> 16) & 0xff;
      const d = word >>> 24;
      low = high ^ (LOW3[a] as number) ^ (LOW2[b] as number) ^ (LOW1[c] as number) ^ (LOW0[d] as number);
      high = (HIGH3[a] as number) ^ (HIGH2[b] as number) ^ (HIGH1[c] as number) ^ (HIGH0[d] as number);
    }
    for (; at < end; at++) {
      const index = (low ^ (bytes[at] as number)) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ (LOW0[index] as number);
      high = (high >>> 8) ^ (HIGH0[index] as number);
    }
    this.#low = low;
    this.#high = high;
  }

  /** Returns the checksum so far: eight bytes, big-endian, which the caller owns. */
  digest(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, ~this.#high >>> 0);
    view.setUint32(4, ~this.#low >>> 0);
    return bytes;
  }
}
