// AWS's key ids aren't secret; their secrets are 40 base64 digits without any mark, and stand near the id.

import { BASE64, distinctBytes, findText, runEnd } from './characters.ts';

const SECRET = 40;
/** Maximum distance from the id, in bytes. */
const NEAR = 400;
/** Random base64 of 40 digits has more distinct digits. Hex digests have 16 at most. */
const FEWEST_DISTINCT = 17;

/** Whether a secret stands near the id between `start` and `end`. Reads no byte from `filled` on. */
export function awsSecretNear(bytes: Uint8Array, start: number, end: number, filled: number): boolean {
  return hasSecret(bytes, start - NEAR, start) || hasSecret(bytes, end, Math.min(filled, end + NEAR));
}

function hasSecret(bytes: Uint8Array, from: number, to: number): boolean {
  // A run that begins before `from` is longer than it looks.
  let at = from <= 0 ? 0 : runEnd(bytes, BASE64, from - 1, to);
  for (; at < to; at++) {
    const end = runEnd(bytes, BASE64, at, to);
    if (end - at === SECRET && distinctBytes(bytes, at, end) >= FEWEST_DISTINCT && findText(bytes, 'EXAMPLE', at, end) < 0) return true;
    at = end;
  }
  return false;
}
