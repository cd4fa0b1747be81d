// The folder of a catalog: which files it has, and how new ones get their names. There is no lock: every file is written under a temporary
// name and renamed, its name identifies what it describes, and two processes that write the same file write the same facts. Other users may
// share the folder, and replace its subfolders with links, so files are written and removed through descriptors of folders that were
// checked.
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, linkSync, lstatSync, mkdirSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { checkMarker, EMPTY_FILE, isOwnFile, MARKER, markerText, readSumKey, TABLE_NAMES, TABLES, type TableName } from '#catalog/layout';
import { besideName, isLeftBeside, makeWithoutForeignLinks, PROCESS_MARK, replaceFileSync, type TargetFolder } from '#files';
import { displayText, fileError, grouped, LayerscopeError } from '#model';
import type { RowGroup } from './parquet/chunks.ts';
import { writeParquet } from './parquet/file-writer.ts';

/** Folder of empty files whose names record what was done. */
const MARKS = 'marks';
/** Stands for the catalog's own folder in the list of its parts; the other parts are subfolders. */
const ROOT = '.';
const PARTS = [...TABLE_NAMES, MARKS] as const;
const ME = process.getuid?.();
/** Mode bits of a shared folder: users other than its owner may write to it. */
const SHARED = 0o022;

const SUM_KEY_BYTES = 64;
/** Error codes for a file system without hard links. */
const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL']);

/** An error while writing the catalog, rather than reading an image: it ends the whole run. */
export class CatalogWriteError extends LayerscopeError {}

/** A catalog's folder. Files that other processes add are found when asked for by name. Dispose of it if it was opened for writing. */
export class CatalogFolder implements Disposable {
  readonly path: string;
  readonly #names = new Map<string, Set<string>>();
  /** Open folders that are written to, by part; empty if the catalog is only read. */
  readonly #held = new Map<string, TargetFolder>();
  #written = 0;
  #bySubject: Map<string, string[]> | null = null;

  private constructor(folder: string) {
    this.path = folder;
  }

  /**
   * Opens a catalog for writing, and creates what is missing. Throws EXISTS for a folder with other contents; UNSUPPORTED for another
   * version of catalog; PERMISSION if the folder belongs to another user and isn't shared, or is reached through another user's link;
   * FORBIDDEN for a link in it; IO.
   */
  static create(folder: string): CatalogFolder {
    const catalog = new CatalogFolder(path.resolve(folder));
    try {
      catalog.#hold(folder);
      return catalog;
    } catch (error) {
      catalog[Symbol.dispose]();
      throw error;
    }
  }

