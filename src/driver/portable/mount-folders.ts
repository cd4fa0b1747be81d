// Chains laid out in folders of the store: one a mount, gone at its release, and one that stays for each read-write layer.
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
import { isThere, thisProcess } from './writer-lock.ts';

export class MountFolders {
  readonly #place: PortableHome;
  readonly #home: string;
  /** What goes at the release, by layer. */
  readonly #held = new Map<string, string>();

  constructor(home: PortableHome) {
    this.#place = home;
    this.#home = home.folder;
  }

  /** A read-write layer's files, whether they were laid out yet or not. */
  writtenRoot(id: string): string {
    return path.join(this.#home, 'written', id, 'root');
  }

  /** The first of these layers that a process which is there has mounted, this one too. */
  async mountedOf(ids: ReadonlySet<string>): Promise<string | null> {
    for (const { id, owner } of await this.#mounts()) if (ids.has(id) && isThere(owner)) return id;
    return null;
  }

  /** Layers, the lowest first, laid out for a mount. Returns the root. Nothing is left of a failure. */
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

  /** A read-write layer's folder stays from mount to mount; it is laid out, with its snapshot, at the first. */
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

  async release(id: string): Promise<void> {
    const folder = this.#held.get(id);
    this.#held.delete(id);
    if (folder !== undefined) await this.#remove('mounts', path.basename(folder));
  }

  /** Takes away mounts of a layer that processes left which have ended. NOT_FOUND; EXISTS where one is there. */
  async releaseLeft(id: string): Promise<void> {
    const all = (await this.#mounts()).filter((mount) => mount.id === id);
    for (const { owner } of all)
      if (isThere(owner)) throw new LayerscopeError('EXISTS', `layer ${id} is mounted by process ${owner?.pid}, which is still there`);
    if (all.length === 0) throw new LayerscopeError('NOT_FOUND', `layer ${id} is not mounted`);
    for (const { name } of all) await this.#remove('mounts', name);
  }

  /** What a read-write layer's folder held at first, by path; null: it was never mounted. */
  async snapshot(id: string): Promise<Map<string, SnapshotEntry> | null> {
    const file = path.join(this.#home, 'written', id, 'snapshot');
    const root = await statsOf(this.writtenRoot(id));
    if (root === null && (await statsOf(file)) === null) return null;
    await this.#place.folders.check();
    if (root?.isDirectory() !== true) throw new LayerscopeError('IO', `layer ${id} is damaged: its files are not there`);
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

  async removeWritten(id: string): Promise<void> {
    await this.#remove('written', id);
  }

  /** Takes away folders of these layers' mounts that processes left which are gone. */
  async sweepMountsOf(ids: ReadonlySet<string>): Promise<void> {
    if (!this.#place.isSwept) return;
    for (const { name, id, owner } of await this.#mounts()) if (ids.has(id) && !isThere(owner)) await this.#remove('mounts', name);
  }

  /** What processes left that are gone, and folders of layers that are not there, by name. */
  async left(
    isLayer: (id: string) => Promise<boolean>,
  ): Promise<{ readonly mounts: readonly string[]; readonly written: readonly string[] }> {
    const mounts: string[] = [];
    const written: string[] = [];
    for (const { name, owner } of await this.#mounts()) if (!isThere(owner)) mounts.push(name);
    for (const id of await this.#names('written')) {
      const isOurs = ID.test(id) && (await statsOf(path.join(this.#home, 'written', id, 'snapshot'))) !== null;
      if (isOurs && !(await isLayer(id))) written.push(id);
    }
    return { mounts, written };
  }

  /** Takes those away. Returns their names. */
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

  /** Folders that mounts have made; others are somebody else's. */
  async #mounts(): Promise<Left[]> {
    const found: Left[] = [];
    for (const name of await this.#names('mounts')) {
      const [, id, pid, began] = MOUNT.exec(name) ?? [];
      if (id === undefined) continue;
      const owner = (await readJson(path.join(this.#home, 'mounts', name, 'owner')).catch(() => undefined)) as Owner | null | undefined;
      if (owner?.id === id) found.push({ name, id, owner });
      // It was killed, or is about to write who it is: its name says so as well.
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
    // What a layer may hold, set-id programs and folders that anyone may write, is no other user's to enter, least of all half-made.
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

/** A layer's id, random digits, and the process that made it. */
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
