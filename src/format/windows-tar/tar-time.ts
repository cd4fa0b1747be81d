/** An instant: whole seconds since 1970, rounded down, and 0 to 999,999,999 nanoseconds after that. */
export interface TarTime {
  readonly seconds: number;
  readonly nanos: number;
}

/** Formats a time for a PAX record, without trailing zeros: `-1.5`. Like Go's formatPAXTime. */
export function formatPaxTime({ seconds, nanos }: TarTime): string {
  if (nanos === 0) return String(seconds);
  const negative = seconds < 0;
  const whole = negative ? -(seconds + 1) : seconds;
  const fraction = negative ? 1_000_000_000 - nanos : nanos;
  return `${negative ? '-' : ''}${whole}.${String(fraction).padStart(9, '0')}`.replace(/0+$/, '');
}

/** Parses a PAX record's time, ignoring digits after the ninth; null if Go's parsePAXTime refuses it. */
export function parsePaxTime(text: string): TarTime | null {
  const match = /^([+-]?)(\d+)(?:\.(\d*))?$/.exec(text);
  if (match === null) return null;
  const seconds = BigInt(match[2] as string);
  if (seconds > (match[1] === '-' ? 1n << 63n : (1n << 63n) - 1n)) return null;
  const whole = Number(seconds);
  const nanos = Number((match[3] ?? '').slice(0, 9).padEnd(9, '0'));
  if (match[1] !== '-') return { seconds: whole, nanos };
  return nanos === 0 ? { seconds: -whole || 0, nanos: 0 } : { seconds: -whole - 1, nanos: 1_000_000_000 - nanos };
}
