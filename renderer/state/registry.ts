import { formatDate } from '../words/numbers.ts';

/** Milliseconds from 1601, where FILETIMEs begin, to 1970. */
const EPOCH_MS = 11_644_473_600_000;
const TICKS_PER_MS = 10_000n;
/** The latest time that a Date can hold. */
const MAX_MS = 8_640_000_000_000_000;

/** Formats a decimal FILETIME as a date; empty for 0, which means no time, or if a Date can't hold it. */
export function filetimeText(filetime: string): string {
  const ms = Number(BigInt(filetime) / TICKS_PER_MS) - EPOCH_MS;
  return filetime === '0' || Math.abs(ms) > MAX_MS ? '' : formatDate(new Date(ms), 'minute');
}
