// One home of layers and images, as the window has it. It runs in a worker: what it takes and gives are plain values.
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

/** What a home is said to be where the window asks about it; the rest of a report is whose list it is in. */
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
  /** By its manifest, where that is known; else by its place in the archive. */
  readonly manifestDigest: string | null;
  readonly image: number;
  readonly parent: string | null;
}

/** What came in: the name by which it is opened. */
interface ImportResult {
  readonly name: string;
  readonly layers: number;
}

interface MountedAt {
  readonly path: string;
  /** What could not be laid out as it is in the layer, in words; at most 100. */
  readonly findings: readonly string[];
}

interface LayerChanges {
  readonly changes: readonly DriverChange[];
  readonly complete: boolean;
}

/** All that can be done in a home. Errors are those of {@link GraphDriver}. */
export interface StoreService {
  report(): Promise<ServiceReport>;
  /** Takes an image of an archive in, or a layer tar as a layer on `parent`. All or nothing. */
  take(what: ImportRequest, options: ServiceOptions): Promise<ImportResult>;
  /** An image by name or digest, a layer or a leftover by id. */
  remove(name: string): Promise<void>;
  verify(options: ServiceOptions): Promise<readonly StoreProblem[]>;
  /** What {@link cleanup} would take away, by name. */
  leftovers(): Promise<readonly string[]>;
  cleanup(): Promise<readonly string[]>;
  /** Held until {@link release}, or the room's end. */
  mount(id: string): Promise<MountedAt>;
  release(id: string): Promise<void>;
  /** Mounts held, by layer: folders as they are on disk. Empty again once the thread or the elevated process that held them has ended. */
  mounts(): Promise<ReadonlyMap<string, string>>;
  /** A layer to be written into, on `parent`; its id is returned. */
  createReadWrite(parent: string): Promise<string>;
  changes(id: string, limit: number): Promise<LayerChanges>;
  /** A layer of what a read-write layer holds now, on the same parent; its id is returned. */
  commit(id: string, options: ServiceOptions): Promise<string>;
  /** Null for an image: its blobs are read where they lie. Layers kept otherwise than as blobs are written into `folder`. */
  spool(name: string, folder: string, options: ServiceOptions): Promise<SpooledChain | null>;
  baseImages(): Promise<readonly SharedBaseImage[]>;
  adopt(id: string): Promise<string>;
  /** Has a second, elevated process host the driver, for which Windows asks the user; false: the user said no. */
  elevate(launch: ElevatedLaunch): Promise<boolean>;
  close(): Promise<void>;
}

/** What the elevated process is a copy of. */
export interface ElevatedLaunch {
  readonly executable: string;
  /** Before its own: the app's folder where it isn't packed. */
  readonly args: readonly string[];
  /** HWND of the window that asks. */
  readonly ownerWindow?: bigint | undefined;
}

/** Opens a driver; `readOnly` where the system hasn't what it needs. */
type OpenDriver = typeof openDriver;

/** How drivers are opened; tests have their own. */
export interface DriverSource {
  readonly open: OpenDriver;
  readonly openElevated: (name: 'windowsfilter' | 'windowsdiff', home: string, launch: ElevatedLaunch) => Promise<GraphDriver | null>;
  /** Whether a driver needs an administrator's rights that this process hasn't. */
  readonly needsElevation: (name: DriverName) => boolean;
}

const SYSTEM: DriverSource = {
  open: openDriver,
  openElevated: openElevatedDriver,
  needsElevation: (name) => name !== 'portable' && process.platform === 'win32' && !isElevated(),
};

const MOST_FINDINGS = 100;

export interface StoreLocation {
  readonly driver: DriverName;
  readonly home: string;
}

export function createStoreService({ driver: name, home }: StoreLocation, source: Partial<DriverSource> = {}): StoreService {
  const { open, openElevated, needsElevation } = { ...SYSTEM, ...source };
  let opened: Promise<Opened> | null = null;
  let reader: ArchiveReader | null = null;
  const mounts = new Map<string, Mount>();

  /** Where the system can't run it, one that only looks. */
  const openIt = async (): Promise<Opened> => {
    if (needsElevation(name)) {
      const driver = await open(name, home, { readOnly: true });
      return { driver, readOnlyReason: 'changing Windows’ layers needs an administrator’s rights', elevation: 'needed' };
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
      opened = null; // looked at again the next time
      throw error;
    });
    return opened;
  };
  const driverOf = async (): Promise<GraphDriver> => (await known()).driver;
  const readerOf = (): ArchiveReader => {
    // The room is a thread of its own already.
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
      const told = await known();
      if (told.elevation !== 'held') return reportOf(told);
      try {
        return await reportOf(told);
      } catch (error) {
        // It ends after a while without work: what can be seen without it is told, and it is offered again.
        if (!(error instanceof LayerscopeError) || error.code !== 'IO') throw error;
        opened = null;
        mounts.clear();
        return reportOf(await known());
      }
    },

    async elevate(launch) {
      if (name === 'portable') throw new LayerscopeError('UNSUPPORTED', 'a portable store needs no rights');
      const driver = await openElevated(name, home, launch);
      if (driver === null) return false;
      const before = opened;
      opened = Promise.resolve({ driver, readOnlyReason: null, elevation: 'held' });
      await (await before?.catch(() => null))?.driver[Symbol.asyncDispose]();
      return true;
    },

    async take({ path, image, manifestDigest, parent }, { signal, onProgress }) {
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
      const came = await importArchive(driver, archive, { image: String(chosen.index) }, options);
      if (came.kind === 'layers') return { name: came.ids.at(-1) ?? '', layers: came.ids.length };
      const [first] = came.images;
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
      // A layer without its parent is for its owner to remove.
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
      // Asked for twice at once: held once.
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
        onProgress({ phase: 'making a layer', doneBytes, totalBytes: null });
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
  /** Why it can only be looked at; null: it can be changed. */
  readonly readOnlyReason: string | null;
  readonly elevation: StoreReport['elevation'];
}

/** A report of a home that can't be read: why, in a sentence. Throws defects. */
export function problemReport(error: unknown): ServiceReport {
  const { code, message } = asLayerscopeError(error);
  if (code === 'INTERNAL') throw error;
  return { elevation: 'none', readOnlyReason: null, images: [], layers: [], sizeBytes: 0, problem: displayText(message) };
}

/** By which it is opened and removed. */
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

/** What images share counts once; layers by themselves beside it. */
function sizeOf(images: readonly StoredImage[], layers: readonly LayerInfo[]): number {
  const sizes = new Map(images.flatMap(({ root }) => root.blobs.map(({ digest, source }) => [digest, source.length] as const)));
  let sum = 0;
  for (const bytes of sizes.values()) sum += bytes;
  for (const { sizeBytes = 0, images: of = [] } of layers) if (of.length === 0) sum += sizeBytes;
  return sum;
}

/** Bytes as they come, told as layers: `layer 3 of 9`. */
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
    const phase = sizes.length < 2 ? 'taking the layer in' : `layer ${layer + 1} of ${sizes.length}`;
    onProgress({ phase, doneBytes: Math.min(doneBytes, totalBytes), totalBytes });
  };
}
