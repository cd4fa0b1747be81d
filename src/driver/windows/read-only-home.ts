// Reads a Windows driver's home without Windows, from a copy or a mounted Windows disk. Lists chains, sizes and leftovers; mounting and
// exporting require Windows.
import { constants, type Stats } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { FILE_ATTRIBUTE } from '#format/windows-tar';
import { encodeUtf8, foldWindowsCase, LayerscopeError } from '#model';
import type { DriverChange, DriverName, GraphDriver, LayerFiles, LayerInfo, LayerMetadata, Mount, SharedBaseImage } from '../driver.ts';
import { type HomeFiles, LayerHome } from './layer-home.ts';
import type { FileFacts, ListedFile } from './native.ts';

/** Maximum size of layerchain.json and layout files: a chain of 2,000 layers takes 520 kB. */
const MAX_FILE_BYTES = 1024 * 1024;

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/**
 * Returns a file's Windows attributes; none for pipes, sockets and devices, which Windows layers don't contain and which are never read.
 */
function attributesOf(stats: Stats): number {
  if (stats.isDirectory()) return FILE_ATTRIBUTE.directory;
  if (stats.isSymbolicLink()) return FILE_ATTRIBUTE.reparsePoint;
  return stats.isFile() ? FILE_ATTRIBUTE.archive : 0;
}

async function factsOf(file: string): Promise<FileFacts | null> {
  try {
    const stats = await lstat(file);
    return { attributes: attributesOf(stats), sizeBytes: stats.isDirectory() ? 0 : stats.size };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/**
 * Returns a file's path below `home` as it is actually spelled, so that names are found in any case, as on Windows, even on a
 * case-sensitive system. Returns the path unchanged if there is no such file.
 */
async function spelled(home: string, file: string): Promise<string> {
  if (file === home || (await factsOf(file)) !== null || !file.startsWith(home + path.sep)) return file;
  const folder = await spelled(home, path.dirname(file));
  const [name] = await spellingsIn(folder, path.basename(file));
  return name === undefined ? file : path.join(folder, name);
}

async function spellingsIn(folder: string, name: string): Promise<readonly string[]> {
  const wanted = foldWindowsCase(name);
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return names.filter((found) => foldWindowsCase(found) === wanted).sort();
}

/** Returns the file calls for a home. Never follows links. */
function filesBelow(home: string): HomeFiles {
  return {
    facts: async (file) => factsOf(await spelled(home, file)),
    list: async (folder) => NODE_FILES.list(await spelled(home, folder)),
    readFile: async (file) => NODE_FILES.readFile(await spelled(home, file)),
    spellings: async (folder, name) => spellingsIn(await spelled(home, folder), name),
  };
}

const NODE_FILES: Pick<HomeFiles, 'list' | 'readFile'> = {
  async list(folder) {
    const names = await readdir(folder).catch((error: unknown) => {
      throw isMissing(error) ? new LayerscopeError('NOT_FOUND', `no folder ${folder}`) : error;
    });
    names.sort((a, b) => Buffer.compare(encodeUtf8(a), encodeUtf8(b)));
    const listed: ListedFile[] = [];
    for (const name of names) {
      const facts = await factsOf(path.join(folder, name));
      if (facts !== null) listed.push({ name, ...facts });
    }
    return listed;
  },
  async readFile(file) {
    const facts = await factsOf(file);
    if (facts === null || (facts.attributes & FILE_ATTRIBUTE.archive) === 0) throw new LayerscopeError('NOT_FOUND', `no file ${file}`);
    if (facts.sizeBytes > MAX_FILE_BYTES) throw new LayerscopeError('TOO_LARGE', `${file}: ${facts.sizeBytes} bytes`);
    // A link or a pipe may have replaced the file by now: the link isn't followed, and the pipe doesn't block.
    await using handle = await open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    if (!(await handle.stat()).isFile()) throw new LayerscopeError('NOT_FOUND', `no file ${file}`);
    return await handle.readFile();
  },
};

export class ReadOnlyWindowsHome implements GraphDriver {
  readonly name: DriverName;
  readonly home: string;
  readonly #home: LayerHome;

  private constructor(name: DriverName, home: string) {
    this.name = name;
    this.home = home;
    this.#home = new LayerHome(home, filesBelow(home), path);
  }

  /** Opens a home. Throws NOT_FOUND if the home isn't a folder. */
  static async open(name: DriverName, home: string): Promise<ReadOnlyWindowsHome> {
    const facts = await factsOf(home);
    if (facts === null || (facts.attributes & (FILE_ATTRIBUTE.directory | FILE_ATTRIBUTE.reparsePoint)) === 0) {
      throw new LayerscopeError('NOT_FOUND', `no folder ${home}`);
    }
    return new ReadOnlyWindowsHome(name, home);
  }

  async status(): Promise<readonly (readonly [string, string])[]> {
    return [['Windows', 'read only']];
  }

  list(): Promise<readonly LayerInfo[]> {
    return this.#home.list();
  }

  async exists(id: string): Promise<boolean> {
    return (await this.list()).some((layer) => foldWindowsCase(layer.id) === foldWindowsCase(id) && layer.state !== 'leftover');
  }

  async chain(id: string): Promise<readonly string[]> {
    const found = await this.#home.find(id);
    const info = (await this.list()).find((layer) => foldWindowsCase(layer.id) === foldWindowsCase(found));
    if (info === undefined || info.state !== 'ready') throw new LayerscopeError('IO', `layer ${found} is broken: ${info?.problem ?? ''}`);
    return info.chain;
  }

  async metadata(id: string): Promise<LayerMetadata> {
    return { dir: await spelled(this.home, this.#home.folder(await this.#home.find(id))) };
  }

  /**
   * Returns the total size of the files in the layer's folder, counting each hard-linked file once. Only Windows can tell which of them the
   * layer changed.
   */
  async diffSize(id: string): Promise<number> {
    const seen = new Set<string>();
    const sum = async (folder: string): Promise<number> => {
      let total = 0;
      for (const entry of await readdir(folder, { withFileTypes: true })) {
        const file = path.join(folder, entry.name);
        if (entry.isDirectory()) total += await sum(file);
        else if (entry.isFile()) {
          const stats = await lstat(file);
          const key = `${stats.dev}:${stats.ino}`;
          if (stats.nlink > 1 && seen.has(key)) continue;
          seen.add(key);
          total += stats.size;
        }
      }
      return total;
    };
    return sum(await spelled(this.home, this.#home.folder(await this.#home.find(id))));
  }

  async baseImages(): Promise<readonly SharedBaseImage[]> {
    return [];
  }

  async cleanup(): Promise<readonly string[]> {
    return this.#refuse();
  }

  create = this.#refusing<void>();
  createReadWrite = this.#refusing<void>();
  remove = this.#refusing<void>();
  mount = this.#refusing<Mount>();
  releaseLeft = this.#refusing<void>();
  applyDiff = this.#refusing<{ readonly sizeBytes: number }>();
  files = this.#refusing<LayerFiles>();
  adoptBaseImage = this.#refusing<string>();

  // biome-ignore lint/correctness/useYield: always throws
  async *diff(): AsyncGenerator<Uint8Array> {
    this.#refuse();
  }

  // biome-ignore lint/correctness/useYield: always throws
  async *changes(): AsyncGenerator<DriverChange> {
    this.#refuse();
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #refusing<T>(): () => Promise<T> {
    return async () => this.#refuse();
  }

  #refuse(): never {
    throw new LayerscopeError('UNSUPPORTED', `${this.home} is open read-only: its layers need Windows for that`);
  }
}
