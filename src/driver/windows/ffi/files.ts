// Files below a root, with kernel32. Every folder on the way to a name is opened without following links and held open, so that it neither
// is a link nor can become one before the name is used. Paths have the \\?\ form, which knows no device names and no limit of 260 units.
import { lstat, mkdir, mkdtemp, open as openPlain, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FILE_ATTRIBUTE } from '#format/windows-tar';
import { asLayerscopeError, displayText, encodeUtf8, LayerscopeError } from '#model';
import { ACCESS, type FileCalls, type FileFacts, type ListedFile, type OpenFile, type OpenOptions, type RootFolder } from '../native.ts';
import type { Calls } from './calls.ts';
import { NativeFile } from './open-file.ts';

const SHARE_READ = 1;
/** Read and write, but not delete: keeps a held file from being moved or removed. */
const SHARE_ALL_BUT_DELETE = 3;
const CREATE_NEW = 1;
const OPEN_EXISTING = 3;
/** FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT. */
const OPEN_ITSELF = 0x0220_0000;
const FILE_BASIC_INFO = 0;
const FILE_DISPOSITION_INFO = 4;
const MAX_FILE_BYTES = 16 * 1024 * 1024;
const FIND_DATA_BYTES = 592;
const FIND_DATA_NAME = 44;

/** The \\?\ form of a path. */
function longPath(absolute: string): string {
  return path.win32.toNamespacedPath(path.win32.resolve(absolute));
}

/** Splits a name below a root into its parts. */
function partsOf(name: string): string[] {
  const shown = displayText(name);
  if (/^[\\/]/.test(name)) throw new LayerscopeError('PATH_ESCAPE', `${shown}: not a relative path`);
  const parts: string[] = [];
  for (const part of name.split(/[\\/]/)) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (parts.pop() === undefined) throw new LayerscopeError('PATH_ESCAPE', `${shown}: it leads outside its folder`);
    } else if (/[:\0]/.test(part)) throw new LayerscopeError('NAME_REFUSED', `${shown}: the path contains an invalid character`);
    else parts.push(part);
  }
  return parts;
}

interface Opened {
  readonly handle: unknown;
  readonly name: string;
}

export class NativeFiles implements FileCalls {
  readonly #calls: Calls;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  async openRoot(folder: string): Promise<RootFolder> {
    const root = new NativeRoot(this.#calls, folder);
    await root.check();
    return root;
  }

  async makeTemporaryFolder(): Promise<string> {
    return plainly(() => mkdtemp(path.join(tmpdir(), 'hcs')));
  }

  async removeFolder(folder: string): Promise<void> {
    // Through a root above it, so that no link is followed.
    await using root = await this.openRoot(path.win32.dirname(folder));
    await root.removeAll(path.win32.basename(folder));
  }

  async makeFolder(folder: string): Promise<void> {
    await plainly(() => mkdir(longPath(folder)));
  }

  async facts(file: string): Promise<FileFacts | null> {
    try {
      const stats = await lstat(longPath(file));
      const kind = stats.isDirectory()
        ? FILE_ATTRIBUTE.directory
        : stats.isSymbolicLink()
          ? FILE_ATTRIBUTE.reparsePoint
          : FILE_ATTRIBUTE.archive;
      return { attributes: kind, sizeBytes: stats.isDirectory() ? 0 : stats.size };
    } catch (error) {
      const known = asLayerscopeError(error);
      if (known.code === 'NOT_FOUND') return null;
      throw known;
    }
  }

  async list(folder: string): Promise<readonly ListedFile[]> {
    const names = await plainly(() => readdir(longPath(folder)));
    names.sort((a, b) => Buffer.compare(encodeUtf8(a), encodeUtf8(b)));
    const listed: ListedFile[] = [];
    for (const name of names) {
      const facts = await this.facts(path.win32.join(folder, name));
      if (facts !== null) listed.push({ name, ...facts });
    }
    return listed;
  }

  async rename(from: string, to: string): Promise<void> {
    if ((await this.facts(to)) !== null) throw new LayerscopeError('EXISTS', `${to} already exists`);
    await plainly(() => rename(longPath(from), longPath(to)));
  }

