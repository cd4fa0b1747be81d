import { isCancelled, ROW_COLUMN_BYTES, type RowTable } from '#model';

/** Returns the prefix of the keys of all tables of an image. */
export function imageKey(archiveId: string, image: number): string {
  return `${archiveId}/${image}/`;
}

/** Caches recently used tables, because a window fetches each table in many pages. */
export interface TableCache {
  /**
   * Returns the cached table, or makes it; concurrent callers share one call of `make`. Failures aren't cached. If another caller
   * cancelled the shared call and `signal` isn't aborted, the table is made again.
   */
  get(key: string, make: () => Promise<RowTable>, signal?: AbortSignal): Promise<RowTable>;
  /** Drops all tables whose key starts with `prefix`. */
  drop(prefix: string): void;
}

/** Creates a cache of the `maxTables` most recently used tables, up to `maxBytes` in total; the latest table always stays. */
export function createTableCache({ maxTables = 6, maxBytes = 256_000_000 } = {}): TableCache {
  const tables = new Map<string, { readonly table: Promise<RowTable>; bytes: number }>(); // least recently used first

  const trim = (): void => {
    let bytes = 0;
    for (const entry of tables.values()) bytes += entry.bytes;
    for (const [key, entry] of tables) {
      if (tables.size === 1 || (tables.size <= maxTables && bytes <= maxBytes)) return;
      tables.delete(key);
      bytes -= entry.bytes;
    }
  };

  return {
    async get(key, make, signal) {
      const kept = tables.get(key);
      const entry = kept ?? { table: make(), bytes: 0 };
      tables.delete(key);
      tables.set(key, entry);
      if (kept === undefined) {
        entry.table.then(
          ({ length, nameStart, names }) => {
            entry.bytes = length * ROW_COLUMN_BYTES + nameStart.byteLength + names.byteLength;
            trim();
          },
          () => {
            if (tables.get(key) === entry) tables.delete(key); // the callers of `get` receive the error
          },
        );
      }
      if (kept === undefined) return entry.table;
      try {
        return await entry.table;
      } catch (error) {
        if (signal === undefined || signal.aborted || !isCancelled(error)) throw error;
        return this.get(key, make, signal);
      }
    },
    drop(prefix) {
      for (const key of tables.keys()) if (key.startsWith(prefix)) tables.delete(key);
    },
  };
}
