// A folder that confines file access. The folder is kept open, so nobody can move or remove it while it is in use. Names are opened
// relative to it (nt-files.ts): they have no 260-unit limit, and device names have no special meaning.
import { FILE_ATTRIBUTE } from '#format/windows-tar';
import { displayText, encodeUtf8, LayerscopeError } from '#model';
import {
  ACCESS,
  type FileFacts,
  isLink,
  isRealFolder,
  type ListedFile,
  type OpenFile,
  type OpenOptions,
  type RootFolder,
} from '../native.ts';
import type { Calls } from './calls.ts';
import { FILE_DIRECTORY_FILE, factsOf, NT_CREATE, NT_OPEN, type NtOpen, ntLink, ntOpen, SHARE_ALL } from './nt-files.ts';
import { NativeFile } from './open-file.ts';

const SHARE_READ = 1;
/** Read and write, but not delete: keeps a held folder from being moved or removed. */
const SHARE_ALL_BUT_DELETE = 3;
const OPEN_EXISTING = 3;
const FILE_FLAG_BACKUP_SEMANTICS = 0x0200_0000;
const FILE_BASIC_INFO = 0;
const BASIC_INFO_BYTES = 40;
const BASIC_INFO_ATTRIBUTES = 32;
const FILE_DISPOSITION_INFO = 4;
const FILE_ID_BOTH_DIRECTORY_INFO = 10;
const FILE_ID_BOTH_DIRECTORY_RESTART_INFO = 11;
const LIST_BYTES = 64 * 1024;
const ERROR_ACCESS_DENIED = 5;
const ERROR_NO_MORE_FILES = 18;
const ERROR_FILE_NOT_FOUND = 2;

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

function isInvalidHandle(handle: unknown): boolean {
  return handle === null || BigInt.asIntN(64, BigInt(handle as bigint)) === -1n;
}

export class NativeRoot implements RootFolder {
  readonly path: string;
  readonly #calls: Calls;
  readonly #handle: unknown;
  #closed = false;

  private constructor(calls: Calls, path: string, handle: unknown) {
    this.#calls = calls;
    this.path = path;
    this.#handle = handle;
  }

  /** Opens a folder. `long`: its path in the \\?\ form. Throws NOT_FOUND if the path isn't a folder. */
  static open(calls: Calls, folder: string, long: string): NativeRoot {
    const path = folder.replace(/[\\/]+$/, '');
    const access = ACCESS.listFolder | ACCESS.readAttributes;
    const handle = calls.now('CreateFileW', long, access, SHARE_ALL_BUT_DELETE, null, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, null);
    if (isInvalidHandle(handle)) {
      // The folder's name, as given by the caller, is more informative than the call's error.
      if (calls.lastError() === ERROR_FILE_NOT_FOUND) throw new LayerscopeError('NOT_FOUND', `no folder ${displayText(path)}`);
      calls.failLast('CreateFileW', displayText(path));
    }
    const root = new NativeRoot(calls, path, handle);
    try {
      if ((factsOf(calls, handle, path).attributes & FILE_ATTRIBUTE.directory) !== 0) return root;
      throw new LayerscopeError('NOT_FOUND', `no folder ${displayText(path)}`);
    } catch (error) {
      calls.now('CloseHandle', handle);
      throw error;
    }
  }

  #open(name: string, how: NtOpen): unknown {
    return ntOpen(this.#calls, this.#handle, partsOf(name), how);
  }

