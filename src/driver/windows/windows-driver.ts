// The graph drivers windowsfilter and windowsdiff. Follows daemon/graphdriver/windows/windows.go of Docker 1.11 (Apache-2.0; see NOTICE),
// operation by operation, with its known bugs fixed: parents are checked before a layer is created, a base layer can be applied, a failed
// operation undoes its steps in reverse order, a layer is prepared again only after its export was read, mounts are counted, listing base
// images creates no layers, and a failed import leaves nothing behind.
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
import { displayText, foldWindowsCase, LayerscopeError, throwIfCancelled } from '#model';
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
  MountOptions,
  SharedBaseImage,
  TarSource,
} from '../driver.ts';
import { exportLayer } from './export-layer.ts';
import { importLayer } from './import-layer.ts';
import { openLayerFiles } from './layer-files.ts';
import { isLayerName, LayerHome, layerFileBytes, parseNewLayerId, SANDBOX_FILE } from './layer-home.ts';
import { type LayerEntry, readLayerEntries } from './layer-reader.ts';
import { LayerRemoval } from './layer-removal.ts';
import { isVolumePath, LayerStates } from './layer-states.ts';
import type { LayerPlace } from './layer-writer.ts';
import type { DriverInfo, Native } from './native.ts';
import { NativeError } from './native-error.ts';
import { exportTp4, importTp4, isTp4, openTp4Files } from './tp4.ts';
import { unpackPlain } from './unpack-plain.ts';

export type WindowsDriverName = Extract<DriverName, 'windowsfilter' | 'windowsdiff'>;

/** NTFS, and NTFS shared by a cluster (CSVFS). */
const LAYER_FILE_SYSTEMS = /^(NTFS|CSVFS)$/i;
/** Default size of a read-write layer's disk, as in Docker: 127 GiB. The disk grows as it is written. */
const DEFAULT_DISK_BYTES = 127 * 2 ** 30;

export class WindowsDriver implements GraphDriver {
  readonly name: WindowsDriverName;
  readonly home: string;
  readonly #native: Native;
  readonly #info: DriverInfo;
  readonly #home: LayerHome;
  readonly #states: LayerStates;
  readonly #removal: LayerRemoval;

  /**
   * Opens a home. Throws NOT_FOUND if the home doesn't exist, UNSUPPORTED on a file system other than NTFS, where the container filter
   * doesn't work.
   */
  static async open(name: WindowsDriverName, home: string, native: Native): Promise<WindowsDriver> {
    if ((await native.files.facts(home)) === null) throw new LayerscopeError('NOT_FOUND', `no folder ${displayText(home)}`);
    const fileSystem = await native.volumes.fileSystemOf(home);
    if (!LAYER_FILE_SYSTEMS.test(fileSystem)) {
      throw new LayerscopeError('UNSUPPORTED', `${displayText(home)} is on ${displayText(fileSystem)}: Windows layers need NTFS`);
    }
    return new WindowsDriver(name, home, native);
  }

