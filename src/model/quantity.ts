const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/**
 * Scales a size to the unit in which it is easiest to read. `power` is how many times it was divided by `base` (1000 or 1024). `decimals`
 * is how many to print: none for bytes and one up to MB; from GB up, where a tenth is 100 MB, two if the result isn't wider than `888.8`.
 */
export function scaleSize(bytes: number, base: number): { value: number; power: number; decimals: number } {
  let power = 0;
  let value = bytes;
  // A value that would print as 1000.0 becomes 1.0 of the next unit.
  while (Math.abs(value) >= base - (power === 0 ? 0.5 : 0.05) && power < UNITS.length - 1) {
    value /= base;
    power++;
  }
  const isFine = power >= 3 && Math.abs(value) < 99.995;
  return { value, power, decimals: power === 0 ? 0 : isFine ? 2 : 1 };
}

/** Formats a size in decimal units, with value and unit separate: `{ value: '41.0', unit: 'MB' }`, `{ value: '1.23', unit: 'GB' }`. */
export function sizeParts(bytes: number): { value: string; unit: string } {
  const { value, power, decimals } = scaleSize(Math.abs(bytes), 1000);
  return { value: `${bytes < 0 ? '−' : ''}${value.toFixed(decimals)}`, unit: UNITS[power] ?? 'PB' };
}

/** Formats a size in decimal units: `41.0 MB`. */
export function formatSize(bytes: number): string {
  const { value, unit } = sizeParts(bytes);
  return `${value} ${unit}`;
}

const BINARY_UNITS = 'bkmgtp';

/**
 * Parses a disk size as Docker does: a number and an optional unit, such as `20GB`, `1.5 t` or `64MiB`. All units are powers of 1024.
 * Returns whole bytes; null if the text isn't a size, or the size is too large to count.
 */
export function parseBinarySize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?) ?(?:([kmgtp])(?:i?b)?|b)?$/i.exec(text.trim());
  if (match === null) return null;
  const power = Math.max(0, BINARY_UNITS.indexOf((match[2] ?? 'b').toLowerCase()));
  const bytes = Math.floor(Number(match[1]) * 1024 ** power);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** Describes the range of an image's layers, for errors about a layer outside it: `layers are 0 to 6`. */
export function layerRange(count: number): string {
  return count === 0 ? 'the image has no layers' : `layers are 0 to ${count - 1}`;
}

/** Formats a whole number with grouped digits: `918,008`. */
export function formatCount(count: number): string {
  // Doesn't use Intl, which takes longer to load than most commands take to start.
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** Formats a count with a noun: `1 file`, `918,008 files`. `many`: an irregular plural. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** Formats the permission, set-id and sticky bits as four octal digits: `0755`. */
export function formatMode(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}

/**
 * Formats seconds and nanoseconds since 1970 as in the JSON: `1764036549.123456789`. `nanos` is always added to `seconds`, even before
 * 1970.
 */
export function formatTimestamp(seconds: number, nanos: number): string {
  if (seconds < 0 && nanos > 0) {
    const whole = -seconds - 1;
    return `-${whole}.${String(1_000_000_000 - nanos).padStart(9, '0')}`;
  }
  return `${seconds}.${String(nanos).padStart(9, '0')}`;
}
