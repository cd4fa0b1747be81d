// The Windows drivers' `Native` file calls on node:fs, for tests on any system. Names use \ as on Windows. NTFS metadata that this system
// lacks (attributes, creation and change time, security descriptors, streams other than the data) is kept in memory by inode, shared by all
// users of a `NodeFiles`. `NodeFiles` records what is open, and can make any call fail.
import { type BigIntStats, constants, type Stats } from 'node:fs';
import {
  type FileHandle,
  link as linkFile,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  unlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { BackupStreamReader, BackupStreamWriter, STREAM_ID } from '#format/backup-stream';
import { FILE_ATTRIBUTE, type FileBasicInfo } from '#format/windows-tar';
import { encodeUtf8, LayerscopeError } from '#model';
import type {
  BackupSink,
  FileCalls,
  FileFacts,
  FileLinks,
  ListedFile,
  OpenFile,
  OpenOptions,
  RootFolder,
} from '../../src/driver/windows/native.ts';

interface KeptStream {
  readonly id: number;
  readonly attributes: number;
  readonly name: string;
  readonly bytes: Uint8Array;
}

interface Kept {
  attributes: number;
  creation: bigint;
  access: bigint;
  write: bigint;
  change: bigint;
  /** All streams except the data. */
  streams: KeptStream[];
}

const EPOCH = 116_444_736_000_000_000n;
const BEFORE_DATA: ReadonlySet<number> = new Set([STREAM_ID.security, STREAM_ID.extendedAttributes, STREAM_ID.reparsePoint]);

function keyOf({ ino, birthtimeNs }: BigIntStats): string {
  return `${ino}:${birthtimeNs}`;
}

function filetime(ns: bigint): bigint {
  return ns / 100n + EPOCH;
}

function asFileError(error: unknown, name: string): LayerscopeError {
  if (error instanceof LayerscopeError) return error;
  const { code } = error as NodeJS.ErrnoException;
  const kind =
    code === 'ENOENT' || code === 'ENOTDIR'
      ? 'NOT_FOUND'
      : code === 'EEXIST' || code === 'ENOTEMPTY'
        ? 'EXISTS'
        : code === 'EACCES' || code === 'EPERM'
          ? 'PERMISSION'
          : 'IO';
  return new LayerscopeError(kind, `${name}: ${(error as Error).message}`, { cause: error });
}

export class NodeFiles implements FileCalls {
  /** By inode and birth time, because inodes are reused. */
  readonly #kept = new Map<string, Kept>();
  /** Names of the calls so far, which {@link failAt} counts. */
  calls: string[] = [];
  /** Makes the call with that number (0 is the next) fail with IO. */
  failAt = -1;
  /** Paths of open files and folders. */
  readonly openPaths = new Set<string>();

  /** Records a call, and throws if {@link failAt} selects this call. */
  note(call: string, name: string): void {
    this.calls.push(call);
    if (this.failAt === 0) {
      this.failAt = -1;
      throw new LayerscopeError('IO', `${call} of ${name}: made to fail`);
    }
    if (this.failAt > 0) this.failAt--;
  }

  kept(stats: BigIntStats): Kept {
    let kept = this.#kept.get(keyOf(stats));
    if (kept === undefined) {
      const isFolder = stats.isDirectory();
      const attributes = isFolder ? FILE_ATTRIBUTE.directory : FILE_ATTRIBUTE.archive;
      const write = filetime(stats.mtimeNs);
      kept = { attributes, creation: write, access: write, write, change: write, streams: [] };
      this.#kept.set(keyOf(stats), kept);
    }
    return kept;
  }

  forget(stats: BigIntStats | null): void {
    if (stats !== null && (stats.isDirectory() || stats.nlink === 1n)) this.#kept.delete(keyOf(stats));
  }

  async stats(absolute: string): Promise<BigIntStats | null> {
    try {
      return await lstat(absolute, { bigint: true });
    } catch (error) {
      const failure = asFileError(error, absolute);
      if (failure.code === 'NOT_FOUND') return null;
      throw failure;
    }
  }

  async factsOf(absolute: string): Promise<FileFacts | null> {
    const stats = await this.stats(absolute);
    if (stats === null) return null;
    const isLink = stats.isSymbolicLink();
    return {
      attributes: isLink ? FILE_ATTRIBUTE.reparsePoint : this.kept(stats).attributes,
      sizeBytes: stats.isDirectory() ? 0 : Number(stats.size),
    };
  }

  async listOf(absolute: string): Promise<ListedFile[]> {
    const names = await readdir(absolute).catch((error: unknown) => {
      throw asFileError(error, absolute);
    });
    names.sort((a, b) => Buffer.compare(encodeUtf8(a), encodeUtf8(b)));
    const listed: ListedFile[] = [];
    for (const name of names) {
      const facts = await this.factsOf(path.join(absolute, name));
      if (facts !== null) listed.push({ name, ...facts });
    }
    return listed;
  }

  async removeTree(absolute: string): Promise<void> {
    const stats = await this.stats(absolute);
    if (stats === null) return;
    if (stats.isDirectory()) {
      for (const name of await readdir(absolute)) await this.removeTree(path.join(absolute, name));
      await rmdir(absolute);
    } else await unlink(absolute);
    this.forget(stats);
  }

  async openRoot(folder: string): Promise<RootFolder> {
    this.note('openRoot', folder);
    const stats = await this.stats(folder);
    if (stats === null || !stats.isDirectory()) throw new LayerscopeError('NOT_FOUND', `no folder ${folder}`);
    return new NodeRoot(this, folder);
  }

  async makePrivateFolder(folder: string): Promise<void> {
    this.note('makePrivateFolder', folder);
    await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
      throw asFileError(error, folder);
    });
  }

  async removeAll(folder: string): Promise<void> {
    this.note('removeAll', folder);
    await this.removeTree(folder);
  }

  async makeFolder(folder: string): Promise<void> {
    this.note('makeFolder', folder);
    await mkdir(folder).catch((error: unknown) => {
      throw asFileError(error, folder);
    });
  }

  async facts(absolute: string): Promise<FileFacts | null> {
    this.note('facts', absolute);
    return this.factsOf(absolute);
  }

  async list(folder: string): Promise<readonly ListedFile[]> {
    this.note('list', folder);
    return this.listOf(folder);
  }

  async rename(from: string, to: string): Promise<void> {
    this.note('rename', from);
    if ((await this.stats(to)) !== null) throw new LayerscopeError('EXISTS', `${to} is there`);
    await rename(from, to).catch((error: unknown) => {
      throw asFileError(error, from);
    });
  }

  async readFile(file: string): Promise<Uint8Array> {
    this.note('readFile', file);
    return readFile(file).catch((error: unknown) => {
      throw asFileError(error, file);
    });
  }

  async writeFile(file: string, bytes: Uint8Array): Promise<void> {
    this.note('writeFile', file);
    await writeFile(`${file}.new`, bytes).catch((error: unknown) => {
      throw asFileError(error, file);
    });
    await rename(`${file}.new`, file);
  }
}

