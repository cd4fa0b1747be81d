const VALUES = new Int8Array(128).fill(-1);
for (const [value, letter] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries())
  VALUES[letter.charCodeAt(0)] = value;
VALUES['-'.charCodeAt(0)] = 62;
VALUES['_'.charCodeAt(0)] = 63;

/**
 * Decodes base64, standard or URL-safe, with or without padding. Line breaks are ignored, as in Go. Null if the text isn't base64. The
 * result is shorter than the text.
 */
export function decodeBase64(text: string): Uint8Array | null {
  const bytes = new Uint8Array(Math.ceil((text.length * 3) / 4));
  let count = 0;
  let bits = 0;
  let buffer = 0;
  let at = 0;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x0a || code === 0x0d) continue;
    const value = code < 128 ? (VALUES[code] as number) : -1;
    if (value < 0) break;
    buffer = ((buffer << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[count++] = (buffer >> bits) & 0xff;
    }
  }
  const isPadded = /^[=\r\n]{0,8}$/.test(text.slice(at, at + 9));
  // Six leftover bits mean that the last group has a single character, which can't encode a byte.
  return isPadded && bits !== 6 ? bytes.subarray(0, count) : null;
}
