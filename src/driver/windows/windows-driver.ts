// The graph drivers windowsfilter and windowsdiff. Follows daemon/graphdriver/windows/windows.go of Docker 1.11 (Apache-2.0; see
// NOTICE), operation by operation, with its known faults mended: parents are checked before a layer is made, a base layer can be applied,
// a failed operation undoes its steps in reverse order, a layer is prepared again only after its export was read, mounts are counted,
// listing base images makes no layers, and a failed import leaves nothing behind.
import { createHash } from 'node:crypto';
import {
  baseImageIdOfPath,
  folderOfPath,
  isInitLayerId,
  LAYER_CHAIN_FILE,
  LAYER_ID_FILE,
  parseBaseImages,
  parseWindowsLayerId,
  removingNameOf,
  type WindowsLayerId,
} from '#format/layer';
import { LayerscopeError, throwIfCancelled } from '#model';
import type {
  ApplyOptions,
  CallOptions,
  DriverChange,
  DriverName,
  GraphDriver,
  LayerFiles,
  LayerInfo,
  LayerMetadata,
  Mount,
  SharedBaseImage,
  TarSource,
} from '../driver.ts';
import { MountTable } from '../mount.ts';
import { exportLayer } from './export-layer.ts';
import { importLayer } from './import-layer.ts';
import { openLayerFiles } from './layer-files.ts';
import { isLayerName, LayerHome, layerFileBytes } from './layer-home.ts';
import { type LayerEntry, readLayerEntries } from './layer-reader.ts';
import type { LayerPlace } from './layer-writer.ts';
import type { DriverInfo, Native } from './native.ts';
import { exportTp4, importTp4, isTp4 } from './tp4.ts';
import { twice } from './twice.ts';
import { unpackPlain } from './unpack-plain.ts';

export type WindowsDriverName = Extract<DriverName, 'windowsfilter' | 'windowsdiff'>;

/** Undoes steps in reverse order. Errors are dropped in favour of the one that led here. */
async function undoAll(steps: (() => Promise<void>)[]): Promise<void> {
  for (const step of steps.reverse()) await twice(step).catch(() => undefined);
}

export class WindowsDriver implements GraphDriver {
  readonly name: WindowsDriverName;
  readonly home: string;
  readonly #native: Native;
  readonly #info: DriverInfo;
  readonly #home: LayerHome;
  readonly #mounts = new MountTable();

  /** `home` is absolute and exists. */
  constructor(name: WindowsDriverName, home: string, native: Native) {
    this.name = name;
    this.home = home;
    this.#native = native;
    // As current callers do: an empty home, and layers named by their paths.
    this.#info = { flavour: name === 'windowsfilter' ? 1 : 0, home: '' };
    this.#home = new LayerHome(home, native.files, native.paths);
  }

