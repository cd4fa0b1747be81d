import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BaseImageReport, ImageRef, RemovalReport, StoreChecked, StoredChanges, StoreReport } from '#contract';
import { openDriver } from '#driver';
import { makeMarkedFolder } from '#files';
import { displayText, LayerscopeError, shortDigest } from '#model';
import type { JobContext, Jobs } from '../library/jobs.ts';
import type { Library } from '../library/library.ts';
import type { CommitChoice } from './images/commit-copy.ts';
import { openSpooled, openStored } from './images/stored-images.ts';
import { problemReport } from './thread/store-report.ts';
import type { ElevatedLaunch, StoreLocation, StoreService } from './thread/store-service.ts';
import type { StoreThread } from './thread/store-thread.ts';

/** The stores shown in the window, each with its own home; the program's own comes first. All work is done on the store thread. */
export interface StoreList {
  /** Reports the current contents, which other programs may change. A store that can't be read has a `problem`. */
  report(): Promise<readonly StoreReport[]>;
  /**
   * Adds a folder to the list. Returns the store's id, even if already listed. Throws NOT_FOUND, UNSUPPORTED if the folder isn't a store.
   */
  add(folder: string): Promise<string>;
  /** Removes a store from the list. Throws USAGE for the program's own, EXISTS while one of its layers is mounted. */
  forget(storeId: string): Promise<void>;
  /** Starts a job that opens an image or a layer as an archive of the library. */
  open(storeId: string, name: string): string;
  /** Starts a job that imports an image of an open archive with its names, or a layer tar on `parent`. */
  importImage(storeId: string, ref: ImageRef, parent: string | null): string;
  /** Returns what {@link remove} would delete. Throws NOT_FOUND. */
  removal(storeId: string, name: string): Promise<RemovalReport>;
  /**
   * Removes an image's name, a layer or a leftover; with `withCopies`, first unmounts the layer and removes the working copies based on it.
   * Throws NOT_FOUND; EXISTS if another layer is based on the layer.
   */
  remove(storeId: string, name: string, withCopies?: boolean): Promise<void>;
  /** Unmounts and removes a working copy. Throws NOT_FOUND; USAGE for any other layer. */
  discard(storeId: string, id: string): Promise<void>;
  /** Starts a job that checks a store; the store's report then lists the problems. */
  verify(storeId: string): string;
  /** Returns the names of what {@link cleanup} would remove. */
  leftovers(storeId: string): Promise<readonly string[]>;
  cleanup(storeId: string): Promise<readonly string[]>;
  mount(storeId: string, id: string): Promise<{ readonly path: string; readonly findings: readonly string[] }>;
  release(storeId: string, id: string): Promise<void>;
  /** Returns the folder where a layer is mounted. Throws NOT_FOUND. */
  mountPath(storeId: string, id: string): Promise<string>;
  create(storeId: string, parent: string): Promise<string>;
  changes(storeId: string, id: string, limit: number): Promise<StoredChanges>;
  /** Starts a job that creates a layer or, with a name, an image from the content of a read-write layer. */
  commit(storeId: string, id: string, choice?: CommitChoice): string;
  bases(storeId: string): Promise<readonly BaseImageReport[]>;
  adopt(storeId: string, id: string): Promise<void>;
  /** Starts an elevated process that hosts the driver. Returns false if the user declines. */
  elevate(storeId: string, launch: ElevatedLaunch): Promise<boolean>;
}

/** Stores that the user added, remembered between runs. */
export interface KeptHomes {
  list(): readonly StoreLocation[];
  set(homes: readonly StoreLocation[]): void;
}

export interface StoreListOptions {
  /** Home of the program's own portable store, created by the first import. */
  readonly home: string;
  readonly thread: StoreThread;
  readonly library: Library;
  readonly jobs: Jobs;
  /** Further stores to list, such as those given on the command line. */
  readonly more?: readonly StoreLocation[];
  /** Where added stores are remembered; by default only until the program ends. */
  readonly kept?: KeptHomes;
}

interface Listed extends StoreLocation {
  readonly storeId: string;
  readonly isOwn: boolean;
  readonly service: Omit<StoreService, 'close'>;
  checked: StoreChecked;
  /**
   * Titles of items as of the latest report, by the names that open the items. An image's title is its name; a working copy's contains the
   * image's name.
   */
  called: ReadonlyMap<string, string>;
}

/** Returns the titles of a store's items, by the names that open them. */
function callings({ images, layers }: Pick<StoreReport, 'images' | 'layers'>): ReadonlyMap<string, string> {
  const ofImages = images.flatMap(({ name, names }) => [name, ...names].map((each) => [each, names[0] ?? shortDigest(name)] as const));
  const ofTops = new Map(images.map(({ layers: chain, names, name }) => [chain.at(-1)?.id, names[0] ?? shortDigest(name)]));
  const ofCopies = layers.flatMap(({ id, parent, isReadWrite }) => {
    const image = parent === null ? undefined : ofTops.get(parent);
    return isReadWrite && image !== undefined ? [[id, `${image} + working copy`] as const] : [];
  });
  return new Map([...ofImages, ...ofCopies]);
}

