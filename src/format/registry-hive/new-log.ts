// A log as written since Windows 8.1: the hive's base block in a sector of 512 bytes, of type 6, then entries.
//
//   entry   0 "HvLE" · 4 size u32 · 8 flags u32 · 12 sequence u32 · 16 bytes of bins u32 · 20 count u32
//           24 hash1 u64, of the entry from 40 on · 32 hash2 u64, of the first 32 bytes
//           40 count times: offset u32, size u32 · then the pages themselves
import { BASE, BASE_BLOCK_BYTES, BASE_SECTOR_BYTES } from './base-block.ts';
import { type Log, maxBytesAfter, restoreBase, withRoom } from './log.ts';
import { marvin32 } from './marvin32.ts';

const SIGNATURE = 0x454c_7648;
const HEAD = 40;
const HASHED_HEAD = 32;
const REFERENCE = 8;
const BIN = 4096;

interface Entry {
  readonly at: number;
  readonly sequence: number;
  readonly binsBytes: number;
  readonly count: number;
}

/** A new log and its valid entries, whose sequence numbers are consecutive. */
export interface NewLog extends Log {
  readonly entries: readonly Entry[];
}

/** Reads the entries up to the first invalid one. */
export function readNewLog(log: Log): NewLog {
  const { view } = log;
  const entries: Entry[] = [];
  let wanted: number | null = null;
  for (let at = BASE_SECTOR_BYTES; ; ) {
    const size = validEntrySize(view, at);
    if (size === 0) break;
    const sequence = view.getUint32(at + 12, true);
    if (wanted === null ? sequence < view.getUint32(BASE.primarySequence, true) : sequence !== wanted) break;
    wanted = sequence + 1;
    entries.push({ at, sequence, binsBytes: view.getUint32(at + 16, true), count: view.getUint32(at + 20, true) });
    at += size;
  }
  return { ...log, entries };
}

/** Returns the size of the entry at an offset; 0 if there is none or it is invalid. */
function validEntrySize(view: DataView, at: number): number {
  if (at + HEAD > view.byteLength || view.getUint32(at, true) !== SIGNATURE) return 0;
  const size = view.getUint32(at + 4, true);
  const binsBytes = view.getUint32(at + 16, true);
  const count = view.getUint32(at + 20, true);
  if (size < BASE_SECTOR_BYTES || size % BASE_SECTOR_BYTES !== 0 || at + size > view.byteLength || binsBytes % BIN !== 0) return 0;
  const isHash = (hashAt: number, start: number, length: number): boolean => {
    const [low, high] = marvin32(view, start, length);
    return view.getUint32(hashAt, true) === low && view.getUint32(hashAt + 4, true) === high;
  };
  if (!isHash(at + 32, at, HASHED_HEAD) || !isHash(at + 24, at + HEAD, size - HEAD)) return 0;
  let used = HEAD + count * REFERENCE;
  if (used > size) return 0;
  for (let index = 0; index < count; index++) {
    const reference = at + HEAD + index * REFERENCE;
    const length = view.getUint32(reference + 4, true);
    used += length;
    if (used > size || view.getUint32(reference, true) + length > binsBytes) return 0;
  }
  return size;
}

/** Applies logs, which must be ordered by the sequence numbers of their first entries. Null if no entry applies. */
export function applyNewLogs(
  hive: Uint8Array,
  isBaseRight: boolean,
  logs: readonly NewLog[],
): { readonly bytes: Uint8Array; readonly sequence: number } | null {
  // If the hive's base block is damaged, it is restored from one log, so only that log can be used: its base block says nothing about the
  // other log's entries.
  const used = isBaseRight ? logs : logs.slice(-1);
  const [first] = used;
  if (first === undefined) return null;
  const basis = isBaseRight ? new DataView(hive.buffer, hive.byteOffset, hive.byteLength) : first.view;
  const steps = applicableEntries(used, basis.getUint32(BASE.secondarySequence, true), maxBytesAfter(hive, used));
  const last = steps.at(-1)?.entry;
  if (last === undefined) return null;
  const bytes = withRoom(
    hive,
    steps.reduce((most, { entry }) => Math.max(most, entry.binsBytes), 0),
  );
  if (!isBaseRight) restoreBase(bytes, first);
  for (const { log, entry } of steps) writePages(bytes, log, entry);
  new DataView(bytes.buffer).setUint32(BASE.binsBytes, last.binsBytes, true);
  return { bytes, sequence: last.sequence };
}

/** Returns the entries whose sequence numbers continue the hive's, each with its log. */
function applicableEntries(logs: readonly NewLog[], from: number, maxBytes: number): { readonly log: NewLog; readonly entry: Entry }[] {
  const steps: { readonly log: NewLog; readonly entry: Entry }[] = [];
  for (const log of logs) {
    for (const entry of log.entries) {
      const last = steps.at(-1)?.entry.sequence;
      if (last === undefined ? entry.sequence < from : entry.sequence !== last + 1) break;
      if (BASE_BLOCK_BYTES + entry.binsBytes > maxBytes) break;
      steps.push({ log, entry });
    }
  }
  return steps;
}

function writePages(hive: Uint8Array, { view, bytes }: Log, { at, count }: Entry): void {
  let from = at + HEAD + count * REFERENCE;
  for (let index = 0; index < count; index++) {
    const reference = at + HEAD + index * REFERENCE;
    const length = view.getUint32(reference + 4, true);
    hive.set(bytes.subarray(from, from + length), BASE_BLOCK_BYTES + view.getUint32(reference, true));
    from += length;
  }
}
