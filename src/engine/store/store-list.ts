import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BaseImageReport, ImageRef, StoreChecked, StoredChanges, StoreReport } from '#contract';
import { openDriver } from '#driver';
import { displayText, LayerscopeError } from '#model';
import type { JobContext, Jobs } from '../library/jobs.ts';
import type { Library } from '../library/library.ts';
import { openSpooled, openStored } from './images/stored-images.ts';
import { type ElevatedLaunch, problemReport, type StoreLocation, type StoreService } from './thread/store-service.ts';
import type { StoreThread } from './thread/store-thread.ts';

/** The stores that the window shows, each a home of its own; the program's own comes first. All work in them is done on their thread. */
export interface StoreList {
  /** What is in them now; other programs may change it. What can't be read is a store's `problem`. */
  report(): Promise<readonly StoreReport[]>;
  /** Lists a folder as a store. Returns its id; the known one's where it is listed already. UNSUPPORTED: it is none. */
  add(folder: string): Promise<string>;
  /** USAGE: the program's own; EXISTS while a layer of it is mounted. */
  forget(storeId: string): Promise<void>;
  /** Starts a job that opens an image or a layer as an archive of the library. */
  open(storeId: string, name: string): string;
  /** Starts a job that takes an image of an open archive in, with its names; a layer tar on `parent`. */
  take(storeId: string, ref: ImageRef, parent: string | null): string;
  /** Takes an image's name, a layer or a leftover away. Throws NOT_FOUND; EXISTS where a layer stands on it. */
  remove(storeId: string, name: string): Promise<void>;
  /** Starts a job; the report tells what it found. */
  verify(storeId: string): string;
  /** What a clean-up would take away, by name. */
  leftovers(storeId: string): Promise<readonly string[]>;
  cleanup(storeId: string): Promise<readonly string[]>;
  mount(storeId: string, id: string): Promise<{ readonly path: string; readonly findings: readonly string[] }>;
  release(storeId: string, id: string): Promise<void>;
  /** Where a layer is mounted: as it is on disk. NOT_FOUND. */
  mountPath(storeId: string, id: string): Promise<string>;
  create(storeId: string, parent: string): Promise<string>;
  changes(storeId: string, id: string, limit: number): Promise<StoredChanges>;
  /** Starts a job that makes a layer of what a read-write layer holds. */
  commit(storeId: string, id: string): string;
  bases(storeId: string): Promise<readonly BaseImageReport[]>;
  adopt(storeId: string, id: string): Promise<void>;
  /** Has an elevated process host the driver; false: the user said no to Windows. */
  elevate(storeId: string, launch: ElevatedLaunch): Promise<boolean>;
}

/** Homes that the user added, kept between starts. */
export interface KeptHomes {
  list(): readonly StoreLocation[];
  set(homes: readonly StoreLocation[]): void;
}

export interface StoreListOptions {
  /** The program's own: a portable one, made when something is taken in. */
  readonly home: string;
  readonly thread: StoreThread;
  readonly library: Library;
  readonly jobs: Jobs;
  /** Listed too. */
  readonly more?: readonly StoreLocation[];
  /** Absent: what is added lasts as long as the program. */
  readonly kept?: KeptHomes;
}

interface Listed extends StoreLocation {
  readonly storeId: string;
  readonly isOwn: boolean;
  readonly room: Omit<StoreService, 'close'>;
  checked: StoreChecked;
}