  /** `home` is absolute and exists. */
  constructor(name: WindowsDriverName, home: string, native: Native) {
    this.name = name;
    this.home = home;
    this.#native = native;
    // As in today's hcsshim, Windows gets no home, and layers are identified by their paths.
    this.#info = { flavour: name === 'windowsfilter' ? 1 : 0, home: '' };
    this.#home = new LayerHome(home, native.files, native.paths);
    this.#states = new LayerStates(native, this.#info, this.#home);
    this.#removal = new LayerRemoval(native, this.#info);
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
      // As in Docker, a layer that can't be queried counts as missing.
      return false;
    }
  }

  async create(id: string, parent: string | null, options: CallOptions = {}): Promise<void> {
    // A layer that Docker bases on an init layer is read-write, and has the init layer's chain.
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
    const made = parseNewLayerId(id);
    using _turn = await this.#states.turn(made);
    throwIfCancelled(how.signal);
    const folder = this.#home.folder(made);
    if ((await this.#native.files.facts(folder)) !== null) throw new LayerscopeError('EXISTS', `layer ${made} already exists`);
    const below = parent === null ? null : await this.#home.find(parent);
    const chain = below === null ? [] : await this.#chainOver(below, how.above);
    if (how.readWrite && chain.length === 0) {
      throw new LayerscopeError('UNSUPPORTED', 'a read-write layer needs a parent layer');
    }
    throwIfCancelled(how.signal);
    await this.#orUndo(folder, async () => {
      if (how.readWrite) await this.#native.layers.createSandboxLayer(this.#info, folder, chain);
      else await this.#native.layers.createLayer(this.#info, folder, below === null ? '' : await this.#home.platformName(below));
      if (how.readWrite) await this.#expand(folder, how.sizeBytes);
      throwIfCancelled(how.signal);
      await this.#native.files.writeFile(this.#home.inFolder(made, LAYER_CHAIN_FILE), layerFileBytes.chain(chain));
      throwIfCancelled(how.signal);
    });
  }

  /**
   * Creates a layer's folder. If the call fails, removes what it may have created, but not a folder that another process has created in the
   * meantime.
   */
  async #orUndo(folder: string, make: () => Promise<void>): Promise<void> {
    try {
      await make();
    } catch (error) {
      if (!(error instanceof NativeError && error.code === 'EXISTS')) await this.#removal.undo(folder);
      throw error;
    }
  }

  /** Grows a scratch disk; 0 keeps its original size. Not supported before Windows Server 2016. */
  async #expand(folder: string, sizeBytes: number | undefined): Promise<void> {
    const { layers } = this.#native;
    if (sizeBytes === 0 || (sizeBytes === undefined && !layers.has('ExpandSandboxSize'))) return;
    await layers.expandSandboxSize(this.#info, folder, BigInt(sizeBytes ?? DEFAULT_DISK_BYTES));
  }

  /**
   * Returns the chain below `parent`; if `above`, including the parent. Contains only paths of layers' folders, because a volume's path is
   * valid only while mounted. Throws UNSUPPORTED for a read-write parent, because its files are on a disk that no chain can include, and
   * for an empty parent.
   */
  async #chainOver(parent: WindowsLayerId, above: boolean): Promise<readonly string[]> {
    const parents = await this.#home.parents(parent);
    if (!above) return parents;
    if (await this.#home.isReadWrite(parent)) {
      throw new LayerscopeError('UNSUPPORTED', `layer ${parent} is read-write: no layer can be based on it`);
    }
    const path = await this.#home.platformPath(parent);
    const known = await this.#native.layers.layerMountPath(this.#info, path);
    const nearest = known === '' || isVolumePath(known) ? path : known;
    // Windows would fail later, with a less helpful error. Docker instead leaves such a parent out of the chain.
    if (this.name === 'windowsfilter' && !(await this.#home.hasFiles(nearest))) {
      throw new LayerscopeError('UNSUPPORTED', `layer ${parent} is empty: no layer can be based on it until a diff has been applied to it`);
    }
    return [nearest, ...parents];
  }

  async remove(id: string, options: CallOptions = {}): Promise<void> {
    const leftover = isLayerName(id) ? undefined : (await this.list()).find((layer) => layer.id === id && layer.state === 'leftover');
    if (leftover !== undefined) {
      throwIfCancelled(options.signal);
      await this.#removal.destroy(this.#native.paths.join(this.home, leftover.id));
      return;
    }
    const found = await this.#home.find(id);
    using _turn = await this.#states.turn(found);
    await this.#refuseInUse(found, 'removed');
    throwIfCancelled(options.signal);
    const disk = (await this.#home.isReadWrite(found)) ? this.#home.inFolder(found, SANDBOX_FILE) : null;
    await this.#removal.remove(this.#home.folder(found), this.#native.paths.join(this.home, removingNameOf(found)), disk);
    // As in Docker, a failure doesn't matter here, because a later cleanup finds the backups.
    const backups = this.#home.backupsOf(found);
    await this.#native.files
      .facts(backups)
      .then((there) => (there === null ? undefined : this.#native.files.removeAll(backups)))
      .catch(() => undefined);
  }

  async #refuseInUse(id: WindowsLayerId, what: string): Promise<void> {
    if (this.#states.isMounted(id)) throw new LayerscopeError('EXISTS', `layer ${id} is mounted and can't be ${what}`);
    const children = await this.#home.childrenOf(id);
    if (children.length > 0) {
      const more = children.length > 5 ? ` and ${children.length - 5} more` : '';
      throw new LayerscopeError('EXISTS', `layer ${id} can't be ${what}: it is the parent of ${children.slice(0, 5).join(', ')}${more}`);
    }
  }

  mount(id: string, options: MountOptions = {}): Promise<Mount> {
    return this.#states.mount(id, options);
  }

  releaseLeft(id: string, options: CallOptions = {}): Promise<void> {
    return this.#states.releaseLeft(id, options);
  }

  async *diff(id: string, options: CallOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    await using readable = await this.#states.readable(id, options);
    const tp4 = isTp4(this.#native) && readable.place.parents.length > 0;
    yield* tp4 ? exportTp4(this.#native, readable.place, options) : exportLayer(this.#native, readable.place, options);
  }

  async *changes(id: string, options: CallOptions = {}): AsyncGenerator<DriverChange, void, undefined> {
    for await (const { path, file } of this.#entries(id, options)) {
      const isBase = file?.ofBaseLayer === true;
      // In a layer with parents, Windows doesn't distinguish additions from modifications.
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
    await using readable = await this.#states.readable(id, options);
    for await (const entry of readLayerEntries(this.#native, readable.place)) {
      throwIfCancelled(options.signal);
      yield entry;
    }
  }

  async applyDiff(id: string, tar: TarSource, options: ApplyOptions = {}): Promise<{ readonly sizeBytes: number }> {
    const found = await this.#home.find(id);
    using _turn = await this.#states.turn(found);
    if (await this.#home.isReadWrite(found))
      throw new LayerscopeError('UNSUPPORTED', `layer ${found} is read-write: it can only be changed through its mount`);
    await this.#refuseInUse(found, 'filled');
    const parents = await this.#home.parents(found);
    // Check this before anything else can fail, because after an error the layer is removed.
    if (this.name === 'windowsfilter' && (await this.#home.isFilled(found))) {
      throw new LayerscopeError('EXISTS', `layer ${found} is already filled`);
    }
    const layer = this.#home.folder(found);
    const place: LayerPlace = { driver: this.#info, layer, parents };
    try {
      this.#native.enablePrivileges(['SeBackupPrivilege', 'SeRestorePrivilege', 'SeSecurityPrivilege']);
      throwIfCancelled(options.signal);
      await this.#native.files.writeFile(this.#home.importMark(found), new Uint8Array());
      const result = await this.#fill(found, place, tar, options);
      await this.#native.files.removeAll(this.#home.importMark(found));
      return result;
    } catch (error) {
      await this.#removal.undo(layer);
      throw error;
    }
  }

  async #fill(id: WindowsLayerId, place: LayerPlace, tar: TarSource, options: ApplyOptions): Promise<{ readonly sizeBytes: number }> {
    if (this.name === 'windowsdiff') return await this.#applyPlain(id, tar, options);
    if (isTp4(this.#native)) return await importTp4(this.#native, place, tar, options);
    const { sizeBytes } = await importLayer(this.#native, place, tar, options);
    await this.#native.files.writeFile(this.#home.inFolder(id, LAYER_CHAIN_FILE), layerFileBytes.chain(place.parents));
    return { sizeBytes };
  }

  /** Applies the diff of a differencing disk: an ordinary tar of the layer's folder, with names relative to the home. */
  async #applyPlain(id: WindowsLayerId, tar: TarSource, options: ApplyOptions): Promise<{ readonly sizeBytes: number }> {
    await using home = await this.#native.files.openRoot(this.home);
    return await unpackPlain(home, tar, { ...options, below: id });
  }

  async chain(id: string): Promise<readonly string[]> {
    const found = await this.#home.find(id);
    const info = (await this.list()).find((layer) => foldWindowsCase(layer.id) === foldWindowsCase(found));
    if (info === undefined) throw new LayerscopeError('NOT_FOUND', `no layer ${found}`);
    if (info.state !== 'ready') throw new LayerscopeError('IO', `layer ${found} is broken: ${info.problem ?? ''}`);
    return info.chain;
  }

  async metadata(id: string): Promise<LayerMetadata> {
    return { dir: this.#home.folder(await this.#home.find(id)) };
  }

  async files(id: string): Promise<LayerFiles> {
    const found = await this.#home.find(id);
    this.#native.enablePrivileges(['SeBackupPrivilege']);
    if (isTp4(this.#native) && (await this.#home.parents(found)).length > 0) {
      await using readable = await this.#states.readable(id, {});
      return await openTp4Files(this.#native, readable.place);
    }
    return openLayerFiles(await this.#native.files.openRoot(await this.#home.platformPath(found)));
  }

  async baseImages(): Promise<readonly SharedBaseImage[]> {
    const images: SharedBaseImage[] = [];
    for (const { name, version, path, sizeBytes, created } of parseBaseImages(await this.#native.layers.baseImages())) {
      const id = baseImageIdOfPath(path, (bytes) => createHash('sha384').update(bytes).digest());
      const adopted = await this.#home.isAdopted(parseWindowsLayerId(id), folderOfPath(path));
      images.push({ id, name, version, path, sizeBytes, created, adopted });
    }
    return images;
  }

  async adoptBaseImage(id: string, options: CallOptions = {}): Promise<string> {
    const image = (await this.baseImages()).find((known) => known.id === id);
    const made = parseWindowsLayerId(id);
    if (image === undefined) throw new LayerscopeError('NOT_FOUND', `no shared base image ${made}`);
    const stored = folderOfPath(image.path);
    using _turn = await this.#states.turn(made);
    throwIfCancelled(options.signal);
    if (await this.#home.isAdopted(made, stored)) return id;
    const folder = this.#home.folder(made);
    if ((await this.#native.files.facts(folder)) !== null) {
      throw new LayerscopeError(
        'EXISTS',
        `layer ${made} already exists, but not as the base image ${displayText(image.name)}: remove it first`,
      );
    }
    await this.#orUndo(folder, async () => {
      await this.#native.layers.createLayer(this.#info, folder, '');
      await this.#native.files.writeFile(this.#home.inFolder(made, LAYER_ID_FILE), layerFileBytes.platformName(stored));
      throwIfCancelled(options.signal);
    });
    return id;
  }

  async leftovers(): Promise<readonly string[]> {
    // Don't include layers that have lost their parent: their owner decides whether to remove them.
    const lost = (await this.list()).filter(({ state, chain }) => state === 'leftover' && chain.length === 0).map(({ id }) => id);
    return [...lost, ...(await this.#home.lostBackups())];
  }

  async cleanup(options: CallOptions = {}): Promise<readonly string[]> {
    const gone: string[] = [];
    const found = await this.leftovers();
    if (found.length > 0) this.#removal.enable();
    for (const name of found) {
      throwIfCancelled(options.signal);
      try {
        await this.#removal.destroy(this.#native.paths.join(this.home, name));
        gone.push(name);
      } catch (error) {
        if (!(error instanceof LayerscopeError)) throw error;
      }
    }
    return gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    let first: unknown = null;
    const { mounts } = this.#states;
    for (const key of mounts.keys) {
      using _turn = await mounts.turn(key);
      if (!mounts.isMounted(key)) continue;
      mounts.drop(key);
      const layer = (await this.list()).find(({ id }) => foldWindowsCase(id) === key);
      if (layer?.readWrite !== true) continue;
      try {
        await this.#states.unmount(await this.#home.platformPath(parseWindowsLayerId(layer.id)));
      } catch (error) {
        first ??= error;
      }
    }
    if (first !== null) throw first;
  }
}