/** Splits a name below a root into its parts. Throws as the native interface specifies. */
function partsOf(name: string): string[] {
  if (/^[\\/]/.test(name)) throw new LayerscopeError('PATH_ESCAPE', `${name}: expected relative path`);
  const parts: string[] = [];
  for (const part of name.split(/[\\/]/)) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (parts.pop() === undefined) throw new LayerscopeError('PATH_ESCAPE', `${name}: leads out`);
    } else if (/[:\0]/.test(part)) throw new LayerscopeError('NAME_REFUSED', `${name}: path contains invalid character`);
    else parts.push(part);
  }
  return parts;
}

class NodeRoot implements RootFolder {
  readonly path: string;
  readonly #files: NodeFiles;

  constructor(files: NodeFiles, folder: string) {
    this.#files = files;
    this.path = folder;
    files.openPaths.add(folder);
  }

  /** Returns the absolute path of a name. Checks each folder on the path. */
  async #at(name: string): Promise<string> {
    const parts = partsOf(name);
    let at = this.path;
    for (const [index, part] of parts.entries()) {
      at = path.join(at, part);
      if (index === parts.length - 1) break;
      const stats = await this.#files.stats(at);
      if (stats === null) throw new LayerscopeError('NOT_FOUND', `${name}: Path not found.`);
      if (!stats.isDirectory() || (this.#files.kept(stats).attributes & FILE_ATTRIBUTE.reparsePoint) !== 0) {
        throw new LayerscopeError(
          stats.isDirectory() || stats.isSymbolicLink() ? 'PATH_ESCAPE' : 'NOT_FOUND',
          `${name}: a link or file is on the way to it`,
        );
      }
    }
    return at;
  }