export function createStoreList({ home, thread, library, jobs, more = [], kept }: StoreListOptions): StoreList {
  const stores = new Map<string, Listed>();
  let last = 0;

  const list = ({ driver, home: at }: StoreLocation, isOwn = false): string => {
    const there = [...stores.values()].find((store) => store.home === at && store.driver === driver);
    if (there !== undefined) return there.storeId;
    const storeId = `s${++last}`;
    stores.set(storeId, { storeId, driver, home: at, isOwn, room: thread.room({ driver, home: at }), checked: null });
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
  /** Nothing is made on disk before something is taken in. */
  const isThere = (store: Listed): boolean => store.driver !== 'portable' || existsSync(path.join(store.home, 'oci-layout'));
  const filled = (storeId: string, name: string): Listed => {
    const store = find(storeId);
    if (!isThere(store)) throw new LayerscopeError('NOT_FOUND', `no ${displayText(name)} in the store`);
    return store;
  };
  const titleOf = (store: Listed, name: string): string => `${store.isOwn ? 'store' : path.basename(store.home)}:${name}`;
  const roomOptions = ({ signal, report }: JobContext, use = signal) => ({ signal: use, onProgress: report });

  return {
    report: () =>
      Promise.all(
        [...stores.values()].map(async (store) => {
          const { storeId, driver, isOwn, room, checked } = store;
          const common = { storeId, driver, home: displayText(store.home), isOwn, checked };
          if (!isThere(store))
            return { ...common, elevation: 'none' as const, readOnlyReason: null, images: [], layers: [], sizeBytes: 0, problem: null };
          return { ...common, ...(await room.report().catch(problemReport)) };
        }),
      ),

    async add(folder) {
      const storeId = list({ driver: await driverOf(folder), home: path.resolve(folder) });
      keep();
      return storeId;
    },

    async forget(storeId) {
      const { isOwn, room } = find(storeId);
      if (isOwn) throw new LayerscopeError('USAGE', "the program's own store is always listed");
      if ((await room.mounts()).size > 0) throw new LayerscopeError('EXISTS', 'a layer of it is mounted: release it first');
      stores.delete(storeId);
      keep();
    },

    open(storeId, name) {
      const store = filled(storeId, name);
      let folder: string | null = null;
      return library.open({
        path: store.home,
        title: titleOf(store, name),
        read: async (reader, options) => {
          folder = await mkdtemp(path.join(tmpdir(), 'layerscope-store-'));
          const chain = await store.room.spool(name, folder, { ...options, onProgress: () => {} });
          if (chain !== null) return openSpooled(reader, chain, titleOf(store, name));
          await using driver = await openDriver('portable', store.home);
          return await openStored(reader, driver, name, folder, options);
        },
        release: async () => {
          if (folder !== null) await rm(folder, { recursive: true, force: true });
        },
      });
    },

    take(storeId, { archiveId, image }, parent) {
      const { room } = find(storeId);
      const { title, images } = library.summary(archiveId);
      const known = images.find(({ index }) => index === image);
      if (known === undefined) throw new LayerscopeError('NOT_FOUND', `no image ${image}`);
      return jobs.start({ kind: 'import', title: known.names[0] ?? title, archiveId, image }, (context) =>
        library.withArchive(archiveId, context.signal, async (_archive, use, from) => {
          const { manifestDigest } = known;
          // Of a store's folder one image is meant, by its manifest; a chain of layers has none.
          if (from.isPart && manifestDigest === null) {
            throw new LayerscopeError('UNSUPPORTED', 'layers of a store are saved as a file first, and taken in from there');
          }
          await room.take({ path: from.path, image, manifestDigest, parent }, roomOptions(context, use));
        }),
      );
    },

    async remove(storeId, name) {
      await filled(storeId, name).room.remove(name);
    },

    verify(storeId) {
      const store = find(storeId);
      return jobs.start({ kind: 'verify', title: store.isOwn ? 'the store' : path.basename(store.home) }, async (context) => {
        const problems = isThere(store) ? await store.room.verify(roomOptions(context)) : [];
        store.checked = problems.map(({ id, message }) => ({ name: displayText(id), message: displayText(message) }));
      });
    },

    async leftovers(storeId) {
      const store = find(storeId);
      return isThere(store) ? (await store.room.leftovers()).map(displayText) : [];
    },

    async cleanup(storeId) {
      const store = find(storeId);
      return isThere(store) ? (await store.room.cleanup()).map(displayText) : [];
    },

    async mount(storeId, id) {
      const at = await filled(storeId, id).room.mount(id);
      return { path: displayText(at.path), findings: at.findings };
    },

    async release(storeId, id) {
      await find(storeId).room.release(id);
    },

    async mountPath(storeId, id) {
      const at = (await find(storeId).room.mounts()).get(id);
      if (at === undefined) throw new LayerscopeError('NOT_FOUND', 'the layer is not mounted');
      return at;
    },

    create: (storeId, parent) => filled(storeId, parent).room.createReadWrite(parent),

    async changes(storeId, id, limit) {
      const { changes, complete } = await filled(storeId, id).room.changes(id, limit);
      return { changes: changes.map(({ kind, path: changed }) => ({ kind, path: displayText(changed) })), complete };
    },

    commit(storeId, id) {
      const { room } = filled(storeId, id);
      return jobs.start({ kind: 'import', title: `a layer of ${id.slice(0, 12)}` }, async (context) => {
        await room.commit(id, roomOptions(context));
      });
    },

    async bases(storeId) {
      const store = find(storeId);
      if (store.driver === 'portable') return [];
      const images = await store.room.baseImages();
      return images.map((image) => ({
        ...image,
        name: displayText(image.name),
        version: displayText(image.version),
        path: displayText(image.path),
      }));
    },

    elevate: (storeId, launch) => find(storeId).room.elevate(launch),

    async adopt(storeId, id) {
      await find(storeId).room.adopt(id);
    },
  };
}

/** Which driver a folder is a home of; an empty one becomes a portable store. UNSUPPORTED: none. */
async function driverOf(folder: string): Promise<StoreLocation['driver']> {
  const names = await readdir(folder, { withFileTypes: true }).catch(() => {
    throw new LayerscopeError('NOT_FOUND', `no folder ${displayText(folder)} that can be read`);
  });
  if (names.length === 0 || names.some(({ name }) => name === 'oci-layout')) return 'portable';
  const isWindows = names.some((each) => each.isDirectory() && existsSync(path.join(folder, each.name, 'layerchain.json')));
  if (isWindows) return path.basename(folder) === 'windowsdiff' ? 'windowsdiff' : 'windowsfilter';
  throw new LayerscopeError('UNSUPPORTED', `${displayText(folder)} is no store: neither an OCI image layout nor a home of Windows' layers`);
}
