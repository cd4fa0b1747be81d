// Private keys in PEM (RFC 7468): RSA, EC, DSA, PKCS#8 and OpenSSH. The header alone isn't a key: programs and manuals contain it. So
// base64 must follow, on separate lines or separated by the escapes of JSON and source code.
//
// Encrypted keys are recognized by the label (PKCS#8), by `Proc-Type: 4,ENCRYPTED` (older keys), or by a cipher other than `none`
// (OpenSSH). The cipher's name follows the text `openssh-key-v1`, a NUL and the name's length. Source: RFC 1421 4.6.1.1; OpenSSH,
// PROTOCOL.key.

import { decodeBase64Text } from './base64-text.ts';
import { BASE64, distinctBytes, findText, hasText, latin1 } from './characters.ts';

const BEGIN = '-----BEGIN ';
const END = 'PRIVATE KEY-----';
const LABELS = new Set(['', 'RSA ', 'EC ', 'DSA ', 'OPENSSH ', 'ENCRYPTED ']);
const LONGEST_LABEL = 'ENCRYPTED '.length;
const PROC_TYPE = 'Proc-Type:';
/** Maximum size of the headers `Proc-Type` and `DEK-Info`, in bytes. */
const HEADER_BYTES = 400;
/** Number of base64 digits that must follow the header. */
const DIGITS = 48;
/** Number of bytes after the header in which these digits must be. */
const BODY_BYTES = 400;
const FEWEST_DISTINCT = 10;
/** How many bytes of a key, from its start, are examined to judge it. */
export const KEY_BYTES = 1024;

const OPENSSH = 'openssh-key-v1\0';
const CIPHER_AT = OPENSSH.length + 4;

export interface PrivateKey {
  readonly isEncrypted: boolean;
}

const LEAD_AT = BEGIN.indexOf('BEGIN');

/** Returns the start of the `-----BEGIN ` with the lead at `lead`; -1 if there is none. Doesn't read from `end` on. */
export function headerAround(bytes: Uint8Array, lead: number, end: number): number {
  const start = lead - LEAD_AT;
  return hasText(bytes, start, BEGIN, end) ? start : -1;
}

/** Returns the private key whose header starts at `start`; null if it has no body or isn't a private key. Doesn't read from `end` on. */
export function privateKeyAt(bytes: Uint8Array, start: number, end: number): PrivateKey | null {
  const labelAt = start + BEGIN.length;
  const labelEnd = findText(bytes, END, labelAt, Math.min(end, labelAt + LONGEST_LABEL + END.length));
  if (labelEnd < 0) return null;
  const label = latin1(bytes, labelAt, labelEnd);
  if (!LABELS.has(label)) return null;
  const after = skipGaps(bytes, labelEnd + END.length, end);
  const isOld = hasText(bytes, after, PROC_TYPE, end);
  const bodyAt = isOld ? endOfHeaders(bytes, after, Math.min(end, after + HEADER_BYTES)) : after;
  const body = bodyDigits(bytes, bodyAt, Math.min(end, bodyAt + BODY_BYTES));
  if (body === null) return null;
  const isEncrypted = isOld
    ? findText(bytes, 'ENCRYPTED', after, bodyAt) >= 0
    : label === 'OPENSSH '
      ? hasCipher(body)
      : label === 'ENCRYPTED ';
  return { isEncrypted };
}

/** Skips white space, quotes, and the escapes `\n` and `\r`. */
function skipGaps(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  for (; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === 0x5c && (bytes[at + 1] === 0x6e || bytes[at + 1] === 0x72)) at++;
    else if (!(byte <= 0x20 && byte !== 0) && byte !== 0x22 && byte !== 0x27 && byte !== 0x2c && byte !== 0x5c) break;
  }
  return at;
}

/** Returns the position after the last header, each a `Name: value` line. */
function endOfHeaders(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  for (let headers = 0; headers < 4; headers++) {
    let lineEnd = at;
    while (lineEnd < end && bytes[lineEnd] !== 0x0a && bytes[lineEnd] !== 0x5c) lineEnd++;
    if (findText(bytes, ':', at, lineEnd) < 0) break;
    at = skipGaps(bytes, lineEnd, end);
  }
  return at;
}

/** Returns the first base64 digits of a body; null if there are too few, or too few distinct ones for a key. */
function bodyDigits(bytes: Uint8Array, from: number, end: number): string | null {
  const digits = new Uint8Array(DIGITS);
  let count = 0;
  for (let at = from; count < DIGITS; at++) {
    at = skipGaps(bytes, at, end);
    const byte = bytes[at] as number;
    if (at >= end || BASE64[byte] !== 1) return null;
    digits[count++] = byte;
  }
  return distinctBytes(digits, 0, DIGITS) < FEWEST_DISTINCT ? null : latin1(digits, 0, DIGITS);
}

/** Whether a private key in OpenSSH's format is encrypted; also false if the body can't be decoded. */
function hasCipher(digits: string): boolean {
  const text = decodeBase64Text(digits, DIGITS);
  if (!hasText(text, 0, OPENSSH)) return false;
  const length = text[CIPHER_AT - 1] as number;
  return !(length === 4 && hasText(text, CIPHER_AT, 'none'));
}