/** Creates the list: the program's own store, then `more`, then those remembered in `kept`. */
export function createStoreList({ home, thread, library, jobs, more = [], kept }: StoreListOptions): StoreList {
  const stores = new Map<string, Listed>();
  let last = 0;

  const list = ({ driver, home: at }: StoreLocation, isOwn = false): string => {
    const there = [...stores.values()].find((store) => store.home === at && store.driver === driver);
    if (there !== undefined) return there.storeId;
    const storeId = `s${++last}`;
    stores.set(storeId, {
      storeId,
      driver,
      home: at,
      isOwn,
      service: thread.service({ driver, home: at }),
      checked: null,
      called: new Map(),
    });
    return storeId;
  };
  list({ driver: 'portable', home: path.resolve(home) }, true);
  for (const each of [...more, ...(kept?.list() ?? [])]) list({ ...each, home: path.resolve(each.home) });
  const given = new Set(more.map((each) => path.resolve(each.home)));

  const keep = (): void => {
    const added = [...stores.values()].filter((store) => !store.isOwn && !given.has(store.home));
    kept?.set(added.map(({ driver, home: at }) => ({ driver, home: at })));
  };
  const find = (storeId: string): Listed => {
    const store = stores.get(storeId);
    if (store === undefined) throw new LayerscopeError('NOT_FOUND', 'no such store is listed');
    return store;
  };
  /** A portable store exists on disk only after its first import. */
  const isThere = (store: Listed): boolean => store.driver !== 'portable' || existsSync(path.join(store.home, 'oci-layout'));
  const filled = (storeId: string, name: string): Listed => {
    const store = find(storeId);
    if (!isThere(store)) throw new LayerscopeError('NOT_FOUND', `no ${displayText(name)} in the store`);
    return store;
  };
  const titleOf = (store: Listed, name: string): string => {
    const shown = /^[0-9a-f]{64}$/.test(name) ? name.slice(0, 12) : name;
    return `${store.isOwn ? 'store' : path.basename(store.home)}:${shown}`;
  };
  const serviceOptions = ({ signal, report }: JobContext, use = signal) => ({ signal: use, onProgress: report });

  return {
    report: () =>
      Promise.all(
        [...stores.values()].map(async (store) => {
          const { storeId, driver, isOwn, service, checked } = store;
          const common = { storeId, driver, home: displayText(store.home), isOwn, checked };
          if (!isThere(store))
            return { ...common, elevation: 'none' as const, readOnlyReason: null, images: [], layers: [], sizeBytes: 0, problem: null };
          const found = await service.report().catch(problemReport);
          store.called = callings(found);
          return { ...common, ...found };
        }),
      ),

    async add(folder) {
      const storeId = list({ driver: await driverOf(folder), home: path.resolve(folder) });
      keep();
      return storeId;
    },

    async forget(storeId) {
      const { isOwn, service } = find(storeId);
      if (isOwn) throw new LayerscopeError('USAGE', "the program's own store is always listed");
      if ((await service.mounts()).size > 0) throw new LayerscopeError('EXISTS', 'one of its layers is mounted: release it first');
      stores.delete(storeId);
      keep();
    },

    open(storeId, name) {
      const store = filled(storeId, name);
      let folder: string | null = null;
      return library.open({
        path: store.home,
        title: titleOf(store, name),
        called: store.called.get(name),
        stored: { storeId, name },
        read: async (reader, options) => {
          folder = makeMarkedFolder(tmpdir(), 'layerscope-store-');
          const chain = await store.service.spool(name, folder, { ...options, onProgress: () => {} });
          if (chain !== null) return openSpooled(reader, chain, titleOf(store, name));
          await using driver = await openDriver('portable', store.home);
          return await openStored(reader, driver, name, folder, options);
        },
        release: async () => {
          if (folder !== null) await rm(folder, { recursive: true, force: true });
        },
      });
    },

    importImage(storeId, { archiveId, image }, parent) {
      const { service } = find(storeId);
      const { title, images } = library.summary(archiveId);
      const known = images.find(({ index }) => index === image);
      if (known === undefined) throw new LayerscopeError('NOT_FOUND', `no image ${image}`);
      return jobs.start({ kind: 'import', title: known.names[0] ?? title, archiveId, image }, (context) =>
        library.withArchive(archiveId, context.signal, async (_archive, use, from) => {
          const { manifestDigest } = known;
          if (from.path === null) {
            // An image opened by name is first exported, because the store's worker can only read files.
            if (manifestDigest === null)
              throw new LayerscopeError('UNSUPPORTED', 'the engine has no manifest of this image: import it with layerscope store import');
            const exported = library.exported({ what: 'image', format: 'oci-archive', archiveId, image });
            await asFile(exported.bytes(use), use, async (path) => {
              await service.importImage({ path, image: 0, manifestDigest: null, parent }, serviceOptions(context, use));
            });
            return;
          }
          // Inside a store's folder only the manifest identifies an image; a chain of layers has none.
          if (from.isPart && manifestDigest === null) {
            throw new LayerscopeError('UNSUPPORTED', 'layers of a store can’t be imported directly: save them as a file and import that');
          }
          await service.importImage({ path: from.path, image, manifestDigest, parent }, serviceOptions(context, use));
        }),
      );
    },

    async removal(storeId, name) {
      const { kind, freedBytes, layers, users, mounted } = await filled(storeId, name).service.removal(name);
      const copies = users.filter(({ isCopy }) => isCopy).map(({ id }) => id);
      const others = users.filter(({ isCopy }) => !isCopy).map(({ id }) => displayText(id));
      return { kind, freedBytes, layers, copies, others, mounted: mounted.length };
    },

    async remove(storeId, name, withCopies = false) {
      await filled(storeId, name).service.remove(name, withCopies);
    },

    async discard(storeId, id) {
      await filled(storeId, id).service.discard(id);
    },

    verify(storeId) {
      const store = find(storeId);
      return jobs.start({ kind: 'verify', title: store.isOwn ? 'the store' : path.basename(store.home) }, async (context) => {
        const problems = isThere(store) ? await store.service.verify(serviceOptions(context)) : [];
        store.checked = problems.map(({ id, message }) => ({ name: displayText(id), message: displayText(message) }));
      });
    },

    async leftovers(storeId) {
      const store = find(storeId);
      return isThere(store) ? (await store.service.leftovers()).map(displayText) : [];
    },

    async cleanup(storeId) {
      const store = find(storeId);
      return isThere(store) ? (await store.service.cleanup()).map(displayText) : [];
    },

    async mount(storeId, id) {
      const at = await filled(storeId, id).service.mount(id);
      return { path: displayText(at.path), findings: at.findings };
    },

    async release(storeId, id) {
      await find(storeId).service.release(id);
    },

    async mountPath(storeId, id) {
      const at = (await find(storeId).service.mounts()).get(id);
      if (at === undefined) throw new LayerscopeError('NOT_FOUND', 'the layer is not mounted');
      return at;
    },

    create: (storeId, parent) => filled(storeId, parent).service.createReadWrite(parent),

    async changes(storeId, id, limit) {
      const { changes, ...rest } = await filled(storeId, id).service.changes(id, limit);
      return { changes: changes.map(({ kind, path: changed }) => ({ kind, path: displayText(changed) })), ...rest };
    },

    commit(storeId, id, choice = {}) {
      const { service } = filled(storeId, id);
      return jobs.start({ kind: 'import', title: choice.name ?? `a layer of ${id.slice(0, 12)}` }, async (context) => {
        await service.commit(id, choice, serviceOptions(context));
      });
    },

    async bases(storeId) {
      const store = find(storeId);
      if (store.driver === 'portable') return [];
      const images = await store.service.baseImages();
      return images.map((image) => ({
        ...image,
        name: displayText(image.name),
        version: displayText(image.version),
        path: displayText(image.path),
      }));
    },

    elevate: (storeId, launch) => find(storeId).service.elevate(launch),

    async adopt(storeId, id) {
      await find(storeId).service.adopt(id);
    },
  };
}

/** Detects the driver of a folder; an empty one becomes a portable store. Throws NOT_FOUND, UNSUPPORTED. */
async function driverOf(folder: string): Promise<StoreLocation['driver']> {
  const names = await readdir(folder, { withFileTypes: true }).catch(() => {
    throw new LayerscopeError('NOT_FOUND', `can't read the folder ${displayText(folder)}`);
  });
  if (names.length === 0 || names.some(({ name }) => name === 'oci-layout')) return 'portable';
  const isWindows = names.some((each) => each.isDirectory() && existsSync(path.join(folder, each.name, 'layerchain.json')));
  if (isWindows) return path.basename(folder) === 'windowsdiff' ? 'windowsdiff' : 'windowsfilter';
  throw new LayerscopeError(
    'UNSUPPORTED',
    `${displayText(folder)} is not a store: neither an OCI image layout nor a folder of Windows layers`,
  );
}

/** Writes a stream to a temporary file, which is removed when `work` ends. */
async function asFile(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal, work: (file: string) => Promise<void>): Promise<void> {
  const folder = makeMarkedFolder(tmpdir(), 'layerscope-store-');
  try {
    const file = path.join(folder, 'image.tar');
    await writeFile(file, bytes, { signal, mode: 0o600 });
    await work(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
