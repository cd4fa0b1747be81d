// States that a layer must be put into before it can be used: activated (its disk attached as a volume), prepared (its chain mounted on top
// of the disk), or readable for an export (activated but not prepared). Only read-write layers have a disk; other layers are folders.
import type { WindowsLayerId } from '#format/layer';
import { foldWindowsCase, LayerscopeError, throwIfCancelled } from '#model';
import type { CallOptions, Mount, MountOptions } from '../driver.ts';
import { MountTable } from '../mount.ts';
import type { LayerHome } from './layer-home.ts';
import type { LayerPlace } from './layer-writer.ts';
import type { DriverInfo, Native } from './native.ts';
import { patiently } from './patiently.ts';
import { twice } from './twice.ts';

/** Runs steps that undo something, last first. Ignores their errors, because the one that made undoing necessary is the one to report. */
export async function undoAll(steps: (() => Promise<void>)[]): Promise<void> {
  for (const step of steps.reverse()) await twice(step).catch(() => undefined);
}

/** Whether a path is that of a volume or device, which is valid only while something is mounted. */
export function isVolumePath(path: string): boolean {
  return /^[\\/]{2}[?.][\\/](?!UNC[\\/]|[A-Za-z]:)/i.test(path);
}

export class LayerStates {
  readonly mounts = new MountTable();
  readonly #native: Native;
  readonly #info: DriverInfo;
  readonly #home: LayerHome;

  constructor(native: Native, info: DriverInfo, home: LayerHome) {
    this.#native = native;
    this.#info = info;
    this.#home = home;
  }

  isMounted(id: WindowsLayerId): boolean {
    return this.mounts.isMounted(foldWindowsCase(id));
  }

  turn(id: WindowsLayerId): Promise<Disposable> {
    return this.mounts.turn(foldWindowsCase(id));
  }

