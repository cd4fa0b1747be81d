// The folders that chains are laid out in: one for each mount, removed on release, and a lasting one for each read-write layer.
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { asLayerscopeError, LayerscopeError } from '#model';
import type { MountOptions } from '../driver.ts';
import { onDisk, openOwnFile, readJson, statsOf } from './durable.ts';
import type { LayerRecord } from './layer-record.ts';
import { layOutChain } from './mount-chain.ts';
import type { PortableHome } from './portable-home.ts';
import { type SnapshotEntry, walkTree } from './tree-diff.ts';
import { isRunning, thisProcess } from './writer-lock.ts';

/** The `mounts` and `written` folders of a home. */
export class MountFolders {
  readonly #place: PortableHome;
  readonly #home: string;
  /** Folders to remove on release, by layer id. */
  readonly #held = new Map<string, string>();

  constructor(home: PortableHome) {
    this.#place = home;
    this.#home = home.folder;
  }

  /** The path of a read-write layer's files, which may not exist yet. */
  writtenRoot(id: string): string {
    return path.join(this.#home, 'written', id, 'root');
  }

  /** Returns the first of these layers that a running process has mounted, including this one; null if there is none. */
  async mountedOf(ids: ReadonlySet<string>): Promise<string | null> {
    for (const { id, owner } of await this.#mounts()) if (ids.has(id) && isRunning(owner)) return id;
    return null;
  }

  /** Lays out layers, lowest first, for a mount and returns the root. Removes everything again on failure. */
  async mount(id: string, layers: readonly LayerRecord[], options: MountOptions): Promise<string> {
    const folder = await this.#newFolder(id);
    const root = path.join(folder, 'root');
    try {
      await onDisk(() => mkdir(root, { mode: 0o700 }));
      await layOutChain(root, layers, this.#place, options);
    } catch (error) {
      await this.#remove('mounts', path.basename(folder));
      throw error;
    }
    this.#held.set(id, folder);
    return root;
  }

  /** Mounts a read-write layer: lays out its folder and takes the snapshot the first time, and reuses the folder afterwards. */
  async mountWritten(id: string, below: readonly LayerRecord[], options: MountOptions): Promise<string> {
    const mark = await this.#newFolder(id);
    const folder = path.join(this.#home, 'written', id);
    try {
      if ((await statsOf(folder)) === null) {
        const unfinished = path.join(mark, 'unfinished');
        const root = path.join(unfinished, 'root');
        await onDisk(() => mkdir(unfinished, { mode: 0o700 }));
        await onDisk(() => mkdir(root, { mode: 0o700 }));
        await layOutChain(root, below, this.#place, options);
        await onDisk(async () => {
          {
            await using snapshot = await open(path.join(unfinished, 'snapshot'), 'wx', 0o600);
            for await (const entry of walkTree(root, options.signal)) await snapshot.writeFile(`${JSON.stringify(entry)}\n`);
          }
          await this.#place.folders.make('written');
          await rename(unfinished, folder);
        });
      }
    } catch (error) {
      await this.#remove('mounts', path.basename(mark));
      throw error;
    }
    this.#held.set(id, mark);
    return this.writtenRoot(id);
  }

  /** Removes the folder of this process's mount of a layer; a read-write layer's files stay. */
  async release(id: string): Promise<void> {
    const folder = this.#held.get(id);
    this.#held.delete(id);
    if (folder !== undefined) await this.#remove('mounts', path.basename(folder));
  }

  /** Removes mounts of a layer whose processes have ended. Throws NOT_FOUND if there are none, EXISTS if a process is still running. */
  async releaseLeft(id: string): Promise<void> {
    const all = (await this.#mounts()).filter((mount) => mount.id === id);
    for (const { owner } of all)
      if (isRunning(owner)) throw new LayerscopeError('EXISTS', `layer ${id} is mounted by process ${owner?.pid}, which is still running`);
    if (all.length === 0) throw new LayerscopeError('NOT_FOUND', `layer ${id} is not mounted`);
    for (const { name } of all) await this.#remove('mounts', name);
  }

  /** Reads what a read-write layer's folder held at first, by path; null if it was never mounted. Throws IO. */
  async snapshot(id: string): Promise<Map<string, SnapshotEntry> | null> {
    const file = path.join(this.#home, 'written', id, 'snapshot');
    const root = await statsOf(this.writtenRoot(id));
    if (root === null && (await statsOf(file)) === null) return null;
    await this.#place.folders.check();
    if (root?.isDirectory() !== true) throw new LayerscopeError('IO', `layer ${id} is damaged: its files are missing`);
    const entries = new Map<string, SnapshotEntry>();
    await using handle = await onDisk(() => openOwnFile(file));
    try {
      for await (const line of createInterface({ input: handle.createReadStream({ autoClose: false }) })) {
        const entry = JSON.parse(line) as SnapshotEntry;
        entries.set(entry.path, entry);
      }
    } catch (error) {
      if (error instanceof SyntaxError)
        throw new LayerscopeError('IO', `layer ${id} is damaged: its snapshot can't be read`, { cause: error });
      throw error;
    }
    return entries;
  }

  /** Removes a read-write layer's folder. */
  async removeWritten(id: string): Promise<void> {
    await this.#remove('written', id);
  }

  /** Removes the folders of these layers' mounts whose processes have ended. */
  async sweepMountsOf(ids: ReadonlySet<string>): Promise<void> {
    if (!this.#place.isSwept) return;
    for (const { name, id, owner } of await this.#mounts()) if (ids.has(id) && !isRunning(owner)) await this.#remove('mounts', name);
  }

  /** Names of mounts whose processes have ended, and of read-write layers' folders whose layer doesn't exist. */
  async left(
    isLayer: (id: string) => Promise<boolean>,
  ): Promise<{ readonly mounts: readonly string[]; readonly written: readonly string[] }> {
    const mounts: string[] = [];
    const written: string[] = [];
    for (const { name, owner } of await this.#mounts()) if (!isRunning(owner)) mounts.push(name);
    for (const id of await this.#names('written')) {
      const isOurs = ID.test(id) && (await statsOf(path.join(this.#home, 'written', id, 'snapshot'))) !== null;
      if (isOurs && !(await isLayer(id))) written.push(id);
    }
    return { mounts, written };
  }

  /** Removes those, and returns their names. */
  async sweep(isLayer: (id: string) => Promise<boolean>): Promise<string[]> {
    if (!this.#place.isSwept) return [];
    const { mounts, written } = await this.left(isLayer);
    for (const name of mounts) await this.#remove('mounts', name);
    for (const id of written) await this.removeWritten(id);
    return [...mounts, ...written];
  }

  async #remove(folder: 'mounts' | 'written', name: string): Promise<void> {
    // What says whose it is goes last: if the rest can't be removed, the next attempt still finds it.
    await this.#place.folders.remove(folder, name, 'root');
    await this.#place.folders.remove(folder, name);
  }

  async #names(folder: 'mounts' | 'written'): Promise<string[]> {
    return onDisk(() => readdir(path.join(this.#home, folder))).catch((error: unknown) => {
      if (asLayerscopeError(error).code === 'NOT_FOUND') return [];
      throw error;
    });
  }

  /** The folders that mounts of any process created. Ignores all others. */
  async #mounts(): Promise<Left[]> {
    const found: Left[] = [];
    for (const name of await this.#names('mounts')) {
      const [, id, pid, began] = MOUNT.exec(name) ?? [];
      if (id === undefined) continue;
      const owner = (await readJson(path.join(this.#home, 'mounts', name, 'owner')).catch(() => undefined)) as Owner | null | undefined;
      if (owner?.id === id) found.push({ name, id, owner });
      // The process was killed before it wrote its owner file, or is about to write it. The folder's name identifies it too.
      else if (await this.#isEmpty(name)) found.push({ name, id, owner: { id, pid: Number(pid), began: began === '0' ? null : began } });
    }
    return found;
  }

  async #isEmpty(name: string): Promise<boolean> {
    const names = await onDisk(() => readdir(path.join(this.#home, 'mounts', name))).catch(() => ['?']);
    return names.every((below) => below === 'owner');
  }

  async #newFolder(id: string): Promise<string> {
    const me = thisProcess();
    const name = `${id}-${randomBytes(6).toString('hex')}-${me.pid}-${me.began ?? '0'}`;
    const folder = path.join(this.#home, 'mounts', name);
    await this.#place.folders.make('mounts');
    // A layer may hold set-id programs and world-writable folders, so other users must not get in, least of all before it is complete.
    await onDisk(() => mkdir(folder, { mode: 0o700 }));
    try {
      await onDisk(() => writeFile(path.join(folder, 'owner'), JSON.stringify({ ...me, id }), { mode: 0o600 }));
    } catch (error) {
      await this.#remove('mounts', name);
      throw error;
    }
    return folder;
  }
}

/** Name of a mount's folder: layer id, random digits, and the id and start time of its process. */
const MOUNT = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,127})-[0-9a-f]{12}-(\d+)-(\d+)$/;
const ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;

interface Owner {
  readonly id: unknown;
  readonly pid: unknown;
  readonly began: unknown;
}

interface Left {
  readonly name: string;
  readonly id: string;
  readonly owner: Owner;
}
