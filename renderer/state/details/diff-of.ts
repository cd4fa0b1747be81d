import type { EntryDetails } from '#contract';
import { DIFFERS, type RowTable, unescapePath } from '#model';
import { findRow } from '../changes/table-facts.ts';

/**
 * Determines whether there is a version to compare a file with, and whether the contents differ, using the table of changes or else the
 * sizes.
 */
export function diffOf({ now, before }: EntryDetails, table: RowTable | null, path: string | null): 'none' | 'same' | 'modified' {
  if (now === null || before === null || now.type !== before.type || (now.type !== 'file' && now.type !== 'hardlink')) return 'none';
  if (now.size !== before.size) return 'modified';
  const row = table === null || path === null ? -1 : findRow(table, unescapePath(path));
  const bits = table === null || row < 0 ? 0 : (table.differs[row] as number);
  return (bits & (DIFFERS.content | DIFFERS.unread)) === 0 ? 'same' : 'modified';
}

/** Differences that the Attributes tab shows and the Content tab doesn't. */
const ATTRIBUTES = DIFFERS.mode | DIFFERS.owner | DIFFERS.attributes;
const CONTENT = DIFFERS.content | DIFFERS.unread | DIFFERS.type | DIFFERS.link | DIFFERS.device;

/** Whether both sides of a comparison have a path with the same content but other attributes. */
export function differsInAttributesOnly({ now, before }: EntryDetails, table: RowTable | null, path: string | null): boolean {
  if (now === null || before === null || table === null || path === null) return false;
  const row = findRow(table, unescapePath(path));
  const bits = row < 0 ? 0 : (table.differs[row] as number);
  return (bits & ATTRIBUTES) !== 0 && (bits & CONTENT) === 0;
}