  #hold(folder: string): void {
    const whole = this.path;
    try {
      const made = makeWithoutForeignLinks(whole, 0o777);
      if (made === null) throw this.#refusal('it is reached through another user’s link');
      this.#held.set(ROOT, made);
      this.#refuseForeign();
    } catch (error) {
      throw error instanceof LayerscopeError ? error : fileError(error, folder);
    }
    if (!checkMarker(this.#at(ROOT), whole)) {
      const others = this.#list(ROOT).filter((name) => !name.startsWith('.'));
      if (others.length > 0) {
        throw new LayerscopeError(
          'EXISTS',
          `${displayText(folder)} contains other files and is not a catalog: choose a new or empty folder`,
        );
      }
      writing(whole, () => writeFirst(path.join(this.#at(ROOT), MARKER), markerText(randomBytes(SUM_KEY_BYTES))));
    }
    for (const part of PARTS) this.#holdPart(part);
    for (const table of TABLE_NAMES) if (!this.has(table, EMPTY_FILE)) this.write(table, EMPTY_FILE, []);
  }

  /** Refuses another user's folder that isn't shared. Checks the open folder, because the path may lead elsewhere by now. */
  #refuseForeign(): void {
    const root = this.#held.get(ROOT);
    if (root === undefined || ME === undefined) return;
    const { uid, mode } = root.stats();
    if (uid === ME || uid === 0 || (mode & SHARED) !== 0) return;
    throw this.#refusal(`it belongs to another user (${uid}) and is not shared: nobody else may write to it`);
  }

  #refusal(why: string): LayerscopeError {
    return new LayerscopeError('PERMISSION', `${displayText(this.path)} is not used as a catalog: ${why}`);
  }

  #holdPart(part: string): void {
    const whole = path.join(this.path, part);
    const at = path.join(this.#at(ROOT), part);
    writing(whole, () => {
      if (lstatSync(at, { throwIfNoEntry: false }) === undefined) mkdirSync(at, { recursive: true });
      // A catalog from elsewhere must not cause files to be written outside it.
      if (lstatSync(at).isSymbolicLink()) {
        throw new CatalogWriteError('FORBIDDEN', `${displayText(whole)} is a link: nothing is written through it`);
      }
      const held = this.#held.get(ROOT)?.inner(part);
      if (held !== undefined) this.#held.set(part, held);
    });
  }

  [Symbol.dispose](): void {
    for (const held of this.#held.values()) held[Symbol.dispose]();
    this.#held.clear();
  }

  /** Throws IO if a folder of the catalog was replaced since it was opened, because files written to it wouldn't be found. */
  requireThere(): void {
    for (const held of this.#held.values()) held.requireThere();
  }

  /** Opens a catalog for reading. Throws NOT_FOUND if the folder isn't a catalog; UNSUPPORTED for another version; PERMISSION, IO. */
  static open(folder: string): CatalogFolder {
    const whole = path.resolve(folder);
    if (!isFolder(whole)) throw new LayerscopeError('NOT_FOUND', `${displayText(folder)} is not a folder`);
    if (!checkMarker(whole)) {
      throw new LayerscopeError('NOT_FOUND', `${displayText(folder)} is not a catalog: layerscope catalog index creates one`);
    }
    return new CatalogFolder(whole);
  }

  /** The key of the checksums in `content`; see `ReaderOptions.sumKey`. Throws UNSUPPORTED, PERMISSION, IO. */
  get sumKey(): Uint8Array {
    return readSumKey(this.#held.has(ROOT) ? this.#at(ROOT) : this.path, this.path);
  }

  /**
   * Returns the names of files in `images` that begin with `prefix`, which consists of a hash and a hyphen. The folder is listed once, at
   * the first call.
   */
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

  /** Returns the names of a table's files, sorted. The file without rows, which has all columns, comes first. */
  files(table: TableName): string[] {
    const names = [...this.#known(table)].filter((name) => isOwnFile(table, name)).sort();
    return [...names.filter((name) => name === EMPTY_FILE), ...names.filter((name) => name !== EMPTY_FILE)];
  }

  /** Returns Parquet files in the tables' folders with names that a catalog wouldn't use, each with its table's folder. */
  foreignFiles(): string[] {
    const isForeign = (table: TableName, name: string): boolean => name.endsWith('.parquet') && !isOwnFile(table, name);
    return TABLE_NAMES.flatMap((table) =>
      [...this.#known(table)].filter((name) => isForeign(table, name)).map((name) => path.join(table, name)),
    );
  }

  /** Writes a complete file of a table, replacing any file with that name. Throws CatalogWriteError. */
  write(table: TableName, name: string, groups: Iterable<RowGroup>): void {
    const file = path.join(this.#at(table), name);
    const write = (unfinished: string): void => writeParquet(unfinished, TABLES[table], groups);
    writing(path.join(this.path, table, name), () => replaceFileSync(file, write, this.#unfinishedName(file)));
    this.#known(table).add(name);
  }

  /** Throws CatalogWriteError. */
  mark(name: string): void {
    if (this.#has(MARKS, name)) return;
    const file = path.join(this.#at(MARKS), name);
    writing(path.join(this.path, MARKS, name), () => writeSmall(file, '', this.#unfinishedName(file)));
    this.#known(MARKS).add(name);
  }

  /** Returns a temporary name next to a file, as `besideName` does. Thousands are needed, so it is numbered instead of random. */
  #unfinishedName(file: string): string {
    const number = (this.#written++).toString(16).padStart(16, '0');
    return path.join(path.dirname(file), `.layerscope-${number}-${PROCESS_MARK}`);
  }

  /** Removes a table's file, or a mark, that no longer applies. Throws CatalogWriteError. */
  remove(part: TableName | typeof MARKS, name: string): void {
    const file = path.join(this.#at(part), name);
    writing(path.join(this.path, part, name), () => rmSync(file, { force: true }));
    this.#known(part).delete(name);
  }

  /** Removes unfinished files of processes that have exited. Never throws, because leftovers only take up space. */
  sweep(): void {
    for (const part of [ROOT, ...PARTS]) {
      for (const name of this.#list(part)) {
        if (!isLeftBeside(name)) continue;
        try {
          rmSync(path.join(this.#at(part), name), { force: true });
        } catch {
          return;
        }
      }
    }
  }

  #has(part: string, name: string): boolean {
    const known = this.#known(part);
    if (known.has(name)) return true;
    // Another process may have written the file since the folder was listed.
    const isThere = statSync(path.join(this.#at(part), name), { throwIfNoEntry: false }) !== undefined;
    if (isThere) known.add(name);
    return isThere;
  }

  /** Returns the path at which a part's files are accessed. */
  #at(part: string): string {
    return this.#held.get(part)?.inside ?? path.join(this.path, part);
  }

  #list(part: string): string[] {
    try {
      return readdirSync(this.#at(part));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw fileError(error, path.join(this.path, part));
    }
  }

  #known(part: string): Set<string> {
    let names = this.#names.get(part);
    if (names === undefined) {
      names = new Set(this.#list(part));
      this.#names.set(part, names);
    }
    return names;
  }
}

/** Returns a name with 32 hex digits for a list of strings; different lists have different names. */
export function hashName(...texts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 32);
}

/** Writes a small file unless another process has just written one with that name; all processes then read the same content. */
function writeFirst(file: string, text: string): void {
  const finished = besideName(file);
  try {
    writeSmall(finished, text);
    linkSync(finished, file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    // On a file system without hard links, two processes that create a catalog at the same time may briefly disagree.
    if (!NO_LINKS.has(code)) throw error;
    writeSmall(file, text);
  } finally {
    rmSync(finished, { force: true });
  }
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

function isFolder(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
}

function writing(file: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    if (error instanceof CatalogWriteError) throw error;
    const { code, message } = fileError(error, file);
    throw new CatalogWriteError(code, message, { cause: error });
  }
}
