// AWS's key ids aren't secret. The secrets that belong to them are 40 base64 digits without any marker, and are found near the id.

import { BASE64, distinctBytes, findText, runEnd } from './characters.ts';

const SECRET = 40;
/** Maximum distance of a secret from its id, in bytes. */
const NEAR = 400;
/** Minimum number of distinct digits in a secret. 40 random base64 digits have at least this many, and hex digests at most 16. */
const FEWEST_DISTINCT = 17;

/** Whether there is a secret near the id between `start` and `end`. Doesn't read from `filled` on. */
export function awsSecretNear(bytes: Uint8Array, start: number, end: number, filled: number): boolean {
  return hasSecret(bytes, start - NEAR, start) || hasSecret(bytes, end, Math.min(filled, end + NEAR));
}

function hasSecret(bytes: Uint8Array, from: number, to: number): boolean {
  // Skips a run that begins before `from`, because its length can't be measured from there.
  let at = from <= 0 ? 0 : runEnd(bytes, BASE64, from - 1, to);
  for (; at < to; at++) {
    const end = runEnd(bytes, BASE64, at, to);
    if (end - at === SECRET && distinctBytes(bytes, at, end) >= FEWEST_DISTINCT && findText(bytes, 'EXAMPLE', at, end) < 0) return true;
    at = end;
  }
  return false;
}
