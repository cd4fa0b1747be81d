// One store as the window uses it. Runs in a worker, so arguments and results are plain values.
import { type ArchiveReader, createReader } from '#archive';
import type { StoredImageReport, StoredLayerReport, StoreReport } from '#contract';
import {
  type DriverChange,
  type DriverName,
  type GraphDriver,
  type LayerInfo,
  type Mount,
  openDriver,
  openElevatedDriver,
  type SharedBaseImage,
  type StoredImage,
} from '#driver';
import { asLayerscopeError, displayText, LayerscopeError } from '#model';
import { isElevated } from '../../system/elevated.ts';
import { importLayerTar, newLayerId, type StoreProblem, verifyStore } from '../images/layer-transfer.ts';
import { findStored, importArchive, type SpooledChain, spoolChain } from '../images/stored-images.ts';

/** A store's report without the fields that the list of stores adds. */
export type ServiceReport = Omit<StoreReport, 'storeId' | 'driver' | 'home' | 'isOwn' | 'checked'>;

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
  /** An archive, or a layer tar. */
  readonly path: string;
  /** Chooses the image by its manifest; if null, `image` does by its index. */
  readonly manifestDigest: string | null;
  readonly image: number;
  readonly parent: string | null;
}

/** What was imported; `name` opens it. */
interface ImportResult {
  readonly name: string;
  readonly layers: number;
}

interface MountedAt {
  readonly path: string;
  /** What could not be laid out exactly as in the layer; at most 100 messages. */
  readonly findings: readonly string[];
}

interface LayerChanges {
  readonly changes: readonly DriverChange[];
  readonly complete: boolean;
}

/** Everything the window does in a store. Throws the errors of {@link GraphDriver}. */
export interface StoreService {
  report(): Promise<ServiceReport>;
  /** Imports an image of an archive, or a layer tar as a layer on `parent`. A failure leaves nothing behind. */
  importImage(what: ImportRequest, options: ServiceOptions): Promise<ImportResult>;
  /** Removes an image by name or digest, or a layer or leftover by id. */
  remove(name: string): Promise<void>;
  verify(options: ServiceOptions): Promise<readonly StoreProblem[]>;
  /** Names what {@link cleanup} would remove. */
  leftovers(): Promise<readonly string[]>;
  cleanup(): Promise<readonly string[]>;
  /** Mounts a layer until {@link release} or {@link close}. */
  mount(id: string): Promise<MountedAt>;
  release(id: string): Promise<void>;
  /** Returns the folders of held mounts by layer; empty after the thread or elevated process that held them has ended. */
  mounts(): Promise<ReadonlyMap<string, string>>;
  /** Creates a writable layer on `parent` and returns its id. */
  createReadWrite(parent: string): Promise<string>;
  changes(id: string, limit: number): Promise<LayerChanges>;
  /** Creates a layer from the current content of a read-write layer, on the same parent, and returns its id. */
  commit(id: string, options: ServiceOptions): Promise<string>;
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
  /** Arguments before the program's own: the app's folder if it isn't packed. */
  readonly args: readonly string[];
  /** HWND of the window that owns Windows' prompt. */
  readonly ownerWindow?: bigint | undefined;
}

/** Opens a driver, `readOnly` if the system lacks what it needs. */
type OpenDriver = typeof openDriver;

/** How drivers are opened; tests pass their own. */
export interface DriverSource {
  readonly open: OpenDriver;
  readonly openElevated: (name: 'windowsfilter' | 'windowsdiff', home: string, launch: ElevatedLaunch) => Promise<GraphDriver | null>;
  /** Whether a driver needs administrator rights that this process lacks. */
  readonly needsElevation: (name: DriverName) => boolean;
}

const SYSTEM: DriverSource = {
  open: openDriver,
  openElevated: openElevatedDriver,
  needsElevation: (name) => name !== 'portable' && process.platform === 'win32' && !isElevated(),
};

const MOST_FINDINGS = 100;

/** A store's folder and the driver that opens it. */
export interface StoreLocation {
  readonly driver: DriverName;
  readonly home: string;
}

