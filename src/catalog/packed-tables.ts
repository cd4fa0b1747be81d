// Packs: a table's many small files as one, in this user's cache. Opening a thousand files takes DuckDB longer than most answers. A pack is a
// convenience: it is used only while every file in it is as it was, it may vanish at any time, and nothing of the catalog depends on it.
import { createHash } from 'node:crypto';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makePrivateFolder, readKept } from '#archive/private-place';
import type { TableName } from '#catalog/layout';
import { replaceFileSync } from '#files';
import type { CatalogFolder } from './catalog-folder.ts';

/** Files that aren't in the pack, up to which it isn't made anew. */
const MOST_LOOSE_FILES = 48;
/** Maximum size of the files that are packed. Beyond it, an engine on many machines is the better place to ask. */
const MOST_PACKED_BYTES = 4 * 1024 * 1024 * 1024;

/** Where a table's rows are: its pack, if there is a good one, and the files that aren't in it. */
export interface TableFiles {
  readonly pack: string | null;
  readonly loose: readonly string[];
  /** Names of the loose files, parallel to `loose`. */
  readonly looseNames: readonly string[];
  /** Whether a new pack would help. */
  readonly isWorthPacking: boolean;
}

/** The packs of one catalog. */
export class PackedTables {
  readonly #folder: string;
  /** A pack answers for its files, so nobody else may write one. */
  readonly #isPrivate: boolean;

  /** `cache`: this user's cache folder. */
  constructor(cache: string, catalog: CatalogFolder) {
    const place = createHash('sha256').update(catalog.path).digest('hex').slice(0, 16);
    const all = path.join(cache, 'catalogs');
    this.#folder = path.join(all, place);
    this.#isPrivate = [cache, all, this.#folder].every(makePrivateFolder);
  }

  /** Where a table's rows are now, of the files with these names. */
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
   * Makes a table's pack anew. `write` writes it to a file that doesn't exist. Throws what it throws, and the system's errors; the old pack is
   * gone then.
   */
  async make(catalog: CatalogFolder, table: TableName, names: readonly string[], write: (file: string) => Promise<void>): Promise<void> {
    const members = names.map((name) => `${name} ${stateOf(path.join(catalog.path, table, name))?.text ?? ''}\n`).join('');
    const fresh = path.join(this.#folder, `${table}-${process.pid}.unfinished`);
    rmSync(fresh, { force: true });
    try {
      await write(fresh);
      // The list says what the pack has; without one there is no pack, so it goes first and comes last.
      rmSync(this.#list(table), { force: true });
      replaceFileSync(this.#pack(table), () => {}, fresh);
      const pack = stateOf(this.#pack(table))?.text ?? '';
      replaceFileSync(this.#list(table), (file) => writeFileSync(file, `${pack}\n${members}`, { flag: 'wx', mode: 0o600 }));
    } finally {
      rmSync(fresh, { force: true });
    }
  }

  /** Forgets a table's pack, because it can't be read. */
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

  /** What the pack has: names, and each file's state when it was packed. Null if there is no good pack. */
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

/** Tells a file from another of the same name; null if it isn't there. */
function stateOf(file: string): FileState | null {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? null : { text: `${stats.size} ${stats.mtimeNs} ${stats.ino}`, bytes: Number(stats.size) };
}
