import type { EntryAt, Stack } from '#changes';
import { NO_ENTRY, NO_LAYER, type RowTable } from '#model';
import type { Attributes } from './extended-attributes.ts';
import type { FileTime } from './times.ts';

/** Metadata of an entry on disk. */
export interface Facts extends FileTime {
  /** Permission, set-id and sticky bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly devMajor: number;
  readonly devMinor: number;
  /** Extended attributes, except for Windows metadata (`MSWINDOWS.…`). */
  readonly attributes: Attributes;
}

const NO_ATTRIBUTES: Attributes = [];
const NOTHING: Facts = { mode: 0o755, uid: 0, gid: 0, devMajor: 0, devMinor: 0, seconds: 0, nanos: 0, attributes: NO_ATTRIBUTES };

/** Returns the facts of an entry in its layer. */
export function factsAt(stack: Stack, { layer, member }: EntryAt): Facts {
  const table = stack.layers[layer];
  const meta = table?.metas[table.meta[member] as number];
  if (!table || meta === undefined) return NOTHING;
  const { uid, gid, devMajor, devMinor, attributes } = meta;
  const own = attributes === null ? NO_ATTRIBUTES : Object.entries(attributes).filter(([name]) => !name.startsWith('MSWINDOWS.'));
  return {
    mode: meta.mode & 0o7777,
    uid,
    gid,
    devMajor,
    devMinor,
    seconds: table.mtimeSeconds[member] as number,
    nanos: table.mtimeNanos[member] ?? 0,
    attributes: own,
  };
}

/** Returns the facts of a view's folder, even if the folder is only implied. */
export function folderFacts(stack: Stack, rows: RowTable, row: number): Facts {
  const layer = rows.layer[row] as number;
  const member = rows.entry[row] as number;
  const shown = { mode: rows.mode[row] as number, uid: rows.uid[row] as number, gid: rows.gid[row] as number };
  if (layer !== NO_LAYER && member !== NO_ENTRY) return { ...factsAt(stack, { layer, member }), ...shown };
  const time = rows.mtime[row] as number;
  const seconds = Math.floor(time);
  return { ...NOTHING, ...shown, seconds, nanos: Math.floor((time - seconds) * 1e9) };
}
