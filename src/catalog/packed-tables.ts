// Packs: a table's many small files merged into one, in this user's cache. Opening a thousand files takes DuckDB longer than most queries
// do. A pack is only an optimization: it is used only while none of its files has changed, it may vanish at any time, and nothing in the
// catalog depends on it.
import { createHash } from 'node:crypto';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makePrivateFolder, readKept } from '#archive/private-place';
import type { TableName } from '#catalog/layout';
import { replaceFileSync } from '#files';
import type { CatalogFolder } from './catalog-folder.ts';

/** A pack is rebuilt if it lacks more files than this. */
const MOST_LOOSE_FILES = 48;
/** Maximum total size of the files in a pack. Beyond that, a query engine on many machines is a better choice. */
const MOST_PACKED_BYTES = 4 * 1024 * 1024 * 1024;

/** Where a table's rows are: its pack, if there is a valid one, and the files that aren't in it. */
export interface TableFiles {
  readonly pack: string | null;
  readonly loose: readonly string[];
  /** Names of the loose files, in the same order. */
  readonly looseNames: readonly string[];
  /** Whether a new pack would help. */
  readonly isWorthPacking: boolean;
}

/** The packs of a catalog. */
export class PackedTables {
  readonly #folder: string;
  /** A pack stands in for its files, so no other user may be able to write it. */
  readonly #isPrivate: boolean;

  /** `cache`: this user's cache folder. */
  constructor(cache: string, catalog: CatalogFolder) {
    const place = createHash('sha256').update(catalog.path).digest('hex').slice(0, 16);
    const all = path.join(cache, 'catalogs');
    this.#folder = path.join(all, place);
    this.#isPrivate = [cache, all, this.#folder].every(makePrivateFolder);
  }

  /** Returns where the rows of these files are now. */
  find(catalog: CatalogFolder, table: TableName, names: readonly string[]): TableFiles {
    const file = (name: string): string => path.join(catalog.path, table, name);
    const states = new Map(names.map((name) => [name, stateOf(file(name))] as const));
    const packed = this.#members(table);
    const isGood = packed !== null && [...packed].every(([name, state]) => states.get(name)?.text === state);
    const looseNames = isGood ? names.filter((name) => !packed.has(name)) : names;
    const bytes = [...states.values()].reduce((sum, state) => sum + (state?.bytes ?? 0), 0);
    return {
      pack: isGood ? this.#pack(table) : null,
      loose: looseNames.map(file),
      looseNames,
      isWorthPacking: this.#isPrivate && looseNames.length > MOST_LOOSE_FILES && bytes <= MOST_PACKED_BYTES,
    };
  }

  /**
   * Rebuilds a table's pack. `write` is passed a path at which there is no file, and creates the file. Throws what `write` throws, and
   * system errors; the old pack may be gone then.
   */
  async make(catalog: CatalogFolder, table: TableName, names: readonly string[], write: (file: string) => Promise<void>): Promise<void> {
    const members = names.map((name) => `${name} ${stateOf(path.join(catalog.path, table, name))?.text ?? ''}\n`).join('');
    const fresh = path.join(this.#folder, `${table}-${process.pid}.unfinished`);
    rmSync(fresh, { force: true });
    try {
      await write(fresh);
      // The list states the pack's contents; without the list, the pack is ignored. So the list is removed first and written last.
      rmSync(this.#list(table), { force: true });
      replaceFileSync(this.#pack(table), () => {}, fresh);
      const pack = stateOf(this.#pack(table))?.text ?? '';
      replaceFileSync(this.#list(table), (file) => writeFileSync(file, `${pack}\n${members}`, { flag: 'wx', mode: 0o600 }));
    } finally {
      rmSync(fresh, { force: true });
    }
  }

  /** Removes a table's pack that can't be read. */
  forget(table: TableName): void {
    rmSync(this.#list(table), { force: true });
    rmSync(this.#pack(table), { force: true });
  }

  #pack(table: TableName): string {
    return path.join(this.#folder, `${table}.parquet`);
  }

  #list(table: TableName): string {
    return path.join(this.#folder, `${table}.list`);
  }

  /** Returns the pack's files by name, each with its state when it was packed; null if there is no valid pack. */
  #members(table: TableName): ReadonlyMap<string, string> | null {
    if (!this.#isPrivate) return null;
    let text: string;
    try {
      text = readKept(this.#list(table)).toString('utf8');
    } catch {
      return null;
    }
    const [pack, ...lines] = text.split('\n');
    if (stateOf(this.#pack(table))?.text !== pack) return null;
    return new Map(
      lines.filter((line) => line !== '').map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]),
    );
  }
}

interface FileState {
  readonly text: string;
  readonly bytes: number;
}

/** Returns what distinguishes a file from another one with the same name; null if there is no such file. */
function stateOf(file: string): FileState | null {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? null : { text: `${stats.size} ${stats.mtimeNs} ${stats.ino}`, bytes: Number(stats.size) };
}
