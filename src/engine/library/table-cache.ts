import { isCancelled, ROW_COLUMN_BYTES, type RowTable } from '#model';

/** Tables asked for of late: a window fetches one in many pages. */
export interface TableCache {
  /**
   * The kept table, else what `make` gives; two that ask at once wait for the same. A failure isn't kept; where the other one cancelled what
   * both wait for, and `signal` isn't aborted, it is made anew.
   */
  get(key: string, make: () => Promise<RowTable>, signal?: AbortSignal): Promise<RowTable>;
  /** Forgets tables whose key begins so. */
  drop(prefix: string): void;
}

/** Keeps the latest `maxTables`, of no more than `maxBytes` together, but always one. */
export function createTableCache({ maxTables = 6, maxBytes = 256_000_000 } = {}): TableCache {
  const tables = new Map<string, { readonly table: Promise<RowTable>; bytes: number }>(); // the latest used last

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
            if (tables.get(key) === entry) tables.delete(key); // whoever asked gets the error
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
