// The folders in which chains are laid out: one per mount, removed on release, and a permanent one for each read-write layer.
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { walkTree } from '#disk';
import { placeFolder } from '#files';
import { asLayerscopeError, displayText, LayerscopeError } from '#model';
import type { MountOptions } from '../driver.ts';
import type { LayerRecord } from './layer-record.ts';
import { layOutChain } from './mount-chain.ts';
import { onDisk, openOwnFile, readJson, statsOf } from './own-files.ts';
import type { PortableHome } from './portable-home.ts';
import { readSnapshot, type SnapshotEntry, snapshotLine } from './snapshot.ts';
import { isElsewhere, isRunning, thisProcess } from './writer-lock.ts';

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

  /** Returns the path of a read-write layer's files, which may not exist yet. */
  writtenRoot(id: string): string {
    return path.join(this.#home, 'written', id, 'root');
  }

  /**
   * Returns the first of these layers that is mounted, or being mounted, by a running process (including this one), or that was left
   * mounted by a process that has exited; null if there is none.
   */
  async mountedOf(ids: ReadonlySet<string>): Promise<MountedLayer | null> {
    const found = (await this.#mounts()).filter(({ id }) => ids.has(id));
    for (const { id, owner } of found) if (isRunning(owner)) return { id, isLeft: false };
    for (const { id, name } of found) if (await this.#isComplete(name)) return { id, isLeft: true };
    return null;
  }

  /** Returns the ids of layers that were left mounted by processes that have exited. */
  async leftMounted(): Promise<string[]> {
    const ids = new Set<string>();
    for (const { id, name, owner } of await this.#mounts()) if (!isRunning(owner) && (await this.#isComplete(name))) ids.add(id);
    return [...ids];
  }

  /**
   * Mounts a layer and returns the root. `find` is called once other processes can see the mount, and returns the layer and its parents,
   * nearest first. From then on no process removes them. Cleans up on failure.
   */
  async mount(id: string, find: () => Promise<FoundLayer>, options: MountOptions): Promise<string> {
    const mark = await this.#newFolder(id);
    try {
      const { record, parents } = await find();
      const below = [...parents].reverse();
      const root = record.readWrite ? await this.#layWritten(id, mark, below, options) : await this.#lay(mark, [...below, record], options);
      await onDisk(() => writeFile(path.join(mark, COMPLETE), '', { flag: 'wx', mode: 0o600 }));
      this.#held.set(id, mark);
      return root;
    } catch (error) {
      await this.#remove('mounts', path.basename(mark));
      throw error;
    }
  }

  /** Lays out layers, lowest first. */
  async #lay(folder: string, layers: readonly LayerRecord[], options: MountOptions): Promise<string> {
    const root = path.join(folder, 'root');
    await onDisk(() => mkdir(root, { mode: 0o700 }));
    await layOutChain(root, layers, this.#place, options);
    return root;
  }

  /** On the first mount, lays out a read-write layer's folder and takes the snapshot; afterwards, reuses the folder. */
  async #layWritten(id: string, mark: string, below: readonly LayerRecord[], options: MountOptions): Promise<string> {
    const folder = path.join(this.#home, 'written', id);
    if ((await statsOf(folder)) !== null) return this.writtenRoot(id);
    const unfinished = path.join(mark, 'unfinished');
    await onDisk(() => mkdir(unfinished, { mode: 0o700 }));
    const root = await this.#lay(unfinished, below, options);
    await onDisk(async () => {
      {
        await using snapshot = await open(path.join(unfinished, SNAPSHOT), 'wx', 0o600);
        let lines = '';
        // The snapshot is taken last, because anything done to a file changes its ctime.
        for await (const entry of walkTree(root, options.signal)) {
          lines += snapshotLine(entry);
          if (lines.length < WRITE_AT) continue;
          await snapshot.writeFile(lines);
          lines = '';
        }
        await snapshot.writeFile(lines);
      }
      await this.#place.folders.make('written');
    });
    try {
      await onDisk(async () => placeFolder(unfinished, folder));
    } catch (error) {
      // EXISTS: another process has mounted the layer for the first time in the meantime.
      if (asLayerscopeError(error).code !== 'EXISTS' || (await statsOf(this.writtenRoot(id)))?.isDirectory() !== true) throw error;
      await this.#place.folders.remove('mounts', path.basename(mark), 'unfinished');
    }
    return this.writtenRoot(id);
  }

  /** Removes the folder of this process's mount of a layer; a read-write layer's files stay. */
  async release(id: string): Promise<void> {
    const folder = this.#held.get(id);
    this.#held.delete(id);
    if (folder !== undefined) await this.#remove('mounts', path.basename(folder));
  }

  /**
   * Removes a layer's mounts, whose processes must have exited. Throws NOT_FOUND if there are no mounts; EXISTS if one of the processes is
   * still running, or is in another container or on another machine.
   */
  async releaseLeft(id: string): Promise<void> {
    const all = (await this.#mounts()).filter((mount) => mount.id === id);
    for (const { name, owner } of all) {
      if (isElsewhere(owner)) {
        const folder = displayText(path.join(this.#home, 'mounts', name));
        throw new LayerscopeError(
          'EXISTS',
          `layer ${id} is mounted by process ${owner.pid} of another container or machine: release it there or, if that process has ended, remove ${folder}`,
        );
      }
      if (isRunning(owner)) throw new LayerscopeError('EXISTS', `layer ${id} is mounted by process ${owner.pid}, which is still running`);
    }
    if (all.length === 0) throw new LayerscopeError('NOT_FOUND', `layer ${id} is not mounted`);
    for (const { name } of all) await this.#remove('mounts', name);
  }

  /**
   * Reads what a read-write layer's folder contained at first; null if it was never mounted. Throws IO, and what {@link readSnapshot}
   * throws.
   */
  async snapshot(id: string): Promise<AsyncGenerator<SnapshotEntry, void, undefined> | null> {
    const file = path.join(this.#home, 'written', id, SNAPSHOT);
    const root = await statsOf(this.writtenRoot(id));
    if (root === null && (await statsOf(file)) === null) return null;
    await this.#place.folders.check();
    if (root?.isDirectory() !== true) throw new LayerscopeError('IO', `layer ${id} is damaged: its files are missing`);
    return entriesIn(file, id);
  }

  /** Removes a read-write layer's folder. */
  async removeWritten(id: string): Promise<void> {
    await this.#remove('written', id);
  }

  /** Removes a read-write layer's folder that an interrupted removal left behind. Call this only if no such layer exists. */
  async removeLeft(id: string): Promise<void> {
    if (await this.#isIdentified(id)) await this.removeWritten(id);
  }

  /** Removes the folders of these layers' mounts if their processes have exited. */
  async sweepMountsOf(ids: ReadonlySet<string>): Promise<void> {
    if (!this.#place.isSwept) return;
    for (const { name, id, owner } of await this.#mounts()) if (ids.has(id) && !isRunning(owner)) await this.#remove('mounts', name);
  }

  /** Returns the names of mounts whose processes have exited, and of read-write folders whose layer doesn't exist. */
  async left(
    isLayer: (id: string) => Promise<boolean>,
  ): Promise<{ readonly mounts: readonly string[]; readonly written: readonly string[] }> {
    const mounts: string[] = [];
    const written: string[] = [];
    const held = new Set<string>();
    for (const { name, id, owner } of await this.#mounts()) {
      if (isRunning(owner)) held.add(id);
      else mounts.push(name);
    }
    for (const id of await this.#names('written')) {
      const isOurs = ID.test(id) && (await this.#isIdentified(id));
      if (isOurs && !held.has(id) && !(await isLayer(id))) written.push(id);
    }
    return { mounts, written };
  }

  /** Removes what {@link left} finds, and returns the names. */
  async sweep(isLayer: (id: string) => Promise<boolean>): Promise<string[]> {
    if (!this.#place.isSwept) return [];
    const { mounts, written } = await this.left(isLayer);
    for (const name of mounts) await this.#remove('mounts', name);
    for (const id of written) await this.removeWritten(id);
    return [...mounts, ...written];
  }

  /**
   * Removes a folder. The file that identifies it is removed last, and an empty folder is recognized too. So if the process is killed in
   * between, or the rest can't be removed, the next attempt still finds the folder.
   */
  async #remove(folder: 'mounts' | 'written', name: string): Promise<void> {
    const identity = folder === 'mounts' ? OWNER : SNAPSHOT;
    for (const below of await this.#names(folder, name)) if (below !== identity) await this.#place.folders.remove(folder, name, below);
    await this.#place.folders.remove(folder, name);
  }

  /** Whether a read-write layer's folder is one of ours: it has a snapshot, or its removal was interrupted. */
  async #isIdentified(id: string): Promise<boolean> {
    const names = await this.#names('written', id).catch(() => ['?']);
    return names.length === 0 || names.includes(SNAPSHOT);
  }

  async #names(...folder: readonly string[]): Promise<string[]> {
    return onDisk(() => readdir(path.join(this.#home, ...folder))).catch((error: unknown) => {
      if (asLayerscopeError(error).code === 'NOT_FOUND') return [];
      throw error;
    });
  }

  /** Returns the folders created by mounts of any process. Ignores all others. */
  async #mounts(): Promise<Left[]> {
    const found: Left[] = [];
    for (const name of await this.#names('mounts')) {
      const [, id, pid, began, place] = MOUNT.exec(name) ?? [];
      if (id === undefined) continue;
      const owner = (await readJson(path.join(this.#home, 'mounts', name, OWNER)).catch(() => undefined)) as Owner | null | undefined;
      if (owner?.id === id) found.push({ name, id, owner });
      // The process was killed before writing its owner file, or is about to write it. The folder's name also identifies the process.
      else if (await this.#isEmpty(name))
        found.push({ name, id, owner: { id, pid: Number(pid), began: began === '0' ? null : began, place } });
    }
    return found;
  }

  async #isComplete(name: string): Promise<boolean> {
    return (await statsOf(path.join(this.#home, 'mounts', name, COMPLETE))) !== null;
  }

  async #isEmpty(name: string): Promise<boolean> {
    const names = await this.#names('mounts', name).catch(() => ['?']);
    // Older versions removed the owner file before the mark of a completed mount, so only the mark may be left.
    return names.every((below) => below === OWNER || below === COMPLETE);
  }

  async #newFolder(id: string): Promise<string> {
    const me = thisProcess();
    const name = `${id}-${randomBytes(6).toString('hex')}-${me.pid}-${me.began ?? '0'}-${me.place}`;
    const folder = path.join(this.#home, 'mounts', name);
    await this.#place.folders.make('mounts');
    // A layer may hold set-id programs and world-writable folders, so other users must not have access, least of all before the mount is
    // complete.
    await onDisk(() => mkdir(folder, { mode: 0o700 }));
    try {
      await onDisk(() => writeFile(path.join(folder, OWNER), JSON.stringify({ ...me, id }), { mode: 0o600 }));
    } catch (error) {
      await this.#remove('mounts', name);
      throw error;
    }
    return folder;
  }
}

async function* entriesIn(file: string, id: string): AsyncGenerator<SnapshotEntry, void, undefined> {
  await using handle = await onDisk(() => openOwnFile(file));
  yield* readSnapshot(handle, id);
}

/** Lines of a snapshot are written together once they have this many characters. */
const WRITE_AT = 64 * 1024;
/** The file that names a mount's process. */
const OWNER = 'owner';
/** The file that records what a read-write layer's folder contained at first. */
const SNAPSHOT = 'snapshot';
/** A file in the folder of each completed mount; older versions didn't write one. */
const COMPLETE = 'complete';
/**
 * Name of a mount's folder: the layer's id, random digits, and the process's id, start time and place (older versions left out the place).
 */
const MOUNT = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,127})-[0-9a-f]{12}-(\d+)-(\d+)(?:-([0-9a-f]{8}))?$/;
const ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;

/** A layer with its parents, nearest first. */
export interface FoundLayer {
  readonly record: LayerRecord;
  readonly parents: readonly LayerRecord[];
}

/** A layer that is mounted. `isLeft`: the process that mounted it has exited. */
export interface MountedLayer {
  readonly id: string;
  readonly isLeft: boolean;
}

interface Owner {
  readonly id: unknown;
  readonly pid: unknown;
  readonly began: unknown;
  readonly place?: unknown;
}

interface Left {
  readonly name: string;
  readonly id: string;
  readonly owner: Owner;
}
