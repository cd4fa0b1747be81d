import { scaleSize } from '#model';

// Numbers and dates in the format of the browser's locale. Values that are copied or compared with other tools' output (file times, numbers
// in text reports) look the same everywhere and aren't formatted here.

interface Formats {
  readonly whole: Intl.NumberFormat;
  /** Formats, by their number of decimals. */
  readonly decimals: readonly Intl.NumberFormat[];
  readonly day: Intl.DateTimeFormat;
  readonly minute: Intl.DateTimeFormat;
}

/** Maximum number of decimals of a size. Sizes that differ only beyond these may look the same. */
const MOST_DECIMALS = 4;

function formatsOf(locale: string): Formats {
  const utc = { timeZone: 'UTC' } as const;
  const decimals = (count: number) =>
    new Intl.NumberFormat(locale, { minimumFractionDigits: count, maximumFractionDigits: count, useGrouping: false });
  const whole = new Intl.NumberFormat(locale);
  return {
    whole,
    decimals: [whole, ...Array.from({ length: MOST_DECIMALS }, (_, at) => decimals(at + 1))],
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

function fixed(value: number, decimals: number): string {
  return (formats.decimals[decimals] ?? formats.whole).format(value);
}

/** Formats a number with one decimal: `12.3`. */
export function formatTenth(value: number): string {
  return minus(fixed(value, 1));
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

/** The format of sizes that are compared: the same unit and the same number of decimals. `power`: as in `scaleSize`. */
export interface SizeUnit {
  readonly power: number;
  readonly decimals: number;
}

/**
 * Formats a size as separate value and unit: `{ value: '41.0', unit: 'MB' }`, or in MiB (see {@link setUnits}). `unit`: a unit shared with
 * other sizes, from {@link unitOfBoth}; ignored if the size would be 0.0 in it.
 */
export function sizeParts(bytes: number, unit: SizeUnit | null = null): { value: string; unit: string } {
  const base = binary ? 1024 : 1000;
  const isTooSmall = unit !== null && Math.abs(bytes) < 0.5 * 10 ** -unit.decimals * base ** unit.power;
  const { value, power, decimals } = unit === null || isTooSmall ? scaleSize(bytes, base) : { ...unit, value: bytes / base ** unit.power };
  // Rounded as on the command line; Intl alone rounds 1.005 up.
  const rounded = decimals === 0 ? value : Number(value.toFixed(decimals));
  return { value: minus(fixed(rounded, decimals)), unit: UNITS[binary ? 'binary' : 'decimal'][power] as string };
}

/** Formats a size: `41.0 MB`. */
export function formatSize(bytes: number): string {
  return formatSizeIn(bytes, null);
}

/** Formats a size in a unit shared with other sizes, like {@link sizeParts}. */
export function formatSizeIn(bytes: number, unit: SizeUnit | null): string {
  const { value, unit: name } = sizeParts(bytes, unit);
  return `${value} ${name}`;
}

/**
 * Returns the format for two sizes that are compared: the unit of the larger one, with enough decimals to show two digits of their
 * difference, as in `5.668 MB`, `5.700 MB` (`+32.4 kB`). Sizes in kB that differ by less than 1 kB are shown in bytes, which are exact.
 * Sizes in larger units with too small a difference still look the same.
 */
export function unitOfBoth(a: number, b: number): SizeUnit {
  const base = binary ? 1024 : 1000;
  const { power, decimals } = scaleSize(Math.max(Math.abs(a), Math.abs(b)), base);
  const between = Math.abs(b - a);
  if (a === b || scaleSize(between, base).power !== power - 1) return { power, decimals };
  if (power === 1) return { power: 0, decimals: 0 };
  const share = between / base ** power;
  let enough = decimals;
  while (enough < MOST_DECIMALS && share < 10 ** (1 - enough)) enough++;
  return { power, decimals: enough };
}

/** Formats a time in UTC, to the day or the minute. Throws RangeError for an invalid date. */
export function formatDate(date: Date, to: 'day' | 'minute'): string {
  const text = formats[to].format(date);
  return to === 'day' ? text : `${text} UTC`;
}
