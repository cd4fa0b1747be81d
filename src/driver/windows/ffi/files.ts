// Files by their paths: the home, the folders of its layers, and the few small files in them. Files inside a layer are accessed through a
// root (root.ts). Paths use the \\?\ form, which has no device names and no 260-unit limit.
import { lstat, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile, writeWhole } from '#files';
import { FILE_ATTRIBUTE } from '#format/windows-tar';
import { asLayerscopeError, displayText, encodeUtf8, LayerscopeError } from '#model';
import type { FileCalls, FileFacts, ListedFile, RootFolder } from '../native.ts';
import type { Calls } from './calls.ts';
import { makePrivateFolder } from './private-folder.ts';
import { NativeRoot } from './root.ts';

const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** Returns the \\?\ form of a path. */
function longPath(absolute: string): string {
  return path.win32.toNamespacedPath(path.win32.resolve(absolute));
}

export class NativeFiles implements FileCalls {
  readonly #calls: Calls;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  async openRoot(folder: string): Promise<RootFolder> {
    return NativeRoot.open(this.#calls, folder, longPath(folder));
  }

  async makePrivateFolder(folder: string): Promise<void> {
    makePrivateFolder(this.#calls, folder, longPath(folder));
  }

  async removeAll(folder: string): Promise<void> {
    // Open the folder through its parent, so that no link is followed.
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
    await this.#calls.check('MoveFileExW', displayText(from), longPath(from), longPath(to), 0);
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
    await plainly(() => replaceFile(longPath(file), writeWhole(bytes), { unfinished, durable: true }));
  }
}

async function plainly<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asLayerscopeError(error);
  }
}
