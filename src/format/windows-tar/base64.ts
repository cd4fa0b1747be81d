import { decodeUtf8, LayerscopeError } from '#model';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Int8Array(256).fill(-1);
for (let i = 0; i < ALPHABET.length; i++) VALUES[ALPHABET.charCodeAt(i)] = i;
const PAD = 0x3d;

const DIGITS = Uint8Array.from(ALPHABET, (ch) => ch.charCodeAt(0));

/** Encodes as standard base64 with padding, in ASCII bytes that the caller owns. Source: RFC 4648, 4. */
export function base64Bytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = bytes.length;
  const text = new Uint8Array(Math.ceil(length / 3) * 4);
  let to = 0;
  for (let at = 0; at < length; at += 3) {
    const group = ((bytes[at] as number) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text[to++] = DIGITS[group >> 18] as number;
    text[to++] = DIGITS[(group >> 12) & 63] as number;
    text[to++] = DIGITS[(group >> 6) & 63] as number;
    text[to++] = DIGITS[group & 63] as number;
  }
  if (length % 3 > 0) text[to - 1] = PAD;
  if (length % 3 === 1) text[to - 2] = PAD;
  return text;
}

/** Returns {@link base64Bytes} as a string. */
export function encodeBase64(bytes: Uint8Array): string {
  return decodeUtf8(base64Bytes(bytes)) as string;
}

function illegal(at: number): LayerscopeError {
  return new LayerscopeError('DAMAGED', `illegal base64 data at input byte ${at}`, { offset: at });
}

function isNewline(byte: number | undefined): boolean {
  return byte === 0x0a || byte === 0x0d;
}

/**
 * Decodes standard base64 as Go's StdEncoding does. Padding is required; line breaks and the unused bits before the padding are ignored.
 * Throws DAMAGED with the offset of the error.
 */
export function decodeBase64(text: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.ceil(text.length / 4) * 3);
  let length = 0;
  let group = 0;
  let digits = 0;
  let at = 0;
  for (; at < text.length; at++) {
    const byte = text[at] as number;
    if (isNewline(byte)) continue;
    if (byte === PAD) break;
    const value = VALUES[byte] as number;
    if (value < 0) throw illegal(at);
    group = (group << 6) | value;
    if (++digits < 4) continue;
    bytes[length++] = group >> 16;
    bytes[length++] = group >> 8;
    bytes[length++] = group;
    group = 0;
    digits = 0;
  }
  if (at === text.length) {
    if (digits > 0) throw illegal(at - digits);
    return bytes.slice(0, length);
  }
  if (digits < 2) throw illegal(at);
  at++;
  if (digits === 2) {
    while (isNewline(text[at])) at++;
    if (at === text.length) throw illegal(at);
    if (text[at] !== PAD) throw illegal(at - 1);
    at++;
  }
  while (isNewline(text[at])) at++;
  if (at < text.length) throw illegal(at);
  group <<= (4 - digits) * 6;
  bytes[length++] = group >> 16;
  if (digits === 3) bytes[length++] = group >> 8;
  return bytes.slice(0, length);
}
