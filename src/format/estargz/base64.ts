const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const PAD = 0x3d;

/** Decodes standard base64 with padding; null if it is malformed. Source: RFC 4648, 4. */
export function decodeBase64(text: Uint8Array): Uint8Array | null {
  if (text.length % 4 !== 0) return null;
  const padding = text.at(-1) !== PAD ? 0 : text.at(-2) !== PAD ? 1 : 2;
  const bytes = new Uint8Array((text.length / 4) * 3);
  for (let at = 0; at < text.length; at += 4) {
    let group = 0;
    for (let digit = 0; digit < 4; digit++) {
      const isPadding = at + digit >= text.length - padding;
      const value = isPadding ? 0 : ALPHABET.indexOf(String.fromCharCode(text[at + digit] as number));
      if (value < 0) return null;
      group = (group << 6) | value;
    }
    bytes.set([group >> 16, (group >> 8) & 0xff, group & 0xff], (at / 4) * 3);
  }
  return bytes.subarray(0, bytes.length - padding);
}