  async open(name: string, options: OpenOptions): Promise<OpenFile> {
    this.#files.note('open', name);
    const at = await this.#at(name);
    if (options.create === 'new' && (await this.#files.stats(at)) !== null)
      throw new LayerscopeError('EXISTS', `${name}: File already exists.`);
    if (options.create === 'new' && options.folder === true) await mkdir(at);
    const stats = await this.#files.stats(at);
    if (stats === null && options.create === 'existing') throw new LayerscopeError('NOT_FOUND', `${name}: File not found.`);
    if (stats?.isSymbolicLink()) throw new LayerscopeError('PATH_ESCAPE', `${name}: a link of this system`);
    const isFolder = stats?.isDirectory() ?? false;
    const flags = isFolder
      ? constants.O_RDONLY | constants.O_DIRECTORY
      : options.create === 'new'
        ? constants.O_RDWR | constants.O_CREAT | constants.O_EXCL
        : constants.O_RDWR;
    const handle = await open(at, flags, 0o600).catch((error: unknown) => {
      throw asFileError(error, name);
    });
    return new NodeFile(this.#files, handle, at, isFolder);
  }

  async facts(name: string): Promise<FileFacts | null> {
    this.#files.note('facts', name);
    try {
      return await this.#files.factsOf(await this.#at(name));
    } catch (error) {
      if (error instanceof LayerscopeError && error.code === 'NOT_FOUND') return null;
      throw error;
    }
  }

  async list(name: string): Promise<readonly ListedFile[]> {
    this.#files.note('list', name);
    return this.#files.listOf(await this.#at(name));
  }

  async makeFolder(name: string): Promise<void> {
    this.#files.note('makeFolder', name);
    await mkdir(await this.#at(name)).catch((error: unknown) => {
      throw asFileError(error, name);
    });
  }

  async remove(name: string): Promise<void> {
    this.#files.note('remove', name);
    const at = await this.#at(name);
    const stats = await this.#files.stats(at);
    if (stats === null) throw new LayerscopeError('NOT_FOUND', `${name}: File not found.`);
    await (stats.isDirectory() ? rmdir(at) : unlink(at)).catch((error: unknown) => {
      throw asFileError(error, name);
    });
    this.#files.forget(stats);
  }

  async removeAll(name: string): Promise<void> {
    this.#files.note('removeAll', name);
    try {
      await this.#files.removeTree(await this.#at(name));
    } catch (error) {
      if (!(error instanceof LayerscopeError && error.code === 'NOT_FOUND')) throw error;
    }
  }

  async link(name: string, targetRoot: RootFolder, target: string): Promise<void> {
    this.#files.note('link', name);
    await linkFile(await (targetRoot as NodeRoot).#at(target), await this.#at(name)).catch((error: unknown) => {
      throw asFileError(error, name);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#files.openPaths.delete(this.path);
  }
}

class NodeFile implements OpenFile {
  readonly #files: NodeFiles;
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #isFolder: boolean;
  #written = 0;
  /** A write time to set when the file is closed: on NTFS, writing through a handle that has set the time doesn't change it. */
  #time: bigint | null = null;

  constructor(files: NodeFiles, handle: FileHandle, absolute: string, isFolder: boolean) {
    this.#files = files;
    this.#handle = handle;
    this.#path = absolute;
    this.#isFolder = isFolder;
    files.openPaths.add(absolute);
  }

  async #kept(): Promise<Kept> {
    return this.#files.kept(await this.#handle.stat({ bigint: true }));
  }

  async basicInfo(): Promise<FileBasicInfo> {
    this.#files.note('basicInfo', this.#path);
    const kept = await this.#kept();
    return {
      creationTimeFiletime: kept.creation,
      accessTimeFiletime: kept.access,
      writeTimeFiletime: kept.write,
      changeTimeFiletime: kept.change,
      attributes: kept.attributes,
    };
  }

  async setBasicInfo(info: FileBasicInfo): Promise<void> {
    this.#files.note('setBasicInfo', this.#path);
    const kept = await this.#kept();
    if (info.creationTimeFiletime !== 0n) kept.creation = info.creationTimeFiletime;
    if (info.accessTimeFiletime !== 0n) kept.access = info.accessTimeFiletime;
    if (info.writeTimeFiletime !== 0n) {
      kept.write = info.writeTimeFiletime;
      this.#time = info.writeTimeFiletime;
    }
    if (info.changeTimeFiletime !== 0n) kept.change = info.changeTimeFiletime;
    // As on NTFS, a file can't be turned into a folder or a link by its attributes.
    const fixed = FILE_ATTRIBUTE.directory | FILE_ATTRIBUTE.reparsePoint | FILE_ATTRIBUTE.sparseFile;
    if (info.attributes !== 0) kept.attributes = (info.attributes & ~fixed) | (kept.attributes & fixed);
  }

  async facts(): Promise<FileFacts> {
    const stats = await this.#handle.stat({ bigint: true });
    return { attributes: this.#files.kept(stats).attributes, sizeBytes: this.#isFolder ? 0 : Number(stats.size) };
  }

  async links(): Promise<FileLinks> {
    const stats: Stats = await this.#handle.stat();
    return { count: this.#isFolder ? 1 : stats.nlink, fileId: stats.ino.toString(16).padStart(32, '0') };
  }

  async read(buffer: Uint8Array, offset: number): Promise<number> {
    this.#files.note('read', this.#path);
    const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, offset);
    return bytesRead;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#files.note('write', this.#path);
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#handle.write(bytes, at, bytes.length - at, this.#written);
      at += bytesWritten;
      this.#written += bytesWritten;
    }
  }

  async *backup({ security }: { readonly security: boolean }): AsyncGenerator<Uint8Array, void, undefined> {
    this.#files.note('backup', this.#path);
    const { streams } = await this.#kept();
    const writer = new BackupStreamWriter();
    const all = streams.filter(({ id }) => security || id !== STREAM_ID.security);
    const stand = function* (wanted: (id: number) => boolean): Generator<Uint8Array> {
      for (const { id, attributes, name, bytes } of all) {
        if (!wanted(id)) continue;
        yield writer.head({ id, attributes, name, sizeBytes: bytes.length, offset: 0 });
        if (bytes.length > 0) yield writer.data(bytes);
      }
    };
    yield* stand((id) => BEFORE_DATA.has(id));
    if (!this.#isFolder && !all.some(({ id }) => id === STREAM_ID.reparsePoint)) {
      const { size } = await this.#handle.stat();
      yield writer.head({ id: STREAM_ID.data, attributes: 0, name: '', sizeBytes: size, offset: 0 });
      const buffer = new Uint8Array(64 * 1024);
      for (let at = 0; at < size; ) {
        const { bytesRead } = await this.#handle.read(buffer, 0, Math.min(buffer.length, size - at), at);
        if (bytesRead === 0) break;
        yield writer.data(buffer.subarray(0, bytesRead));
        at += bytesRead;
      }
    }
    yield* stand((id) => !BEFORE_DATA.has(id));
  }

  backupSink({ security }: { readonly security: boolean }): BackupSink {
    const reader = new BackupStreamReader();
    let current: { id: number; attributes: number; name: string; parts: Uint8Array[] } | null = null;
    const keep = async (): Promise<void> => {
      const done = current;
      current = null;
      if (done === null || done.id === STREAM_ID.data) return;
      if (done.id === STREAM_ID.security && !security) return;
      const kept = await this.#kept();
      kept.streams.push({ id: done.id, attributes: done.attributes, name: done.name, bytes: Buffer.concat(done.parts) });
      if (done.id === STREAM_ID.reparsePoint) kept.attributes |= FILE_ATTRIBUTE.reparsePoint;
    };
    let at = 0;
    return {
      write: async (bytes) => {
        this.#files.note('BackupWrite', this.#path);
        for (const piece of reader.push(bytes)) {
          if (piece.kind === 'stream') {
            await keep();
            const { id, attributes, name } = piece.stream;
            current = { id, attributes, name, parts: [] };
            at = 0;
          } else if (current?.id === STREAM_ID.data) {
            for (let done = 0; done < piece.bytes.length; ) {
              const { bytesWritten } = await this.#handle.write(piece.bytes, done, piece.bytes.length - done, at);
              done += bytesWritten;
              at += bytesWritten;
            }
          } else current?.parts.push(piece.bytes.slice());
        }
      },
      [Symbol.asyncDispose]: async () => {
        await keep();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#files.openPaths.delete(this.#path);
    // A copy of the file preserves only its write time, so that time is set on disk too.
    const seconds = this.#time === null ? null : Number(this.#time - EPOCH) / 1e7;
    if (seconds !== null) await this.#handle.utimes(seconds, seconds);
    await this.#handle.close();
  }
}

/** Removes a test's folder with everything in it. */
export async function removeAnyway(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}
