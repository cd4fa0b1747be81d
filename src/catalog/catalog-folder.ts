// The folder of a catalog: which files it has, and how new ones get their names. There is no lock: every file is written under another name
// and renamed, its name says what it describes, and two processes that write the same file write the same facts.
import { createHash } from 'node:crypto';
import { closeSync, lstatSync, mkdirSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { checkMarker, EMPTY_FILE, isOwnFile, MARKER, MARKER_TEXT, TABLE_NAMES, TABLES, type TableName } from '#catalog/layout';
import { isLeftBeside, PROCESS_MARK, replaceFileSync } from '#files';
import { displayText, fileError, grouped, LayerscopeError } from '#model';
import type { RowGroup } from './parquet/chunks.ts';
import { writeParquet } from './parquet/file-writer.ts';

/** Empty files whose names say what was done. */
const MARKS = 'marks';

/** An error of writing the catalog, as opposed to reading an image: it ends the whole run. */
export class CatalogWriteError extends LayerscopeError {}

/** A catalog's folder. What other processes add to it is seen when it is asked for by name. */
export class CatalogFolder {
  readonly path: string;
  readonly #names = new Map<string, Set<string>>();
  #written = 0;
  #bySubject: Map<string, string[]> | null = null;

  private constructor(folder: string) {
    this.path = folder;
  }

  /**
   * Opens a catalog to write to, and creates what is missing of it. Throws EXISTS for a folder that holds something else; UNSUPPORTED for a
   * catalog of another version; PERMISSION, IO.
   */
  static create(folder: string): CatalogFolder {
    const whole = path.resolve(folder);
    try {
      mkdirSync(whole, { recursive: true });
    } catch (error) {
      throw fileError(error, folder);
    }
    if (!checkMarker(whole)) {
      const others = namesIn(whole).filter((name) => !name.startsWith('.'));
      if (others.length > 0) {
        throw new LayerscopeError('EXISTS', `${displayText(folder)} holds other files and is no catalog: choose a new or an empty folder`);
      }
      writing(whole, () => writeSmall(path.join(whole, MARKER), MARKER_TEXT));
    }
    const catalog = new CatalogFolder(whole);
    for (const part of [...TABLE_NAMES, MARKS]) {
      // A catalog from elsewhere must not have its files written outside.
      if (lstatSync(path.join(whole, part), { throwIfNoEntry: false })?.isSymbolicLink() === true) {
        throw new CatalogWriteError('FORBIDDEN', `${displayText(path.join(whole, part))} is a link: nothing is written through it`);
      }
      if (isFolder(path.join(whole, part))) continue;
      writing(whole, () => mkdirSync(path.join(whole, part), { recursive: true }));
    }
    for (const table of TABLE_NAMES) if (!catalog.has(table, EMPTY_FILE)) catalog.write(table, EMPTY_FILE, []);
    return catalog;
  }

  /** Opens a catalog to read. Throws NOT_FOUND if the folder is none; UNSUPPORTED for another version; PERMISSION, IO. */
  static open(folder: string): CatalogFolder {
    const whole = path.resolve(folder);
    if (!isFolder(whole)) throw new LayerscopeError('NOT_FOUND', `${displayText(folder)} is not a folder`);
    if (!checkMarker(whole)) {
      throw new LayerscopeError('NOT_FOUND', `${displayText(folder)} is no catalog: layerscope catalog index makes one`);
    }
    return new CatalogFolder(whole);
  }

  /** Names of the files of `images` that begin with `prefix`, a hash and a hyphen, as they were when this was first asked. */
  imageNames(prefix: string): string[] {
    this.#bySubject ??= grouped(this.#known('images'), (name) => name.slice(0, name.indexOf('-') + 1));
    return [...(this.#bySubject.get(prefix) ?? [])];
  }

  has(table: TableName, name: string): boolean {
    return this.#has(table, name);
  }

  hasMark(name: string): boolean {
    return this.#has(MARKS, name);
  }

  /** Names of a table's files, sorted; the empty one, which has all columns, is the first. */
  files(table: TableName): string[] {
    const names = [...this.#known(table)].filter((name) => isOwnFile(table, name)).sort();
    return [...names.filter((name) => name === EMPTY_FILE), ...names.filter((name) => name !== EMPTY_FILE)];
  }

  /** Parquet files in the tables' folders whose names aren't a catalog's, with the table's. */
  foreignFiles(): string[] {
    const isForeign = (table: TableName, name: string): boolean => name.endsWith('.parquet') && !isOwnFile(table, name);
    return TABLE_NAMES.flatMap((table) =>
      [...this.#known(table)].filter((name) => isForeign(table, name)).map((name) => path.join(table, name)),
    );
  }

  /** Writes a file of a table as a whole, replacing one of that name. Throws CatalogWriteError. */
  write(table: TableName, name: string, groups: Iterable<RowGroup>): void {
    const file = path.join(this.path, table, name);
    writing(file, () => replaceFileSync(file, (unfinished) => writeParquet(unfinished, TABLES[table], groups), this.#unfinishedName(file)));
    this.#known(table).add(name);
  }

  /** Throws CatalogWriteError. */
  mark(name: string): void {
    if (this.#has(MARKS, name)) return;
    const file = path.join(this.path, MARKS, name);
    writing(file, () => writeSmall(file, '', this.#unfinishedName(file)));
    this.#known(MARKS).add(name);
  }

  /** A name beside a file as `besideName` makes them; thousands are needed, and a number does. */
  #unfinishedName(file: string): string {
    const number = (this.#written++).toString(16).padStart(16, '0');
    return path.join(path.dirname(file), `.layerscope-${number}-${PROCESS_MARK}`);
  }

  /** Removes a file of a table or a mark that another one has taken the place of. Throws CatalogWriteError. */
  remove(part: TableName | typeof MARKS, name: string): void {
    const file = path.join(this.path, part, name);
    writing(file, () => rmSync(file, { force: true }));
    this.#known(part).delete(name);
  }

  /** Removes unfinished files of processes that have ended. Throws nothing: what is left takes room, and is read by nobody. */
  sweep(): void {
    for (const part of ['.', ...TABLE_NAMES, MARKS]) {
      for (const name of namesIn(path.join(this.path, part))) {
        if (!isLeftBeside(name)) continue;
        try {
          rmSync(path.join(this.path, part, name), { force: true });
        } catch {
          return;
        }
      }
    }
  }

  #has(part: string, name: string): boolean {
    const known = this.#known(part);
    if (known.has(name)) return true;
    // Another process may have written it meanwhile.
    const isThere = statSync(path.join(this.path, part, name), { throwIfNoEntry: false }) !== undefined;
    if (isThere) known.add(name);
    return isThere;
  }

  #known(part: string): Set<string> {
    let names = this.#names.get(part);
    if (names === undefined) {
      names = new Set(namesIn(path.join(this.path, part)));
      this.#names.set(part, names);
    }
    return names;
  }
}

/** Returns a name of 32 hex digits for texts: equal for equal texts only. */
export function hashName(...texts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 32);
}

function writeSmall(file: string, text: string, name?: string): void {
  const write = (unfinished: string): void => {
    const handle = openSync(unfinished, 'wx', 0o666);
    try {
      if (text !== '') writeSync(handle, text);
    } finally {
      closeSync(handle);
    }
  };
  replaceFileSync(file, write, name);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fileError(error, folder);
  }
}

function isFolder(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
}

function writing(file: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    const { code, message } = fileError(error, file);
    throw new CatalogWriteError(code, message, { cause: error });
  }
}
