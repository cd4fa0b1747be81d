import { decodeUtf8, encodeUtf8 } from '#model';

/**
 * Bytes as a string, with one character (U+0000 to U+00FF) per byte. Names and records of a tar have no common encoding, and are compared,
 * cut and sorted as bytes.
 */
export type ByteString = string;

export function toByteString(bytes: Uint8Array): ByteString {
  let text = '';
  for (let at = 0; at < bytes.length; at++) text += String.fromCharCode(bytes[at] as number);
  return text;
}

/** Returns the bytes of a byte string. A character over U+00FF, which shouldn't occur, is reduced to its low byte. */
export function fromByteString(text: ByteString): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/**
 * Encodes a Windows name as UTF-8. A lone surrogate, which NTFS allows, becomes three bytes as in WTF-8 and in Go, so that distinct names
 * stay distinct. Source: WTF-8, "Generalized UTF-8".
 */
export function encodeWtf8(text: string): Uint8Array<ArrayBuffer> {
  if (!LONE_SURROGATE.test(text)) return encodeUtf8(text);
  const bytes: number[] = [];
  for (const piece of text) {
    const point = piece.codePointAt(0) as number;
    if (point < 0xd800 || point > 0xdfff) bytes.push(...encodeUtf8(piece));
    else bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f));
  }
  return Uint8Array.from(bytes);
}

const SURROGATE_BYTES = /\u00ed[\u00a0-\u00bf][\u0080-\u00bf]/g;

/** Decodes WTF-8, the reverse of {@link encodeWtf8}; null if malformed, for example for a surrogate pair that should be one character. */
export function decodeWtf8(bytes: Uint8Array): string | null {
  const whole = decodeUtf8(bytes);
  if (whole !== null) return whole;
  const raw = toByteString(bytes);
  let text = '';
  let from = 0;
  for (const match of raw.matchAll(SURROGATE_BYTES)) {
    const piece = decodeUtf8(bytes.subarray(from, match.index));
    if (piece === null) return null;
    const unit = 0xd000 | (((match[0].charCodeAt(1) as number) & 0x3f) << 6) | ((match[0].charCodeAt(2) as number) & 0x3f);
    if (unit >= 0xdc00 && /[\ud800-\udbff]$/.test(text + piece)) return null;
    text += piece + String.fromCharCode(unit);
    from = match.index + 3;
  }
  const rest = decodeUtf8(bytes.subarray(from));
  return rest === null ? null : text + rest;
}
