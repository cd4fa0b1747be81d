import type { RowTable } from '#model';

/** Maximum total number of rows in the cached tables: about 90 MB. */
const MOST_ROWS = 1_500_000;

/** Returns the tables with one added as the latest, dropping the oldest if there are too many rows. */
export function withCached(tables: ReadonlyMap<string, RowTable>, key: string, table: RowTable): ReadonlyMap<string, RowTable> {
  const kept = new Map(tables);
  kept.delete(key);
  kept.set(key, table);
  let rows = 0;
  for (const each of kept.values()) rows += each.length;
  for (const [oldest, each] of kept) {
    if (rows <= MOST_ROWS || oldest === key) break;
    kept.delete(oldest);
    rows -= each.length;
  }
  return kept;
}

/** Returns the tables of archives that are still open. Keys begin with the archive's id. */
export function ofOpenArchives(tables: ReadonlyMap<string, RowTable>, open: ReadonlySet<string>): ReadonlyMap<string, RowTable> {
  return new Map([...tables].filter(([key]) => open.has(key.slice(0, key.indexOf('/')))));
}
