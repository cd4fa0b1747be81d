import { scaleSize } from '#model';

// Numbers and dates in the format of the browser's locale. Values that are copied or compared with other tools' output (file times, numbers
// in text reports) look the same everywhere and aren't formatted here.

interface Formats {
  readonly whole: Intl.NumberFormat;
  readonly tenth: Intl.NumberFormat;
  readonly hundredth: Intl.NumberFormat;
  readonly day: Intl.DateTimeFormat;
  readonly minute: Intl.DateTimeFormat;
}

function formatsOf(locale: string): Formats {
  const utc = { timeZone: 'UTC' } as const;
  const decimals = (count: number) =>
    new Intl.NumberFormat(locale, { minimumFractionDigits: count, maximumFractionDigits: count, useGrouping: false });
  return {
    whole: new Intl.NumberFormat(locale),
    tenth: decimals(1),
    hundredth: decimals(2),
    day: new Intl.DateTimeFormat(locale, { ...utc, dateStyle: 'medium' }),
    minute: new Intl.DateTimeFormat(locale, { ...utc, dateStyle: 'medium', timeStyle: 'short' }),
  };
}

let formats = formatsOf('en');

/** Sets the locale of all numbers and dates, a BCP 47 tag; English by default. */
export function setLocale(locale: string): void {
  formats = formatsOf(locale);
}

const minus = (text: string): string => text.replace('-', '−');

/** Formats a whole number with grouped digits: `918,008`. */
export function formatCount(count: number): string {
  return minus(formats.whole.format(count));
}

/** Formats a number with one decimal: `12.3`. */
export function formatTenth(value: number): string {
  return minus(formats.tenth.format(value));
}

/** Formats a share (1 is the whole) as a percentage, without the sign: `12.3`. A share greater than zero is never `0.0`, but `< 0.1`. */
export function formatShare(share: number): string {
  return share > 0 && share < 0.001 ? `< ${formatTenth(0.1)}` : formatTenth(share * 100);
}

let binary = false;

/** Sets whether sizes are in powers of 1,024 (MiB) instead of 1,000 (MB). */
export function setUnits(units: 'decimal' | 'binary'): void {
  binary = units === 'binary';
}

const UNITS = {
  decimal: ['B', 'kB', 'MB', 'GB', 'TB', 'PB'],
  binary: ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'],
} as const;

/**
 * Formats a size as separate value and unit: `{ value: '41.0', unit: 'MB' }`, or in MiB (see {@link setUnits}). `unit`: one that it shares
 * with other sizes, from {@link unitOfBoth}; ignored if the size would be 0.0 in it.
 */
export function sizeParts(bytes: number, unit: number | null = null): { value: string; unit: string } {
  const base = binary ? 1024 : 1000;
  const own = scaleSize(bytes, base);
  const shared = unit === null || Math.abs(bytes) < 0.05 * base ** unit ? own : { ...own, value: bytes / base ** unit, power: unit };
  const { value, power } = shared;
  const decimals = shared === own ? own.decimals : power === 0 ? 0 : 1;
  const format = decimals === 0 ? formats.whole : decimals === 1 ? formats.tenth : formats.hundredth;
  // Rounded as on the command line; Intl alone rounds 1.005 up.
  const rounded = decimals === 0 ? value : Number(value.toFixed(decimals));
  return { value: minus(format.format(rounded)), unit: UNITS[binary ? 'binary' : 'decimal'][power] as string };
}

/** Formats a size: `41.0 MB`. */
export function formatSize(bytes: number): string {
  return formatSizeIn(bytes, null);
}

/** Formats a size in a unit that it shares with others, like {@link sizeParts}. */
export function formatSizeIn(bytes: number, unit: number | null): string {
  const { value, unit: name } = sizeParts(bytes, unit);
  return `${value} ${name}`;
}

/**
 * Returns the unit in which two sizes and their difference are compared: the larger one's, or the next smaller one if the difference would
 * otherwise be in a different unit, as in `5667.7 kB`, `5700.1 kB`, `+32.4 kB`.
 */
export function unitOfBoth(a: number, b: number): number {
  const powerOf = (bytes: number) => scaleSize(Math.abs(bytes), binary ? 1024 : 1000).power;
  const largest = powerOf(Math.max(a, b));
  return a !== b && powerOf(b - a) === largest - 1 ? largest - 1 : largest;
}

/** Formats a time in UTC, to the day or the minute. Throws RangeError for an invalid date. */
export function formatDate(date: Date, to: 'day' | 'minute'): string {
  const text = formats[to].format(date);
  return to === 'day' ? text : `${text} UTC`;
}