  async readFile(file: string): Promise<Uint8Array> {
    return plainly(async () => {
      const { size } = await stat(longPath(file));
      if (size > MAX_FILE_BYTES) throw new LayerscopeError('TOO_LARGE', `${file}: ${size} bytes`);
      return readFile(longPath(file));
    });
  }

  async writeFile(file: string, bytes: Uint8Array): Promise<void> {
    const unfinished = longPath(`${file}.${process.pid}.new`);
    await plainly(async () => {
      try {
        {
          await using handle = await openPlain(unfinished, 'wx');
          await handle.writeFile(bytes);
          await handle.sync();
        }
        await rename(unfinished, longPath(file));
      } catch (error) {
        await rm(unfinished, { force: true });
        throw error;
      }
    });
  }
}

async function plainly<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asLayerscopeError(error);
  }
}

class NativeRoot implements RootFolder {
  readonly path: string;
  readonly #calls: Calls;
  readonly #long: string;

  constructor(calls: Calls, folder: string) {
    this.#calls = calls;
    this.path = folder.replace(/[\\/]+$/, '');
    this.#long = longPath(this.path).replace(/\\$/, '');
  }

  /** Throws NOT_FOUND if it isn't a folder. */
  async check(): Promise<void> {
    const facts = await this.facts('');
    if (facts === null || (facts.attributes & FILE_ATTRIBUTE.directory) === 0)
      throw new LayerscopeError('NOT_FOUND', `no folder ${this.path}`);
  }