  /** Runs `use` on a handle, which is then closed. */
  #with<T>(handle: unknown, use: (handle: unknown) => T): T {
    try {
      return use(handle);
    } finally {
      this.#calls.now('CloseHandle', handle);
    }
  }

  async open(name: string, options: OpenOptions): Promise<OpenFile> {
    const isNew = options.create === 'new';
    const handle = this.#open(name, {
      access: options.access,
      share: SHARE_READ,
      disposition: isNew ? NT_CREATE : NT_OPEN,
      options: isNew && options.folder === true ? FILE_DIRECTORY_FILE : 0,
    });
    return new NativeFile(this.#calls, handle, displayText(name));
  }

  async facts(name: string): Promise<FileFacts | null> {
    try {
      return this.#with(this.#open(name, { access: ACCESS.readAttributes, share: SHARE_ALL, disposition: NT_OPEN }), (handle) =>
        factsOf(this.#calls, handle, name),
      );
    } catch (error) {
      if (error instanceof LayerscopeError && error.code === 'NOT_FOUND') return null;
      throw error;
    }
  }

  async list(name: string): Promise<readonly ListedFile[]> {
    const access = ACCESS.listFolder | ACCESS.readAttributes;
    const folder = this.#open(name, { access, share: SHARE_ALL, disposition: NT_OPEN, options: FILE_DIRECTORY_FILE });
    return this.#with(folder, (handle) => {
      const found: ListedFile[] = [];
      const buffer = Buffer.alloc(LIST_BYTES);
      let kind = FILE_ID_BOTH_DIRECTORY_RESTART_INFO;
      while (this.#calls.now('GetFileInformationByHandleEx', handle, kind, buffer, buffer.length) !== 0) {
        kind = FILE_ID_BOTH_DIRECTORY_INFO;
        found.push(...listedIn(buffer));
      }
      // Any other code means that the listing was cut short.
      const code = this.#calls.lastError();
      if (code !== ERROR_NO_MORE_FILES && !(code === ERROR_FILE_NOT_FOUND && found.length === 0))
        this.#calls.failLast('GetFileInformationByHandleEx', displayText(name));
      return found.sort((a, b) => Buffer.compare(encodeUtf8(a.name), encodeUtf8(b.name)));
    });
  }

  async makeFolder(name: string): Promise<void> {
    const access = ACCESS.readAttributes;
    this.#with(this.#open(name, { access, share: SHARE_ALL, disposition: NT_CREATE, options: FILE_DIRECTORY_FILE }), () => undefined);
  }

  async remove(name: string): Promise<void> {
    const access = (ACCESS.delete | ACCESS.readAttributes | ACCESS.writeAttributes) >>> 0;
    const opened = this.#open(name, { access, share: SHARE_ALL, disposition: NT_OPEN });
    this.#with(opened, (handle) => {
      if (this.#dispose(handle)) return;
      const code = this.#calls.lastError();
      if (code !== ERROR_ACCESS_DENIED || !this.#disposeReadOnly(handle))
        this.#calls.fail('SetFileInformationByHandle', code, displayText(name));
    });
  }

  #dispose(handle: unknown): boolean {
    return this.#calls.now('SetFileInformationByHandle', handle, FILE_DISPOSITION_INFO, Buffer.from([1]), 1) !== 0;
  }

  /**
   * Deletes a read-only file, which Windows refuses unless the read-only bit is cleared first. Attributes apply to all names of a file, so
   * they are restored for the other names, which may belong to a parent layer.
   */
  #disposeReadOnly(handle: unknown): boolean {
    const info = Buffer.alloc(BASIC_INFO_BYTES);
    if (this.#calls.now('GetFileInformationByHandleEx', handle, FILE_BASIC_INFO, info, info.length) === 0) return false;
    const attributes = info.readUInt32LE(BASIC_INFO_ATTRIBUTES);
    if ((attributes & FILE_ATTRIBUTE.readOnly) === 0) return false;
    this.#setAttributes(handle, (attributes & ~FILE_ATTRIBUTE.readOnly) >>> 0);
    const isDone = this.#dispose(handle);
    this.#setAttributes(handle, attributes);
    return isDone;
  }

  #setAttributes(handle: unknown, attributes: number): void {
    const info = Buffer.alloc(BASIC_INFO_BYTES);
    info.writeUInt32LE(attributes === 0 ? FILE_ATTRIBUTE.normal : attributes, BASIC_INFO_ATTRIBUTES);
    this.#calls.now('SetFileInformationByHandle', handle, FILE_BASIC_INFO, info, info.length);
  }

  async removeAll(name: string): Promise<void> {
    const facts = await this.facts(name);
    if (facts !== null) await this.#removeTree(name, facts);
  }

  async #removeTree(name: string, facts: FileFacts): Promise<void> {
    if (isRealFolder(facts)) for (const below of await this.list(name)) await this.#removeTree(`${name}\\${below.name}`, below);
    await this.remove(name);
  }

  async link(name: string, targetRoot: RootFolder, target: string): Promise<void> {
    if (!(targetRoot instanceof NativeRoot)) throw new LayerscopeError('INTERNAL', 'the target is in a root that this system did not open');
    const parts = partsOf(name);
    const source = targetRoot.#open(target, {
      access: ACCESS.readAttributes | ACCESS.writeAttributes,
      share: SHARE_ALL,
      disposition: NT_OPEN,
    });
    this.#with(source, (file) => {
      const facts = factsOf(this.#calls, file, target);
      if (isLink(facts) || (facts.attributes & FILE_ATTRIBUTE.directory) !== 0) {
        throw new LayerscopeError('PATH_ESCAPE', `${displayText(target)}: a link or folder can't be the target of a hard link`);
      }
      const how = { access: ACCESS.read, share: SHARE_ALL, disposition: NT_OPEN, options: FILE_DIRECTORY_FILE };
      this.#with(ntOpen(this.#calls, this.#handle, parts.slice(0, -1), how), (folder) => {
        if (isLink(factsOf(this.#calls, folder, name))) {
          throw new LayerscopeError('PATH_ESCAPE', `${displayText(name)}: a link is on the way to it`);
        }
        ntLink(this.#calls, file, folder, parts.at(-1) ?? '');
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#calls.now('CloseHandle', this.#handle);
  }
}

/**
 * Yields the entries in a buffer of FILE_ID_BOTH_DIR_INFO: at 0 distance to the next entry u32, at 40 size i64, at 56 attributes u32, at 60
 * length of the name in bytes u32, at 64 size of the extended attributes u32 (for a reparse point, its tag), at 104 the name. Source:
 * [MS-FSCC] 2.4.17.
 */
function* listedIn(buffer: Buffer): Generator<ListedFile, void, undefined> {
  for (let at = 0; ; ) {
    const next = buffer.readUInt32LE(at);
    const attributes = buffer.readUInt32LE(at + 56);
    const name = buffer.toString('utf16le', at + 104, at + 104 + buffer.readUInt32LE(at + 60));
    const facts = { name, attributes, sizeBytes: Number(buffer.readBigInt64LE(at + 40)) };
    const isReparsePoint = (attributes & FILE_ATTRIBUTE.reparsePoint) !== 0;
    if (name !== '.' && name !== '..') yield isReparsePoint ? { ...facts, reparseTag: buffer.readUInt32LE(at + 64) } : facts;
    if (next === 0) return;
    at += next;
  }
}