/** Creates the service of one store. It opens the driver at the first call. */
export function createStoreService({ driver: name, home }: StoreLocation, source: Partial<DriverSource> = {}): StoreService {
  const { open, openElevated, needsElevation } = { ...SYSTEM, ...source };
  let opened: Promise<Opened> | null = null;
  let reader: ArchiveReader | null = null;
  const mounts = new Map<string, Mount>();

  /** Falls back to a read-only driver if this system or user can't run the full one. */
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
    // This already runs on a worker.
    reader ??= createReader({ cacheFolder: null, workers: 0 });
    return reader;
  };

  const stateOf = ({ id, state }: LayerInfo): StoredLayerReport['state'] => (mounts.has(id) ? 'mounted' : state);

  const reportOf = async ({ driver, readOnlyReason, elevation }: Opened): Promise<ServiceReport> => {
    const images = (await driver.images?.list()) ?? [];
    const layers = await driver.list();
    return {
      elevation,
      readOnlyReason: readOnlyReason === null ? null : displayText(readOnlyReason),
      images: images.map(imageReport),
      layers: layers.map((layer) => ({
        id: layer.id,
        parent: layer.parent,
        below: layer.chain.length,
        state: stateOf(layer),
        problem: layer.problem === null ? null : displayText(layer.problem),
        sizeBytes: layer.sizeBytes ?? null,
        isReadWrite: layer.readWrite === true,
        ofImage: (layer.images?.length ?? 0) > 0,
        mountPath: mounts.has(layer.id) ? displayText(mounts.get(layer.id)?.path ?? '') : null,
      })),
      sizeBytes: sizeOf(images, layers),
      problem: null,
    };
  };

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
      if (name === 'portable') throw new LayerscopeError('UNSUPPORTED', 'a portable store needs no administrator rights');
      const driver = await openElevated(name, home, launch);
      if (driver === null) return false;
      const before = opened;
      opened = Promise.resolve({ driver, readOnlyReason: null, elevation: 'held' });
      await (await before?.catch(() => null))?.driver[Symbol.asyncDispose]();
      return true;
    },

    async importImage({ path, image, manifestDigest, parent }, { signal, onProgress }) {
      const driver = await driverOf();
      onProgress({ phase: 'reading the archive', doneBytes: 0, totalBytes: null });
      await using archive = await readerOf().open(path, { signal });
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
        await importLayerTar(driver, { id, parent, tar: { file: path } }, options);
        return { name: id, layers: 1 };
      }
      const imported = await importArchive(driver, archive, { image: String(chosen.index) }, options);
      if (imported.kind === 'layers') return { name: imported.ids.at(-1) ?? '', layers: imported.ids.length };
      const [first] = imported.images;
      if (first === undefined) throw new LayerscopeError('NOT_FOUND', 'the archive holds no image');
      return { name: nameOf(first), layers: first.layers.length };
    },

    async remove(what) {
      const driver = await driverOf();
      const image = (await driver.images?.list())?.find((each) => each.names.includes(what) || each.manifestDigest === what);
      if (image !== undefined) await driver.images?.remove(what);
      else await driver.remove(what);
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
        onFinding: ({ message, path }) => {
          if (findings.length < MOST_FINDINGS) findings.push(displayText(path === undefined ? message : `${path}: ${message}`));
        },
      });
      // Another call may have mounted it meanwhile; keep one mount.
      if (mounts.has(id)) await mount[Symbol.asyncDispose]();
      else mounts.set(id, mount);
      return { path: mount.path, findings };
    },

    async release(id) {
      const mount = mounts.get(id);
      if (mount === undefined) throw new LayerscopeError('NOT_FOUND', `layer ${displayText(id)} is not mounted here`);
      mounts.delete(id);
      await mount[Symbol.asyncDispose]();
    },

    mounts: async () => new Map([...mounts].map(([id, { path }]) => [id, path])),

    async createReadWrite(parent) {
      const id = newLayerId();
      await (await driverOf()).createReadWrite(id, parent);
      return id;
    },

    async changes(id, limit) {
      const changes: DriverChange[] = [];
      for await (const change of (await driverOf()).changes(id)) {
        if (changes.length === limit) return { changes, complete: false };
        changes.push(change);
      }
      return { changes, complete: true };
    },

    async commit(id, { signal, onProgress }) {
      const driver = await driverOf();
      const [parent = null] = await driver.chain(id);
      const made = newLayerId();
      let doneBytes = 0;
      const onBytes = (bytes: number): void => {
        doneBytes += bytes;
        onProgress({ phase: 'creating a layer', doneBytes, totalBytes: null });
      };
      await importLayerTar(driver, { id: made, parent, tar: { pieces: driver.diff(id, { signal }) } }, { signal, onProgress: onBytes });
      return made;
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

interface Opened {
  readonly driver: GraphDriver;
  /** Why the store can't be changed; null if it can. */
  readonly readOnlyReason: string | null;
  readonly elevation: StoreReport['elevation'];
}

/** Reports a store that can't be read, with the reason. Rethrows INTERNAL errors. */
export function problemReport(error: unknown): ServiceReport {
  const { code, message } = asLayerscopeError(error);
  if (code === 'INTERNAL') throw error;
  return { elevation: 'none', readOnlyReason: null, images: [], layers: [], sizeBytes: 0, problem: displayText(message) };
}

/** The name that opens and removes an image. */
function nameOf({ names, manifestDigest }: StoredImage): string {
  return names[0] ?? manifestDigest;
}

function imageReport(image: StoredImage): StoredImageReport {
  const sizes = new Map(image.root.blobs.map(({ digest, source }) => [digest, source.length]));
  return {
    name: nameOf(image),
    names: image.names.map(displayText),
    platform: displayText(image.platform),
    layers: image.image.layers.map(({ digest }, index) => ({ id: image.layers[index] ?? '', sizeBytes: sizes.get(digest ?? '') ?? 0 })),
    sizeBytes: image.sizeBytes,
    problem: image.problem === null ? null : displayText(image.problem),
  };
}

/** Total size of a store: blobs shared by images once, plus layers that belong to no image. */
function sizeOf(images: readonly StoredImage[], layers: readonly LayerInfo[]): number {
  const sizes = new Map(images.flatMap(({ root }) => root.blobs.map(({ digest, source }) => [digest, source.length] as const)));
  let sum = 0;
  for (const bytes of sizes.values()) sum += bytes;
  for (const { sizeBytes = 0, images: of = [] } of layers) if (of.length === 0) sum += sizeBytes;
  return sum;
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
