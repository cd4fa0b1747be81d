// The window's operations on one store. Runs in a worker, so arguments and results are plain values.
import { type ArchiveReader, createReader } from '#archive';
import { type DriverName, type GraphDriver, type Mount, openDriver, openElevatedDriver, type SharedBaseImage } from '#driver';
import { displayText, LayerscopeError } from '#model';
import { cacheFolder } from '../../system/cache-folder.ts';
import { isElevated } from '../../system/elevated.ts';
import { type CommitChoice, commitCopy } from '../images/commit-copy.ts';
import { importLayerTar, newLayerId, type StoreProblem, verifyStore } from '../images/layer-transfer.ts';
import { discardCopy, freedWithCopies, planRemoval, type Removal, removeStored } from '../images/removal.ts';
import { findStored, importArchive, type SpooledChain, spoolChain } from '../images/stored-images.ts';
import { type LayerChanges, readLayerChanges } from './layer-changes.ts';
import { nameOf, type Opened, reportStore, type ServiceReport } from './store-report.ts';

export interface ServiceProgress {
  readonly phase: string;
  readonly doneBytes: number;
  readonly totalBytes: number | null;
}

export interface ServiceOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ServiceProgress) => void;
}

interface ImportRequest {
  /** Path of an archive or a layer tar. */
  readonly path: string;
  /** Digest of the manifest of the image to import; if null, `image` is its index. */
  readonly manifestDigest: string | null;
  readonly image: number;
  readonly parent: string | null;
}

/** The result of an import; `name` identifies what was imported. */
interface ImportResult {
  readonly name: string;
  readonly layers: number;
}

interface MountedAt {
  readonly path: string;
  /** What could not be laid out exactly as in the layer; at most 100 messages. */
  readonly findings: readonly string[];
}

/** Everything the window does in a store. Throws the errors of {@link GraphDriver}. */
export interface StoreService {
  report(): Promise<ServiceReport>;
  /** Imports an image of an archive, or a layer tar as a layer on `parent`. A failure leaves nothing behind. */
  importImage(what: ImportRequest, options: ServiceOptions): Promise<ImportResult>;
  /**
   * Returns what {@link remove} would delete, and which of these layers are mounted by this process or were left mounted by one that has
   * exited.
   */
  removal(name: string): Promise<Removal & { readonly mounted: readonly string[] }>;
  /**
   * Removes an image by name or digest, or a layer or leftover by id. With `withCopies`, first releases the mounts that {@link removal}
   * reports and removes the working copies based on the layer.
   */
  remove(name: string, withCopies: boolean): Promise<void>;
  /** Removes a working copy and its changes, and releases its mount, even one left by a process that has exited. */
  discard(id: string): Promise<void>;
  verify(options: ServiceOptions): Promise<readonly StoreProblem[]>;
  /** Returns the names of what {@link cleanup} would remove. */
  leftovers(): Promise<readonly string[]>;
  cleanup(): Promise<readonly string[]>;
  /** Mounts a layer until {@link release} or {@link close}. */
  mount(id: string): Promise<MountedAt>;
  release(id: string): Promise<void>;
  /** Returns the folders of held mounts by layer; empty after the thread or elevated process that held them has exited. */
  mounts(): Promise<ReadonlyMap<string, string>>;
  /** Creates a writable layer on `parent` and returns its id. */
  createReadWrite(parent: string): Promise<string>;
  changes(id: string, limit: number): Promise<LayerChanges>;
  /** See {@link commitCopy}. Returns the image's name, or the layer's id. */
  commit(id: string, choice: CommitChoice, options: ServiceOptions): Promise<string>;
  /** Spools a layer's chain; see {@link spoolChain}. Returns null for an image, whose blobs are read in place. */
  spool(name: string, folder: string, options: ServiceOptions): Promise<SpooledChain | null>;
  baseImages(): Promise<readonly SharedBaseImage[]>;
  adopt(id: string): Promise<string>;
  /** Starts an elevated process that hosts the driver; Windows asks the user first. Returns false if the user declines. */
  elevate(launch: ElevatedLaunch): Promise<boolean>;
  close(): Promise<void>;
}

/** How to start the elevated copy of this program. */
export interface ElevatedLaunch {
  readonly executable: string;
  /** Arguments that come before the program's own: the app's folder, if the app isn't packed. */
  readonly args: readonly string[];
  /** HWND of the window that owns Windows' prompt. */
  readonly ownerWindow?: bigint | undefined;
}

/** Opens a driver; with `readOnly` if the system lacks what the driver needs. */
type OpenDriver = typeof openDriver;

/** How drivers are opened; tests pass their own. */
export interface DriverSource {
  readonly open: OpenDriver;
  readonly openElevated: (name: 'windowsfilter' | 'windowsdiff', home: string, launch: ElevatedLaunch) => Promise<GraphDriver | null>;
  /** Whether a driver needs administrator rights that this process lacks. */
  readonly needsElevation: (name: DriverName) => boolean;
}