  async status(): Promise<readonly (readonly [string, string])[]> {
    return [['Windows', isTp4(this.#native) ? 'TP4' : '']];
  }

  list(): Promise<readonly LayerInfo[]> {
    return this.#home.list();
  }

  async exists(id: string): Promise<boolean> {
    try {
      const found = await this.#home.find(id);
      return await this.#native.layers.layerExists(this.#info, await this.#home.platformPath(found));
    } catch {
      // As in Docker: a layer that can't be queried doesn't exist.
      return false;
    }
  }

  async create(id: string, parent: string | null, options: CallOptions = {}): Promise<void> {
    // Docker's layer on an init layer is read-write, and its chain is the init layer's.
    const parentIsInit = parent !== null && isInitLayerId(parent);
    await this.#make(id, parent, { readWrite: parentIsInit, above: !parentIsInit, signal: options.signal });
  }

  async createReadWrite(id: string, parent: string | null, options: CallOptions & { readonly sizeBytes?: number } = {}): Promise<void> {
    if (parent === null) throw new LayerscopeError('UNSUPPORTED', 'a read-write layer needs a parent layer');
    await this.#make(id, parent, { readWrite: true, above: true, sizeBytes: options.sizeBytes, signal: options.signal });
  }

  async #make(
    id: string,
    parent: string | null,
    how: {
      readonly readWrite: boolean;
      readonly above: boolean;
      readonly sizeBytes?: number | undefined;
      readonly signal: AbortSignal | undefined;
    },
  ): Promise<void> {
    const made = parseWindowsLayerId(id);
    using _turn = await this.#mounts.turn(made.toUpperCase());
    throwIfCancelled(how.signal);
    const folder = this.#home.folder(made);
    if ((await this.#native.files.facts(folder)) !== null) throw new LayerscopeError('EXISTS', `layer ${made} already exists`);
    const below = parent === null ? null : await this.#home.find(parent);
    const chain = below === null ? [] : await this.#chainOver(below, how.above);
    if (how.readWrite && chain.length === 0) {
      throw new LayerscopeError('UNSUPPORTED', 'a read-write layer needs a parent layer');
    }
    const undo: (() => Promise<void>)[] = [];
    try {
      throwIfCancelled(how.signal);
      // First, as a failed call may have made part of the folder.
      undo.push(() => this.#native.layers.destroyLayer(this.#info, folder));
      if (how.readWrite) await this.#native.layers.createSandboxLayer(this.#info, folder, chain);
      else await this.#native.layers.createLayer(this.#info, folder, below === null ? '' : await this.#home.platformName(below));
      if (how.sizeBytes !== undefined && how.sizeBytes > 0) {
        await this.#native.layers.expandSandboxSize(this.#info, folder, BigInt(how.sizeBytes));
      }
      throwIfCancelled(how.signal);
      await this.#native.files.writeFile(this.#home.inFolder(made, LAYER_CHAIN_FILE), layerFileBytes.chain(chain));
      throwIfCancelled(how.signal);
    } catch (error) {
      await undoAll(undo);
      throw error;
    }
  }

  /** The chain of a layer on `parent`. `above`: includes the parent itself. */
  async #chainOver(parent: WindowsLayerId, above: boolean): Promise<readonly string[]> {
    const parents = await this.#home.parents(parent);
    if (!above) return parents;
    const path = await this.#home.platformPath(parent);
    return [(await this.#native.layers.layerMountPath(this.#info, path)) || path, ...parents];
  }

  async remove(id: string, options: CallOptions = {}): Promise<void> {
    const leftover = isLayerName(id) ? undefined : (await this.list()).find((layer) => layer.id === id && layer.state === 'leftover');
    if (leftover !== undefined) {
      throwIfCancelled(options.signal);
      await this.#native.layers.destroyLayer(this.#info, this.#native.paths.join(this.home, leftover.id));
      return;
    }
    const found = await this.#home.find(id);
    using _turn = await this.#mounts.turn(found.toUpperCase());
    await this.#refuseInUse(found, 'removed');
    throwIfCancelled(options.signal);
    const removing = this.#native.paths.join(this.home, removingNameOf(found));
    // An earlier leftover of the same name would block the rename.
    if ((await this.#native.files.facts(removing)) !== null) await this.#native.layers.destroyLayer(this.#info, removing);
    await this.#native.files.rename(this.#home.folder(found), removing);
    await twice(() => this.#native.layers.destroyLayer(this.#info, removing));
  }

  async #refuseInUse(id: WindowsLayerId, what: string): Promise<void> {
    if (this.#mounts.isMounted(id.toUpperCase())) throw new LayerscopeError('EXISTS', `layer ${id} is mounted and can't be ${what}`);
    const children = await this.#home.childrenOf(id);
    if (children.length > 0) {
      const more = children.length > 5 ? ` and ${children.length - 5} more` : '';
      throw new LayerscopeError('EXISTS', `layer ${id} can't be ${what}: it is the parent of ${children.slice(0, 5).join(', ')}${more}`);
    }
  }

  async mount(id: string, options: CallOptions = {}): Promise<Mount> {
    const found = await this.#home.find(id);
    const path = await this.#home.platformPath(found);
    const { layers } = this.#native;
    const make = async (): Promise<string> => {
      throwIfCancelled(options.signal);
      const chain = await this.#home.parents(found);
      const undo: (() => Promise<void>)[] = [];
      try {
        await layers.activateLayer(this.#info, path);
        undo.push(() => layers.deactivateLayer(this.#info, path));
        throwIfCancelled(options.signal);
        await layers.prepareLayer(this.#info, path, chain);
        undo.push(() => layers.unprepareLayer(this.#info, path));
        throwIfCancelled(options.signal);
        const mounted = await layers.layerMountPath(this.#info, path);
        throwIfCancelled(options.signal);
        return mounted === '' ? this.#home.folder(found) : mounted;
      } catch (error) {
        await undoAll(undo);
        throw error;
      }
    };
    return this.#mounts.mount(found.toUpperCase(), found, make, () => this.#unmount(path));
  }

  /** Deactivates even if unpreparing fails. */
  async #unmount(path: string): Promise<void> {
    try {
      await twice(() => this.#native.layers.unprepareLayer(this.#info, path));
    } finally {
      await twice(() => this.#native.layers.deactivateLayer(this.#info, path));
    }
  }

  async *diff(id: string, options: CallOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    await using readable = await this.#readable(id, options);
    const tp4 = isTp4(this.#native) && readable.place.parents.length > 0;
    yield* tp4 ? exportTp4(this.#native, readable.place, options) : exportLayer(this.#native, readable.place, options);
  }

  async *changes(id: string, options: CallOptions = {}): AsyncGenerator<DriverChange, void, undefined> {
    for await (const { path, file } of this.#entries(id, options)) {
      const isBase = file?.ofBaseLayer === true;
      // Windows doesn't distinguish additions from modifications.
      yield { kind: file === null ? 'removed' : isBase ? 'added' : 'modified', path: path.replaceAll('\\', '/') };
    }
  }

  async diffSize(id: string, options: CallOptions = {}): Promise<number> {
    const seen = new Set<string>();
    let total = 0;
    for await (const { file } of this.#entries(id, options)) {
      if (file === null || seen.has(file.links.fileId)) continue;
      if (file.links.count > 1) seen.add(file.links.fileId);
      total += file.sizeBytes;
    }
    return total;
  }

  async *#entries(id: string, options: CallOptions): AsyncGenerator<LayerEntry, void, undefined> {
    await using readable = await this.#readable(id, options);
    for await (const entry of readLayerEntries(this.#native, readable.place)) {
      throwIfCancelled(options.signal);
      yield entry;
    }
  }

  /**
   * Puts a layer into the state in which Windows exports it: activated, not prepared. Disposing restores the previous state, which has to
   * wait until the export was read, as it may be read from the layer itself.
   */
  async #readable(id: string, options: CallOptions): Promise<AsyncDisposable & { readonly place: LayerPlace }> {
    const found = await this.#home.find(id);
    const parents = await this.#home.parents(found);
    const path = await this.#home.platformPath(found);
    const place: LayerPlace = { driver: this.#info, layer: path, parents };
    const turn = await this.#mounts.turn(found.toUpperCase());
    const undo: (() => Promise<void>)[] = [];
    const { layers } = this.#native;
    try {
      throwIfCancelled(options.signal);
      this.#native.enablePrivileges(['SeBackupPrivilege']);
      if (this.#mounts.isMounted(found.toUpperCase())) {
        await layers.unprepareLayer(this.#info, path);
        undo.push(() => layers.prepareLayer(this.#info, path, parents));
      } else if (parents.length > 0) {
        await layers.activateLayer(this.#info, path);
        undo.push(() => layers.deactivateLayer(this.#info, path));
        if (await this.#home.isReadWrite(found)) {
          // A disk that was never prepared has nothing to export.
          await layers.prepareLayer(this.#info, path, parents);
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

  async applyDiff(id: string, tar: TarSource, options: ApplyOptions = {}): Promise<{ readonly sizeBytes: number }> {
    const found = await this.#home.find(id);
    using _turn = await this.#mounts.turn(found.toUpperCase());
    if (await this.#home.isReadWrite(found))
      throw new LayerscopeError('UNSUPPORTED', `layer ${found} is read-write: it can only be changed through its mount`);
    await this.#refuseInUse(found, 'filled');
    const parents = await this.#home.parents(found);
    const layer = this.#home.folder(found);
    const place: LayerPlace = { driver: this.#info, layer, parents };
    try {
      this.#native.enablePrivileges(['SeBackupPrivilege', 'SeRestorePrivilege', 'SeSecurityPrivilege']);
      throwIfCancelled(options.signal);
      if (this.name === 'windowsdiff') return await this.#applyPlain(found, tar, options);
      if (isTp4(this.#native)) return await importTp4(this.#native, place, tar, options);
      const { sizeBytes } = await importLayer(this.#native, place, tar, options);
      await this.#native.files.writeFile(this.#home.inFolder(found, LAYER_CHAIN_FILE), layerFileBytes.chain(parents));
      return { sizeBytes };
    } catch (error) {
      await undoAll([() => this.#native.layers.destroyLayer(this.#info, layer)]);
      throw error;
    }
  }

  /** The diff of a differencing disk is an ordinary tar of the layer's folder, with names relative to the home. */
  async #applyPlain(id: WindowsLayerId, tar: TarSource, options: ApplyOptions): Promise<{ readonly sizeBytes: number }> {
    await using home = await this.#native.files.openRoot(this.home);
    return unpackPlain(home, tar, { ...options, below: id });
  }

  async chain(id: string): Promise<readonly string[]> {
    const found = await this.#home.find(id);
    const info = (await this.list()).find((layer) => layer.id === found);
    if (info === undefined) throw new LayerscopeError('NOT_FOUND', `no layer ${found}`);
    if (info.state !== 'ready') throw new LayerscopeError('IO', `layer ${found} is broken: ${info.problem ?? ''}`);
    return info.chain;
  }

  async metadata(id: string): Promise<LayerMetadata> {
    return { dir: this.#home.folder(await this.#home.find(id)) };
  }

  async files(id: string): Promise<LayerFiles> {
    const path = await this.#home.platformPath(await this.#home.find(id));
    this.#native.enablePrivileges(['SeBackupPrivilege']);
    return openLayerFiles(await this.#native.files.openRoot(path));
  }

  async baseImages(): Promise<readonly SharedBaseImage[]> {
    const images: SharedBaseImage[] = [];
    for (const { name, version, path, sizeBytes, created } of parseBaseImages(await this.#native.layers.baseImages())) {
      const id = baseImageIdOfPath(path, (bytes) => createHash('sha384').update(bytes).digest());
      const adopted = (await this.#native.files.facts(this.#home.folder(parseWindowsLayerId(id)))) !== null;
      images.push({ id, name, version, path, sizeBytes, created, adopted });
    }
    return images;
  }

  async adoptBaseImage(id: string, options: CallOptions = {}): Promise<string> {
    const image = (await this.baseImages()).find((known) => known.id === id);
    if (image === undefined) throw new LayerscopeError('NOT_FOUND', `no shared base image ${parseWindowsLayerId(id)}`);
    if (image.adopted) return id;
    const made = parseWindowsLayerId(id);
    using _turn = await this.#mounts.turn(made.toUpperCase());
    throwIfCancelled(options.signal);
    const folder = this.#home.folder(made);
    try {
      await this.#native.layers.createLayer(this.#info, folder, '');
      await this.#native.files.writeFile(this.#home.inFolder(made, LAYER_ID_FILE), layerFileBytes.platformName(folderOfPath(image.path)));
      throwIfCancelled(options.signal);
    } catch (error) {
      await undoAll([() => this.#native.layers.destroyLayer(this.#info, folder)]);
      throw error;
    }
    return id;
  }

  async cleanup(options: CallOptions = {}): Promise<readonly string[]> {
    const gone: string[] = [];
    for (const { id, state, chain } of await this.list()) {
      // A layer that lost its parent is left for its owner to remove.
      if (state !== 'leftover' || chain.length > 0) continue;
      throwIfCancelled(options.signal);
      try {
        await this.#native.layers.destroyLayer(this.#info, this.#native.paths.join(this.home, id));
        gone.push(id);
      } catch (error) {
        if (!(error instanceof LayerscopeError)) throw error;
      }
    }
    return gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    let first: unknown = null;
    for (const key of this.#mounts.keys) {
      using _turn = await this.#mounts.turn(key);
      if (!this.#mounts.isMounted(key)) continue;
      this.#mounts.drop(key);
      const layer = (await this.list()).find(({ id }) => id.toUpperCase() === key);
      if (layer === undefined) continue;
      try {
        await this.#unmount(await this.#home.platformPath(parseWindowsLayerId(layer.id)));
      } catch (error) {
        first ??= error;
      }
    }
    if (first !== null) throw first;
  }
}
