// Base64 as it occurs in configs, decoded leniently: other characters are skipped.

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Int8Array(256).fill(-1);
for (let value = 0; value < DIGITS.length; value++) VALUES[DIGITS.charCodeAt(value)] = value;

/** Decodes at most `limit` bytes of base64 text. */
export function decodeBase64Text(text: string, limit: number): Uint8Array {
  const bytes = new Uint8Array(Math.min(limit, Math.ceil((text.length * 3) / 4)));
  let [length, bits, count] = [0, 0, 0];
  for (let at = 0; at < text.length && length < bytes.length; at++) {
    const code = text.charCodeAt(at);
    const value = code < 256 ? (VALUES[code] as number) : -1;
    if (value < 0) continue;
    bits = ((bits << 6) | value) & 0xffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes[length++] = (bits >> count) & 0xff;
  }
  return bytes.subarray(0, length);
}