const SYSTEM: DriverSource = {
  open: (name, home, options) => openDriver(name, home, { cacheFolder: cacheFolder(), ...options }),
  openElevated: openElevatedDriver,
  needsElevation: (name) => name !== 'portable' && process.platform === 'win32' && !isElevated(),
};

const MOST_FINDINGS = 100;

/** A store's folder and the driver that opens it. */
export interface StoreLocation {
  readonly driver: DriverName;
  readonly home: string;
}

/** Creates the service of one store. The driver is opened at the first call. */
export function createStoreService({ driver: name, home }: StoreLocation, source: Partial<DriverSource> = {}): StoreService {
  const { open, openElevated, needsElevation } = { ...SYSTEM, ...source };
  let opened: Promise<Opened> | null = null;
  let reader: ArchiveReader | null = null;
  const mounts = new Map<string, Mount>();

  /** Opens the driver; falls back to a read-only driver if this system or user can't run the full one. */
  const openIt = async (): Promise<Opened> => {
    if (needsElevation(name)) {
      const driver = await open(name, home, { readOnly: true });
      return { driver, readOnlyReason: 'changing Windows layers needs administrator rights', elevation: 'needed' };
    }
    try {
      return { driver: await open(name, home), readOnlyReason: null, elevation: 'none' };
    } catch (error) {
      if (name === 'portable' || !(error instanceof LayerscopeError) || !['UNSUPPORTED', 'PERMISSION'].includes(error.code)) throw error;
      return { driver: await open(name, home, { readOnly: true }), readOnlyReason: error.message, elevation: 'none' };
    }
  };
  const known = () => {
    opened ??= openIt().catch((error: unknown) => {
      opened = null; // the next call tries again
      throw error;
    });
    return opened;
  };
  const driverOf = async (): Promise<GraphDriver> => (await known()).driver;
  const readerOf = (): ArchiveReader => {
    // No workers, because this already runs on one.
    reader ??= createReader({ cacheFolder: null, workers: 0 });
    return reader;
  };

  /** Releases a mount held by this process; returns false if there is none. */
  const releaseHeld = async (id: string): Promise<boolean> => {
    const mount = mounts.get(id);
    mounts.delete(id);
    await mount?.[Symbol.asyncDispose]();
    return mount !== undefined;
  };

  /** Releases mounts held by this process or left by processes that have exited. */
  const unmount = async (driver: GraphDriver, ids: readonly string[]): Promise<void> => {
    for (const id of ids) await releaseHeld(id);
    const left = new Set(await driver.mountsLeft?.());
    for (const id of ids) if (left.has(id)) await driver.releaseLeft?.(id);
  };

  const reportOf = (current: Opened): Promise<ServiceReport> => reportStore(current, mounts);

  return {
    async report() {
      const current = await known();
      if (current.elevation !== 'held') return reportOf(current);
      try {
        return await reportOf(current);
      } catch (error) {
        // The elevated process exits when idle. Report what is visible without it; the window then offers to elevate again.
        if (!(error instanceof LayerscopeError) || error.code !== 'IO') throw error;
        opened = null;
        mounts.clear();
        return reportOf(await known());
      }
    },

    async elevate(launch) {
      if (name === 'portable') throw new LayerscopeError('UNSUPPORTED', 'a portable store doesn’t need administrator rights');
      const driver = await openElevated(name, home, launch);
      if (driver === null) return false;
      const before = opened;
      opened = Promise.resolve({ driver, readOnlyReason: null, elevation: 'held' });
      await (await before?.catch(() => null))?.driver[Symbol.asyncDispose]();
      return true;
    },

    async importImage({ path: file, image, manifestDigest, parent }, { signal, onProgress }) {
      const driver = await driverOf();
      onProgress({ phase: 'reading the archive', doneBytes: 0, totalBytes: null });
      await using archive = await readerOf().open(file, { signal });
      const chosen = archive.images.find((each) =>
        manifestDigest === null ? each.index === image : each.manifestDigest === manifestDigest,
      );
      if (chosen === undefined) throw new LayerscopeError('NOT_FOUND', `no image ${image}`);
      const sizes = chosen.layers.map(({ blob }) => blob?.length ?? 0);
      const onBytes = layerProgress(sizes, onProgress);
      const onWaiting = (phase: string): void => onProgress({ phase, doneBytes: 0, totalBytes: null });
      const options = { signal, onProgress: onBytes, onWaiting };
      if (archive.format === 'layer') {
        const id = newLayerId();
        await importLayerTar(driver, { id, parent, tar: { file } }, options);
        return { name: id, layers: 1 };
      }
      const imported = await importArchive(driver, archive, { image: String(chosen.index) }, options);
      if (imported.kind === 'layers') return { name: imported.ids.at(-1) ?? '', layers: imported.ids.length };
      const [first] = imported.images;
      if (first === undefined) throw new LayerscopeError('NOT_FOUND', 'the archive holds no image');
      return { name: nameOf(first), layers: first.layers.length };
    },

    async removal(what) {
      const driver = await driverOf();
      const plan = await planRemoval(driver, what);
      const left = new Set(await driver.mountsLeft?.());
      const freedBytes = await freedWithCopies(driver, plan);
      return { ...plan, freedBytes, mounted: plan.ids.filter((id) => mounts.has(id) || left.has(id)) };
    },

    async remove(what, withCopies) {
      const driver = await driverOf();
      if (withCopies) {
        const { ids, users } = await planRemoval(driver, what);
        // Layers that aren't working copies may be somebody's work, so they are only removed one at a time.
        if (users.every(({ isCopy }) => isCopy)) {
          await unmount(driver, ids);
          for (const { id } of users) await discardCopy(driver, id);
        }
      }
      await removeStored(driver, what);
    },

    async discard(id) {
      const driver = await driverOf();
      await unmount(driver, [id]);
      await discardCopy(driver, id);
    },

    async verify({ signal, onProgress }) {
      const driver = await driverOf();
      let done = 0;
      return verifyStore(driver, {
        signal,
        onLayer: ({ id }) =>
          onProgress({ phase: `checking layer ${++done}, ${displayText(id.slice(0, 12))}`, doneBytes: 0, totalBytes: null }),
      });
    },

    async leftovers() {
      const driver = await driverOf();
      if (driver.leftovers !== undefined) return driver.leftovers();
      // A layer whose parent is missing may hold data, so only the user removes it.
      return (await driver.list()).filter(({ state, chain }) => state === 'leftover' && chain.length === 0).map(({ id }) => id);
    },

    cleanup: async () => (await driverOf()).cleanup(),

    async mount(id) {
      const there = mounts.get(id);
      if (there !== undefined) return { path: there.path, findings: [] };
      const findings: string[] = [];
      const mount = await (await driverOf()).mount(id, {
        onFinding: ({ message, path: at }) => {
          if (findings.length < MOST_FINDINGS) findings.push(displayText(at === undefined ? message : `${at}: ${message}`));
        },
      });
      // Another call may have mounted the layer meanwhile; keep one mount.
      if (mounts.has(id)) await mount[Symbol.asyncDispose]();
      else mounts.set(id, mount);
      return { path: mount.path, findings };
    },

    async release(id) {
      if (!(await releaseHeld(id))) throw new LayerscopeError('NOT_FOUND', `layer ${displayText(id.slice(0, 12))} is not mounted here`);
    },

    mounts: async () => new Map([...mounts].map(([id, mount]) => [id, mount.path])),

    async createReadWrite(parent) {
      const id = newLayerId();
      await (await driverOf()).createReadWrite(id, parent);
      return id;
    },

    changes: async (id, limit) => readLayerChanges(await driverOf(), id, limit),

    async commit(id, choice, { signal, onProgress }) {
      let doneBytes = 0;
      const onBytes = (bytes: number): void => {
        doneBytes += bytes;
        onProgress({ phase: 'creating a layer', doneBytes, totalBytes: null });
      };
      const made = await commitCopy(await driverOf(), id, choice, { signal, onProgress: onBytes });
      return made.kind === 'layers' ? (made.ids[0] ?? '') : (choice.name ?? '');
    },

    async spool(what, folder, { signal }) {
      const driver = await driverOf();
      const found = await findStored(driver, what);
      return found.kind === 'image' ? null : spoolChain(driver, found.id, folder, { signal });
    },

    baseImages: async () => (await driverOf()).baseImages(),
    adopt: async (id) => (await driverOf()).adoptBaseImage(id),

    async close() {
      const held = [...mounts.values()];
      mounts.clear();
      for (const mount of held) await mount[Symbol.asyncDispose]();
      await reader?.[Symbol.asyncDispose]();
      if (opened === null) return;
      const { driver } = await opened;
      await driver[Symbol.asyncDispose]();
    },
  };
}

/** Turns transferred bytes into progress by layer: `layer 3 of 9`. */
function layerProgress(sizes: readonly number[], onProgress: ServiceOptions['onProgress']): (bytes: number) => void {
  const totalBytes = sizes.reduce((sum, size) => sum + size, 0);
  let doneBytes = 0;
  let layer = 0;
  let end = sizes[0] ?? 0;
  return (bytes) => {
    doneBytes += bytes;
    while (doneBytes > end && layer < sizes.length - 1) {
      layer++;
      end += sizes[layer] ?? 0;
    }
    const phase = sizes.length < 2 ? 'importing the layer' : `layer ${layer + 1} of ${sizes.length}`;
    onProgress({ phase, doneBytes: Math.min(doneBytes, totalBytes), totalBytes });
  };
}
