import type { EntryAttributes, RawHeader } from '#contract';
import { formatTimestamp } from '#model';

/** Times that only Windows has, in seconds since 1970 as formatTimestamp prints them; empty if missing. */
export interface WindowsTimes {
  readonly created: string;
  readonly accessed: string;
  readonly changed: string;
}

/** Whether a Windows program wrote the entry, so that its header may have {@link WindowsTimes}. */
export function isWindowsEntry(entry: EntryAttributes | null): entry is EntryAttributes {
  return entry !== null && !entry.implied && entry.attributes.some(({ name }) => name.startsWith('MSWINDOWS.'));
}

/**
 * Returns the times in an entry's PAX records. As in go-winio 0.1, legacy records from 2016 (`MSWINDOWS.createtime` …, FILETIMEs in
 * decimal) take precedence.
 */
export function windowsTimes({ pax }: Pick<RawHeader, 'pax'>): WindowsTimes {
  const record = (name: string) => pax.find((each) => each.name === name && each.encoding === 'text')?.value ?? '';
  const time = (legacy: string, name: string) => fromFiletime(record(legacy)) ?? record(name);
  return {
    created: time('MSWINDOWS.createtime', 'LIBARCHIVE.creationtime'),
    accessed: time('MSWINDOWS.accesstime', 'atime'),
    changed: time('MSWINDOWS.changetime', 'ctime'),
  };
}

/** Seconds from 1601, where FILETIMEs begin, to 1970. */
const EPOCH_SECONDS = 11_644_473_600n;
const TICKS = 10_000_000n;

/** Converts a decimal FILETIME. Null for 0, which means no time, and for invalid text. */
function fromFiletime(text: string): string | null {
  if (!/^\d{1,20}$/.test(text)) return null;
  const ticks = BigInt(text);
  if (ticks === 0n) return null;
  return formatTimestamp(Number(ticks / TICKS - EPOCH_SECONDS), Number(ticks % TICKS) * 100);
}
