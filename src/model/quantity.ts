const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** A size in decimal units, value and unit separately: `{ value: '41.0', unit: 'MB' }`. */
export function sizeParts(bytes: number): { value: string; unit: string } {
  if (bytes < 0) {
    const { value, unit } = sizeParts(-bytes);
    return { value: `−${value}`, unit };
  }
  if (bytes < 1000) return { value: String(bytes), unit: 'B' };
  let unit = 0;
  let value = bytes;
  while (value >= 999.95 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return { value: value.toFixed(1), unit: UNITS[unit] ?? 'PB' };
}

/** A size in decimal units: `41.0 MB`. */
export function formatSize(bytes: number): string {
  const { value, unit } = sizeParts(bytes);
  return `${value} ${unit}`;
}

const GROUPED = new Intl.NumberFormat('en');

/** A whole number with grouped digits: `918,008`. */
export function formatCount(count: number): string {
  return GROUPED.format(count);
}

/** A number of things: `1 file`, `918,008 files`. `many`: a plural that doesn't just add an s. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** `0755`: the permission, set-id and sticky bits in octal, four digits. */
export function formatMode(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}

/** Seconds and nanoseconds since 1970 as in the JSON: `1764036549.123456789`. `nanos` is added to `seconds`, also before 1970. */
export function formatTimestamp(seconds: number, nanos: number): string {
  if (seconds < 0 && nanos > 0) {
    const whole = -seconds - 1;
    return `-${whole}.${String(1_000_000_000 - nanos).padStart(9, '0')}`;
  }
  return `${seconds}.${String(nanos).padStart(9, '0')}`;
}
