function reflectedTable(polynomial: number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    return value;
  });
}

const CRC32 = reflectedTable(0xedb88320);

/** Continues a CRC-32 (IEEE 802.3) over more bytes; start with 0. */
export function crc32(before: number, bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = ~before;
  for (let at = start; at < end; at++) crc = (crc >>> 8) ^ (CRC32[(crc ^ (bytes[at] as number)) & 0xff] as number);
  return ~crc >>> 0;
}

const CRC32_UPWARDS = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24;
  for (let bit = 0; bit < 8; bit++) value = value < 0 ? (value << 1) ^ 0x04c11db7 : value << 1;
  return value;
});

/** Continues bzip2's CRC-32, which processes the highest bit first. Start with all ones, and invert the final result. */
export function crc32Bzip2(before: number, bytes: Uint8Array): number {
  let crc = before;
  for (let at = 0; at < bytes.length; at++) crc = (crc << 8) ^ (CRC32_UPWARDS[(crc >>> 24) ^ (bytes[at] as number)] as number);
  return crc;
}

/** The reflected CRC-64 of ECMA-182, in two halves of 32 bits. */
export class Crc64 {
  #low = -1;
  #high = -1;

  update(bytes: Uint8Array): void {
    let low = this.#low;
    let high = this.#high;
    for (let at = 0; at < bytes.length; at++) {
      const index = (low ^ (bytes[at] as number)) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ (CRC64_LOW[index] as number);
      high = (high >>> 8) ^ (CRC64_HIGH[index] as number);
    }
    this.#low = low;
    this.#high = high;
  }

  /** Returns the checksum so far: eight bytes, little-endian. */
  digest(): Uint8Array {
    const bytes = new DataView(new ArrayBuffer(8));
    bytes.setInt32(0, ~this.#low, true);
    bytes.setInt32(4, ~this.#high, true);
    return new Uint8Array(bytes.buffer);
  }
}

const CRC64_LOW = new Int32Array(256);
const CRC64_HIGH = new Int32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let low = byte;
  let high = 0;
  for (let bit = 0; bit < 8; bit++) {
    const isOdd = (low & 1) === 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (isOdd) {
      low ^= 0xd7870f42;
      high ^= 0xc96c5795;
    }
  }
  CRC64_LOW[byte] = low;
  CRC64_HIGH[byte] = high;
}
