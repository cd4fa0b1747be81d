import type { DuckDBValue } from '@duckdb/node-api';
import { toHex } from '#model';

/** A cell of a result, as JSON. */
export type PlainValue = null | boolean | number | string | readonly PlainValue[] | { readonly [key: string]: PlainValue };

const MICROS_PER_SECOND = 1_000_000n;

/**
 * Converts a value from DuckDB to JSON: integers beyond 2^53 to strings, times to RFC 3339 in UTC, bytes to hex digits, lists to arrays,
 * maps and structs to objects, everything else to the string that DuckDB prints.
 */
export function plainValue(value: DuckDBValue): PlainValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if ('micros' in value && 'isFinite' in value) return value.isFinite ? timeText(value.micros) : value.toString();
  if ('bytes' in value) return toHex(value.bytes);
  if ('items' in value) return value.items.map(plainValue);
  if ('toDouble' in value) return value.toDouble();
  if ('entries' in value && Array.isArray(value.entries)) {
    return Object.fromEntries(value.entries.map(({ key, value: of }) => [String(plainValue(key)), plainValue(of)]));
  }
  if ('entries' in value && typeof value.entries === 'object') {
    return Object.fromEntries(Object.entries(value.entries).map(([key, of]) => [key, plainValue(of)]));
  }
  return value.toString();
}

function timeText(micros: bigint): string {
  const fraction = ((micros % MICROS_PER_SECOND) + MICROS_PER_SECOND) % MICROS_PER_SECOND;
  const millis = Number((micros - fraction) / 1000n);
  // JavaScript dates end in the year 275760; file times don't.
  if (Math.abs(millis) > 8.64e15) return `${micros} µs`;
  const whole = new Date(millis).toISOString().slice(0, -'.000Z'.length);
  return fraction === 0n ? `${whole}Z` : `${whole}.${String(fraction).padStart(6, '0').replace(/0+$/, '')}Z`;
}
