// Reads a Windows driver's home without Windows: a copy, or a Windows disk mounted here. Lists chains, sizes and leftovers; mounting and
// exporting need Windows.
import { lstat, open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { FILE_ATTRIBUTE } from '#format/windows-tar';
import { encodeUtf8, LayerscopeError } from '#model';
import type { DriverChange, DriverName, GraphDriver, LayerFiles, LayerInfo, LayerMetadata, Mount, SharedBaseImage } from '../driver.ts';
import { type HomeFiles, LayerHome } from './layer-home.ts';
import type { FileFacts, ListedFile } from './native.ts';

const MAX_FILE_BYTES = 16 * 1024 * 1024;

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

async function factsOf(file: string): Promise<FileFacts | null> {
  try {
    const stats = await lstat(file);
    const kind = stats.isDirectory()
      ? FILE_ATTRIBUTE.directory
      : stats.isSymbolicLink()
        ? FILE_ATTRIBUTE.reparsePoint
        : FILE_ATTRIBUTE.archive;
    return { attributes: kind, sizeBytes: stats.isDirectory() ? 0 : stats.size };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Never follows links. */
const NODE_FILES: HomeFiles = {
  facts: factsOf,
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
    await using handle = await open(file, 'r');
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
    this.#home = new LayerHome(home, NODE_FILES, path);
  }

  /** Throws NOT_FOUND if the home isn't a folder. */
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
    return (await this.list()).some((layer) => layer.id === id && layer.state !== 'leftover');
  }

  async chain(id: string): Promise<readonly string[]> {
    const found = await this.#home.find(id);
    const info = (await this.list()).find((layer) => layer.id === found);
    if (info === undefined || info.state !== 'ready') throw new LayerscopeError('IO', `layer ${found} is broken: ${info?.problem ?? ''}`);
    return info.chain;
  }

  async metadata(id: string): Promise<LayerMetadata> {
    return { dir: this.#home.folder(await this.#home.find(id)) };
  }

  /** Total size of the files in the layer's folder, hard links once: only Windows can separate the layer's own changes. */
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
    return sum(this.#home.folder(await this.#home.find(id)));
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
  applyDiff = this.#refusing<{ readonly sizeBytes: number }>();
  files = this.#refusing<LayerFiles>();
  adoptBaseImage = this.#refusing<string>();

  // biome-ignore lint/correctness/useYield: it only refuses
  async *diff(): AsyncGenerator<Uint8Array> {
    this.#refuse();
  }

  // biome-ignore lint/correctness/useYield: it only refuses
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
