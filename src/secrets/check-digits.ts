// GitHub's and npm's tokens end in the CRC-32 of their random part in base 62: digits, upper case, lower case; six digits, padded with 0.

const DIGITS = 6;
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const CRC32 = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** Whether the last six bytes between `from` and `to` are the check digits of those before. */
export function hasCheckDigits(bytes: Uint8Array, from: number, to: number): boolean {
  const body = to - DIGITS;
  let crc = -1;
  for (let at = from; at < body; at++) crc = (crc >>> 8) ^ (CRC32[(crc ^ (bytes[at] as number)) & 0xff] as number);
  let left = ~crc >>> 0;
  for (let at = to - 1; at >= body; at--) {
    if (bytes[at] !== BASE62.charCodeAt(left % 62)) return false;
    left = Math.floor(left / 62);
  }
  return left === 0;
}
