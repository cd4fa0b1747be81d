// Decimal text in PAX records, parsed like Go's strconv.ParseInt(…, 10, 64) and archive/tar's parsePAXTime.

const LARGEST = '9223372036854775807';

/** Parses a 64-bit decimal integer with an optional sign. NaN if Go refuses it. Values beyond 2^53 are rounded. */
export function parseInt64(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const sign = bytes[at];
  if (sign === 0x2b || sign === 0x2d) at++;
  if (at >= end) return Number.NaN;
  while (at < end - 1 && bytes[at] === 0x30) at++;
  const first = at;
  let value = 0;
  for (; at < end; at++) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  if (at - first > 15) {
    if (at - first > 18 && !fits(bytes, first, end, sign === 0x2d)) return Number.NaN;
    // The sum above was rounded at every step; parse again to round only once.
    value = Number(String.fromCharCode(...bytes.subarray(first, end)));
  }
  return sign === 0x2d && value !== 0 ? -value : value;
}

function fits(bytes: Uint8Array, start: number, end: number, negative: boolean): boolean {
  if (end - start > LARGEST.length) return false;
  for (let i = 0; i < LARGEST.length; i++) {
    const limit = LARGEST.charCodeAt(i) + (negative && i === LARGEST.length - 1 ? 1 : 0);
    const digit = bytes[start + i] as number;
    if (digit !== limit) return digit < limit;
  }
  return true;
}

/**
 * Parses a time like `-12.345` into `seconds`, rounded down, and `nanos` (0 to 999,999,999). Digits after the ninth are dropped.
 * `seconds` is NaN if Go refuses it.
 */
export function parsePaxTime(bytes: Uint8Array, start: number, end: number): { seconds: number; nanos: number } {
  let point = start;
  while (point < end && bytes[point] !== 0x2e) point++;
  const seconds = parseInt64(bytes, start, point);
  let nanos = 0;
  let unit = 100_000_000;
  for (let at = point + 1; at < end; at++) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit < 0 || digit > 9) return { seconds: Number.NaN, nanos: 0 };
    nanos += digit * unit;
    unit = unit === 1 ? 0 : unit / 10;
  }
  if (bytes[start] === 0x2d && nanos > 0) return { seconds: seconds - 1, nanos: 1_000_000_000 - nanos };
  return { seconds, nanos };
}