  #create(absolute: string, name: string, access: number, share: number, disposition: number): Opened {
    const handle = this.#calls.now('CreateFileW', absolute, access, share, null, disposition, OPEN_ITSELF, null);
    if (handle === null || BigInt.asIntN(64, BigInt(handle as bigint)) === -1n) this.#calls.failLast('CreateFileW', displayText(name));
    return { handle, name };
  }

  #close({ handle }: Opened): void {
    this.#calls.now('CloseHandle', handle);
  }

  #attributesOf({ handle, name }: Opened): number {
    const buffer = Buffer.alloc(40);
    if (this.#calls.now('GetFileInformationByHandleEx', handle, FILE_BASIC_INFO, buffer, buffer.length) === 0) {
      this.#calls.failLast('GetFileInformationByHandleEx', displayText(name));
    }
    return buffer.readUInt32LE(32);
  }

  /** Calls `use` with the name's absolute path while every folder on the way is held open. */
  async #reach<T>(name: string, use: (absolute: string) => Promise<T>): Promise<T> {
    const parts = partsOf(name);
    const held: Opened[] = [];
    let at = this.#long;
    try {
      for (const part of parts.slice(0, -1)) {
        at = `${at}\\${part}`;
        const folder = this.#create(at, name, ACCESS.listFolder | ACCESS.readAttributes, SHARE_ALL_BUT_DELETE, OPEN_EXISTING);
        held.push(folder);
        const attributes = this.#attributesOf(folder);
        if ((attributes & FILE_ATTRIBUTE.reparsePoint) !== 0)
          throw new LayerscopeError('PATH_ESCAPE', `${displayText(name)}: a link is on the way to it`);
        if ((attributes & FILE_ATTRIBUTE.directory) === 0)
          throw new LayerscopeError('NOT_FOUND', `${displayText(name)}: a file is on the way to it`);
      }
      return await use(parts.length === 0 ? at : `${at}\\${parts.at(-1)}`);
    } finally {
      for (const folder of held.reverse()) this.#close(folder);
    }
  }

  async open(name: string, options: OpenOptions): Promise<OpenFile> {
    return this.#reach(name, async (absolute) => {
      const isNewFolder = options.create === 'new' && options.folder === true;
      if (isNewFolder) this.#makeFolder(absolute, name);
      const disposition = options.create === 'new' && !isNewFolder ? CREATE_NEW : OPEN_EXISTING;
      const { handle } = this.#create(absolute, name, options.access, SHARE_READ, disposition);
      return new NativeFile(this.#calls, handle, displayText(name));
    });
  }

  async facts(name: string): Promise<FileFacts | null> {
    try {
      return await this.#reach(name, async (absolute) => {
        const { handle } = this.#create(absolute, name, ACCESS.readAttributes, SHARE_ALL_BUT_DELETE, OPEN_EXISTING);
        await using file = new NativeFile(this.#calls, handle, displayText(name));
        return await file.facts();
      });
    } catch (error) {
      if (error instanceof LayerscopeError && error.code === 'NOT_FOUND') return null;
      throw error;
    }
  }

  async list(name: string): Promise<readonly ListedFile[]> {
    const listed = await this.#reach(name, async (absolute) => {
      const data = Buffer.alloc(FIND_DATA_BYTES);
      const find = this.#calls.now('FindFirstFileW', `${absolute}\\*`, data);
      if (find === null || BigInt.asIntN(64, BigInt(find as bigint)) === -1n) this.#calls.failLast('FindFirstFileW', displayText(name));
      const found: ListedFile[] = [];
      try {
        do {
          const text = data.toString('utf16le', FIND_DATA_NAME, FIND_DATA_NAME + 520);
          const entry = text.slice(0, text.indexOf('\0'));
          if (entry === '.' || entry === '..') continue;
          found.push({ name: entry, attributes: data.readUInt32LE(0), sizeBytes: data.readUInt32LE(28) * 2 ** 32 + data.readUInt32LE(32) });
        } while (this.#calls.now('FindNextFileW', find, data) !== 0);
      } finally {
        this.#calls.now('FindClose', find);
      }
      return found;
    });
    return listed.sort((a, b) => Buffer.compare(encodeUtf8(a.name), encodeUtf8(b.name)));
  }

  async makeFolder(name: string): Promise<void> {
    await this.#reach(name, async (absolute) => this.#makeFolder(absolute, name));
  }

  #makeFolder(absolute: string, name: string): void {
    if (this.#calls.now('CreateDirectoryW', absolute, null) === 0) this.#calls.failLast('CreateDirectoryW', displayText(name));
  }

  async remove(name: string): Promise<void> {
    await this.#reach(name, async (absolute) => this.#remove(absolute, name));
  }

  #remove(absolute: string, name: string): void {
    const opened = this.#create(
      absolute,
      name,
      (ACCESS.delete | ACCESS.readAttributes | ACCESS.writeAttributes) >>> 0,
      SHARE_READ,
      OPEN_EXISTING,
    );
    try {
      if (this.#dispose(opened)) return;
      if (this.#calls.lastError() !== 5) this.#calls.failLast('SetFileInformationByHandle', displayText(name));
      // Windows doesn't delete read-only files, so the attribute is cleared first.
      const info = Buffer.alloc(40);
      info.writeUInt32LE(FILE_ATTRIBUTE.normal, 32);
      this.#calls.now('SetFileInformationByHandle', opened.handle, FILE_BASIC_INFO, info, info.length);
      if (!this.#dispose(opened)) this.#calls.failLast('SetFileInformationByHandle', displayText(name));
    } finally {
      this.#close(opened);
    }
  }

  #dispose({ handle }: Opened): boolean {
    return this.#calls.now('SetFileInformationByHandle', handle, FILE_DISPOSITION_INFO, Buffer.from([1]), 1) !== 0;
  }

  async removeAll(name: string): Promise<void> {
    const facts = await this.facts(name);
    if (facts === null) return;
    const kind = FILE_ATTRIBUTE.directory | FILE_ATTRIBUTE.reparsePoint;
    if ((facts.attributes & kind) === FILE_ATTRIBUTE.directory) {
      for (const below of await this.list(name)) await this.removeAll(`${name}\\${below.name}`);
    }
    await this.remove(name);
  }

  async link(name: string, targetRoot: RootFolder, target: string): Promise<void> {
    if (!(targetRoot instanceof NativeRoot)) throw new LayerscopeError('INTERNAL', 'a root of another kind');
    await targetRoot.#reach(target, (from) =>
      this.#reach(name, async (to) => {
        const source = targetRoot.#create(from, target, ACCESS.readAttributes, SHARE_ALL_BUT_DELETE, OPEN_EXISTING);
        try {
          if ((targetRoot.#attributesOf(source) & (FILE_ATTRIBUTE.reparsePoint | FILE_ATTRIBUTE.directory)) !== 0) {
            throw new LayerscopeError('PATH_ESCAPE', `${displayText(target)}: a link or folder can't be the target of a hard link`);
          }
          if (this.#calls.now('CreateHardLinkW', to, from, null) === 0) this.#calls.failLast('CreateHardLinkW', displayText(name));
        } finally {
          targetRoot.#close(source);
        }
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