  /**
   * Mounts a read-write layer on top of its chain, or a base layer, whose folder contains all its files. Throws UNSUPPORTED for other
   * read-only layers, whose folders contain only changes: Windows can mount a chain only on top of a disk.
   */
  async mount(id: string, options: MountOptions): Promise<Mount> {
    const found = await this.#home.find(id);
    const path = await this.#home.platformPath(found);
    const key = foldWindowsCase(found);
    if (await this.#home.isReadWrite(found)) {
      const mount = await this.mounts.mount(
        key,
        found,
        () => this.#prepare(found, path, options),
        () => this.unmount(path),
      );
      if (options.at === undefined || options.at === mount.path) return mount;
      await mount[Symbol.asyncDispose]();
      throw new LayerscopeError('EXISTS', `layer ${found} is already mounted elsewhere`);
    }
    if ((await this.#home.parents(found)).length > 0) {
      throw new LayerscopeError('UNSUPPORTED', `layer ${found} is read-only: Windows can only mount a read-write layer on it`);
    }
    if (options.at !== undefined) throw new LayerscopeError('UNSUPPORTED', `layer ${found} is read-only: it has no volume to mount`);
    throwIfCancelled(options.signal);
    const folder = (await this.#native.layers.layerMountPath(this.#info, path)) || path;
    if (!(await this.#home.hasFiles(folder)))
      throw new LayerscopeError('UNSUPPORTED', `layer ${found} is empty: there is nothing to mount`);
    return this.mounts.mount(
      key,
      found,
      async () => this.#native.paths.join(folder, 'Files'),
      async () => {},
    );
  }

  /** Activates and prepares a read-write layer; returns the path of its files. */
  async #prepare(id: WindowsLayerId, path: string, options: MountOptions): Promise<string> {
    const { layers, volumes } = this.#native;
    throwIfCancelled(options.signal);
    const chain = await this.#home.parents(id);
    const undo: (() => Promise<void>)[] = [];
    try {
      await patiently(() => layers.activateLayer(this.#info, path), options);
      undo.push(() => layers.deactivateLayer(this.#info, path));
      throwIfCancelled(options.signal);
      await patiently(() => layers.prepareLayer(this.#info, path, chain), options);
      undo.push(() => layers.unprepareLayer(this.#info, path));
      throwIfCancelled(options.signal);
      const mounted = await layers.layerMountPath(this.#info, path);
      throwIfCancelled(options.signal);
      // Without the separator a volume's path names the device, not its root folder.
      const root = isVolumePath(mounted) && !mounted.endsWith('\\') ? `${mounted}\\` : mounted;
      if (options.at === undefined) return root === '' ? this.#home.folder(id) : root;
      if (!isVolumePath(root)) throw new LayerscopeError('UNSUPPORTED', `layer ${id} has no volume that could be mounted at a folder`);
      await volumes.mountAt(options.at, root);
      return options.at;
    } catch (error) {
      await undoAll(undo);
      throw error;
    }
  }

  /** Unprepares and deactivates a layer. Deactivates it even if unpreparing fails. */
  async unmount(path: string): Promise<void> {
    await this.#leaveFolders(path);
    try {
      await twice(() => this.#native.layers.unprepareLayer(this.#info, path));
    } finally {
      await twice(() => this.#native.layers.deactivateLayer(this.#info, path));
    }
  }

  /** Unmounts the layer's volume from all folders. Mounts that can't be removed disappear with the volume. */
  async #leaveFolders(path: string): Promise<void> {
    const volume = await this.#native.layers.layerMountPath(this.#info, path).catch(() => '');
    if (!isVolumePath(volume)) return;
    await this.#native.volumes.unmountEverywhere(volume.endsWith('\\') ? volume : `${volume}\\`).catch(() => undefined);
  }

  /**
   * Releases a read-write layer that another process left mounted: unprepares and deactivates it, even if one of the two fails. Throws
   * EXISTS if this process holds the mount, NOT_FOUND if there is none.
   */
  async releaseLeft(id: string, { signal }: CallOptions): Promise<void> {
    const found = await this.#home.find(id);
    using _turn = await this.turn(found);
    throwIfCancelled(signal);
    if (this.isMounted(found)) throw new LayerscopeError('EXISTS', `layer ${found} is mounted by this process`);
    if (!(await this.#home.isReadWrite(found))) throw new LayerscopeError('NOT_FOUND', `layer ${found} is not mounted`);
    const path = await this.#home.platformPath(found);
    await this.#leaveFolders(path);
    const [unprepared, deactivated] = [
      await settled(() => this.#native.layers.unprepareLayer(this.#info, path)),
      await settled(() => this.#native.layers.deactivateLayer(this.#info, path)),
    ];
    if (deactivated === null) return;
    if (unprepared === null || deactivated.code === 'PERMISSION') throw deactivated;
    throw new LayerscopeError('NOT_FOUND', `layer ${found} is not mounted: ${deactivated.message}`, { cause: deactivated });
  }

  /**
   * Puts a layer into the state in which Windows exports it: activated, not prepared. Disposing restores the previous state, so dispose
   * only after reading the export, which may come from the layer itself.
   */
  async readable(id: string, options: CallOptions): Promise<AsyncDisposable & { readonly place: LayerPlace }> {
    const found = await this.#home.find(id);
    const parents = await this.#home.parents(found);
    const path = await this.#home.platformPath(found);
    const place: LayerPlace = { driver: this.#info, layer: path, parents };
    const turn = await this.turn(found);
    const undo: (() => Promise<void>)[] = [];
    const { layers } = this.#native;
    try {
      throwIfCancelled(options.signal);
      this.#native.enablePrivileges(['SeBackupPrivilege']);
      const isReadWrite = await this.#home.isReadWrite(found);
      if (isReadWrite && this.isMounted(found)) {
        await layers.unprepareLayer(this.#info, path);
        undo.push(() => layers.prepareLayer(this.#info, path, parents));
      } else if (parents.length > 0) {
        await patiently(() => layers.activateLayer(this.#info, path), options);
        undo.push(() => layers.deactivateLayer(this.#info, path));
        if (isReadWrite) {
          // Prepare the layer for a moment, because a disk that was never prepared has nothing to export.
          await patiently(() => layers.prepareLayer(this.#info, path, parents), options);
          undo.push(() => layers.unprepareLayer(this.#info, path));
          await layers.unprepareLayer(this.#info, path);
          undo.pop();
        }
      }
    } catch (error) {
      await undoAll(undo);
      turn[Symbol.dispose]();
      throw error;
    }
    return {
      place,
      [Symbol.asyncDispose]: async () => {
        try {
          for (const step of undo.reverse()) await twice(step);
        } finally {
          turn[Symbol.dispose]();
        }
      },
    };
  }
}

/** Runs a step; returns its error, null if it succeeded. */
async function settled(step: () => Promise<void>): Promise<LayerscopeError | null> {
  try {
    await step();
    return null;
  } catch (error) {
    if (error instanceof LayerscopeError) return error;
    throw error;
  }
}
