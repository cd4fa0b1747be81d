// The folder of a portable store: its files, its blobs and its writers.
import type { Stats } from 'node:fs';
import { appendFile, chmod, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type BlobSource, blobName, readBlob, writeError } from '#archive';
import { makeWithoutForeignLinks, placeFile, type TargetFolder } from '#files';
import { MEDIA_TYPE } from '#format/image';
import { displayText, type ErrorCode, LayerscopeError, throwIfCancelled } from '#model';
import type { CallOptions } from '../driver.ts';
import { STORE_VERSION } from './layer-record.ts';
import { LayerRecords } from './layer-records.ts';
import { LayerTables } from './layer-tables.ts';
import { type LayoutImages, readLayoutImages } from './layout-images.ts';
import { addNamedBlobs, DIGEST, isWholeIndex } from './named-blobs.ts';
import { createDurably, MAX_INDEX_BYTES, onDisk, readJson, readOwnFile, statsOf, unfinishedName, writeDurably } from './own-files.ts';
import { OwnFolders } from './own-folders.ts';
import { storedBlob } from './stored-blob.ts';
import { lockForWriting } from './writer-lock.ts';

/** Content of `oci-layout`. */
export const LAYOUT = { imageLayoutVersion: '1.0.0' };
const EMPTY_INDEX = { schemaVersion: 2, mediaType: MEDIA_TYPE.ociIndex, manifests: [] };
/** A digest as defined in image-spec descriptor.md. */
const BLOB = /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;
/** Errors after which it is unknown what a manifest refers to. In that case no blobs are removed. */
const KEEPS: ReadonlySet<ErrorCode> = new Set(['DIGEST_MISMATCH', 'PATH_ESCAPE', 'TOO_LARGE']);
/** The file that marks a folder as one of this program's stores. */
const MARKER = 'layerscope-store.json';
/** Maximum size of the file {@link WORKING}, which has a line for each new blob; an archive has at most 200,000 members. */
const MAX_WORKING_BYTES = 64 * 1024 * 1024;
/** A file that exists in tmp/ while a writer works. If the next writer finds the file, the previous writer was interrupted. */
const WORKING = 'working';
/** Names from {@link unfinishedName}. */
const UNFINISHED = /^\.layerscope-[0-9a-f]{24}$/;
/** Names that an incompletely created home may contain. */
const HALF_MADE = /^(lock(\..*)?|tmp|index\.json|layerscope-store\.json)$/;

/** Content of the marker. */
interface Marker {
  readonly version: typeof STORE_VERSION;
  /** Whether another program created the layout. If so, only what this program added may be removed. */
  readonly foreign: boolean;
}

export interface HomeOptions {
  /** How long to wait for another writer that shows no sign of work, in ms. */
  readonly waitMs?: number;
  /** This user's cache folder; without it, tables of compressed blobs are rebuilt every time. */
  readonly cacheFolder?: string | null | undefined;
}

/** Opens or creates the folder; null if it is reached through another user's link. Throws EXISTS, PERMISSION, IO. */
function makeHome(folder: string): TargetFolder | null {
  try {
    return makeWithoutForeignLinks(folder, 0o700);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || code === 'ENOTDIR')
      throw new LayerscopeError('EXISTS', `${displayText(folder)} is not a folder, or is below a file`, { cause: error });
    throw writeError(error, folder);
  }
}

/** An open home. */
export class PortableHome {
  readonly folder: string;
  readonly folders: OwnFolders;
  readonly tables: LayerTables;
  readonly layers: LayerRecords;
  readonly #options: HomeOptions;
  #layout: { readonly stamp: string; readonly images: LayoutImages } | null = null;
  /** The marker, read by the current writer; if null, nothing in the home is cleaned up. */
  #marker: Marker | null = null;
  #wasMarked = false;
  /** Blobs that may be removed from another program's layout: those that this program added, and those that the user asked to remove. */
  #placed = new Set<string>();

  private constructor({ path: folder, identity }: TargetFolder, options: HomeOptions) {
    this.folder = folder;
    this.#options = options;
    this.folders = new OwnFolders(folder, identity);
    this.layers = new LayerRecords({
      folder: this.in('layers'),
      temporary: this.tmp,
      images: () => this.images(),
      remove: (name) => this.folders.removeFile('layers', name),
    });
    this.tables = new LayerTables({
      folder: this.in('tables'),
      temporary: this.tmp,
      cacheFolder: options.cacheFolder ?? null,
      blob: (digest) => this.blob(digest),
    });
  }

  /**
   * Opens a home, or creates it if it doesn't exist. Throws UNSUPPORTED for a newer version, IO for a folder with other files, PATH_ESCAPE
   * or PERMISSION if the home's folders are links or belong to another user.
   */
  static async open(folder: string, options: HomeOptions = {}): Promise<PortableHome> {
    using held = makeHome(folder);
    if (held === null) throw new LayerscopeError('PERMISSION', `${displayText(folder)} is reached through another user's link`);
    const home = new PortableHome(held, options);
    await home.folders.check();
    const layout = await readJson(home.in('oci-layout'));
    if (layout === undefined) {
      await home.#make().catch(async (error: unknown) => {
        // The error is ignored if another process has created the home in the meantime.
        if ((await readJson(home.in('oci-layout'))) === undefined) throw writeError(error, home.folder);
      });
    } else if ((layout as { imageLayoutVersion?: unknown }).imageLayoutVersion !== LAYOUT.imageLayoutVersion) {
      throw new LayerscopeError('UNSUPPORTED', `${displayText(home.folder)} is an image layout of another version`);
    }
    return home;
  }

  /** Creates the home. Writes `oci-layout` last, so a home with that file is complete. */
  async #make(): Promise<void> {
    // List the folder before reading the marker: another process that is creating the same home writes its marker before anything else.
    const names = await onDisk(() => readdir(this.folder));
    const isOurs = (await this.#readMarker()) !== null;
    if (!isOurs && names.some((name) => !HALF_MADE.test(name))) {
      throw new LayerscopeError('IO', `${displayText(this.folder)} contains other files: a store needs its own folder`);
    }
    await this.folders.makePrivate(false);
    if (!isOurs) await this.#putMarker({ version: STORE_VERSION, foreign: false });
    await createDurably(this.tmp, this.in('index.json'), JSON.stringify(EMPTY_INDEX));
    await writeDurably(this.tmp, this.in('oci-layout'), JSON.stringify(LAYOUT));
  }

  /** Returns null if there is no marker. If the marker is damaged, treats the home as foreign, so that nothing is removed. */
  async #readMarker(): Promise<Marker | null> {
    const value = (await readJson(this.in(MARKER)).catch((error: unknown) => {
      if (error instanceof LayerscopeError && error.code === 'IO') return null;
      throw error;
    })) as Partial<Marker> | null | undefined;
    if (value === undefined) return null;
    if (value !== null && value.version !== undefined && value.version !== STORE_VERSION)
      throw new LayerscopeError('UNSUPPORTED', `${displayText(this.folder)} was written by another version of this program`);
    return { version: STORE_VERSION, foreign: value?.foreign !== false };
  }

  async #putMarker(marker: Marker): Promise<void> {
    await this.folders.requireSame();
    await writeDurably(this.tmp, this.in(MARKER), JSON.stringify(marker));
  }

  in(...parts: string[]): string {
    return path.join(this.folder, ...parts);
  }

  get tmp(): string {
    return this.in('tmp');
  }

  /** Returns a stored blob. Throws NOT_FOUND, PATH_ESCAPE for a link that points outside `blobs`, IO. */
  blob(digest: string): BlobSource {
    return storedBlob(this.in('blobs'), this.blobFile(digest), digest);
  }

  blobFile(digest: string): string {
    if (!DIGEST.test(digest)) throw new LayerscopeError('PATH_ESCAPE', `no blob has the name ${displayText(digest.slice(0, 200))}`);
    return this.in(...blobName(digest).split('/'));
  }

  /** Returns the images, and reads them again if index.json has changed. Throws BAD_MANIFEST, TOO_LARGE, IO. */
  async images(): Promise<LayoutImages> {
    const stamp = stampOf(await statsOf(this.in('index.json')));
    if (this.#layout?.stamp !== stamp) this.#layout = { stamp, images: readLayoutImages(this.folder) };
    return this.#layout.images;
  }

  /** Returns the parsed index.json, unchecked; undefined if it is missing. Throws IO, TOO_LARGE. */
  readIndex(): Promise<unknown> {
    return readJson(this.in('index.json'), MAX_INDEX_BYTES);
  }

  /**
   * Replaces index.json, after `check` has accepted the images that readers will find in the new index. Throws TOO_LARGE if readers would
   * refuse the index, and what `check` throws; the store is then unchanged.
   */
  async putIndex(text: string, check: (images: LayoutImages) => void): Promise<void> {
    await this.folders.requireSame();
    const unfinished = unfinishedName(this.tmp);
    try {
      await onDisk(() => writeFile(unfinished, text, { flag: 'wx', mode: this.#fileMode }));
      const images = this.#imagesBy(`tmp/${path.basename(unfinished)}`);
      check(images);
      const stamp = stampOf(await statsOf(unfinished));
      await onDisk(() => placeFile(unfinished, this.in('index.json'), { durable: true }));
      this.#layout = { stamp, images };
    } finally {
      await rm(unfinished, { force: true });
    }
  }

  #imagesBy(newIndex: string): LayoutImages {
    try {
      return readLayoutImages(this.folder, newIndex);
    } catch (error) {
      if (!(error instanceof LayerscopeError) || error.code !== 'TOO_LARGE') throw error;
      throw new LayerscopeError('TOO_LARGE', `the store can't take more: ${error.message}`, { cause: error });
    }
  }

  /** Mode of files that other programs read too. */
  get #fileMode(): number {
    return this.#marker?.foreign === true ? 0o644 : 0o600;
  }

  /** Replaces a file of the layout atomically. */
  async put(file: string, bytes: Uint8Array | string): Promise<void> {
    await this.folders.requireSame();
    await writeDurably(this.tmp, file, bytes, this.#fileMode);
  }

  /** Moves a finished blob to its place, replacing any existing one. */
  async place(unfinished: string, digest: string): Promise<void> {
    const [folder = '', algorithm = ''] = blobName(digest).split('/');
    await this.folders.make(folder);
    await this.folders.make(path.join(folder, algorithm));
    await this.#note(digest);
    await onDisk(() => chmod(unfinished, this.#fileMode));
    await onDisk(() => placeFile(unfinished, this.blobFile(digest), { durable: true }));
  }

  /** Writes a small blob. */
  async placeBytes(digest: string, bytes: Uint8Array): Promise<void> {
    const unfinished = unfinishedName(this.tmp);
    try {
      await onDisk(() => writeFile(unfinished, bytes, { flag: 'wx', mode: 0o600 }));
      await this.place(unfinished, digest);
    } finally {
      await rm(unfinished, { force: true });
    }
  }

  /** In a foreign layout, records a blob before it is added, so that after a crash only recorded blobs are removed. */
  async #note(digest: string): Promise<void> {
    if (this.#marker?.foreign !== true || (await statsOf(this.blobFile(digest))) !== null) return;
    this.#placed.add(digest);
    await onDisk(() => appendFile(path.join(this.tmp, WORKING), `${digest}\n`));
  }

  /** Whether the home contains the blob with the right size and digest. Throws CANCELLED. */
  async holds(digest: string, size: number, signal?: AbortSignal): Promise<boolean> {
    const stats = await statsOf(this.blobFile(digest));
    if (stats === null || !stats.isFile() || stats.size !== size) return false;
    try {
      await this.readWhole(digest, signal);
      return true;
    } catch (error) {
      // A blob that can't be read will be replaced.
      if (error instanceof LayerscopeError && error.code !== 'CANCELLED') return false;
      throw error;
    }
  }

  /** Reads a blob completely to verify its digest, and returns the blob. Throws DIGEST_MISMATCH, NOT_FOUND, PATH_ESCAPE, IO, CANCELLED. */
  async readWhole(digest: string, signal?: AbortSignal): Promise<BlobSource> {
    const blob = this.blob(digest);
    for await (const _ of readBlob(blob, { signal })) await new Promise((resolve) => setImmediate(resolve));
    return blob;
  }

  /** Checks the home's folders and makes them private. Must be called before anything is written. */
  async makeReady(): Promise<void> {
    const marker = await this.#readMarker();
    const isShared = marker?.foreign ?? !(await this.folders.anyOwn());
    await this.folders.makePrivate(isShared);
    await this.folders.make('tmp');
  }

  /** Runs `work` under the writer's lock. Cleans up after an interrupted writer first, and after `work` if it fails. */
  async write<T>(options: CallOptions, work: () => Promise<T>): Promise<T> {
    try {
      return await this.#write(options, work);
    } catch (error) {
      throw writeError(error, this.folder);
    }
  }

  async #write<T>({ signal, onWaiting }: CallOptions, work: () => Promise<T>): Promise<T> {
    throwIfCancelled(signal);
    await this.makeReady();
    await using _lock = await lockForWriting(this.folder, { signal, onWaiting, waitMs: this.#options.waitMs });
    this.#marker = await this.#readMarker();
    this.#wasMarked = this.#marker !== null;
    this.#placed = new Set(await this.#journal());
    if (await this.#sweep()) await this.removeBlobs();
    // Content of a layout that had no marker isn't ours.
    if (this.#marker === null) {
      this.#marker = { version: STORE_VERSION, foreign: true };
      await this.#putMarker(this.#marker);
    }
    await onDisk(() => writeFile(path.join(this.tmp, WORKING), '', { flag: 'wx', mode: 0o600 }));
    try {
      const value = await work();
      await this.#sweep();
      return value;
    } catch (error) {
      // If this fails too, the next writer finds WORKING and cleans up.
      await this.removeBlobs()
        .then(() => this.#sweep())
        .catch(() => {});
      throw error;
    }
  }

  /** Returns the digests that an interrupted writer recorded with `#note`. */
  async #journal(): Promise<string[]> {
    const file = path.join(this.tmp, WORKING);
    if (this.#marker === null || (await statsOf(file)) === null) return [];
    return (await readOwnFile(file, MAX_WORKING_BYTES)).toString('utf8').split('\n');
  }

  /** Removes this program's unfinished files from tmp/. Returns whether there were any. */
  async #sweep(): Promise<boolean> {
    const names = this.#marker === null ? [WORKING] : await onDisk(() => readdir(this.tmp));
    const ours = names.filter((name) => name === WORKING || UNFINISHED.test(name));
    let any = false;
    for (const name of ours) {
      any ||= (await statsOf(path.join(this.tmp, name))) !== null;
      await this.folders.remove('tmp', name);
    }
    return any;
  }

  /** Whether folders of this home may be cleaned up, which requires that it had a marker before the current writer started. */
  get isSwept(): boolean {
    return this.#wasMarked;
  }

  /** Allows {@link removeBlobs} to remove these blobs even from a foreign layout, because the user is removing what refers to them. */
  willRemove(digests: Iterable<string>): void {
    for (const digest of digests) this.#placed.add(digest);
  }

  /** Removes blobs that nothing refers to; in a foreign layout only our own. Returns their hex digests. */
  async removeBlobs(): Promise<string[]> {
    const named = this.#marker === null ? null : await this.#namedBlobs();
    const unnamed = named === null ? [] : await this.#blobsBut(named, this.#marker?.foreign === true);
    for (const { algorithm, hex } of unnamed) await this.folders.removeFile('blobs', algorithm, hex);
    if (named !== null) await onDisk(() => this.tables.sweep(named, (name) => this.folders.removeFile('tables', name)));
    return unnamed.map(({ hex }) => hex);
  }

  /** Returns the blobs that neither a record nor an image refers to; none in a foreign layout. */
  async unnamedBlobs(): Promise<readonly { readonly hex: string }[]> {
    const named = (await this.#readMarker())?.foreign === false ? await this.#namedBlobs() : null;
    return named === null ? [] : this.#blobsBut(named, false);
  }

  /**
   * Returns the digests that records and images refer to. Returns null if a record or a manifest can't be read, because no blob may be
   * removed then.
   */
  async #namedBlobs(): Promise<Set<string> | null> {
    const named = new Set<string>();
    for (const record of (await this.layers.all()).values()) {
      if (record instanceof LayerscopeError) return null;
      if (record.blob !== null) named.add(record.blob.digest);
    }
    try {
      const index = await this.readIndex();
      if (!isWholeIndex(index)) return null;
      // If a manifest is missing, it is unknown what it referred to. A single wrong digit in index.json is enough for that.
      for (const { digest } of index.manifests) if (!BLOB.test(digest) || (await statsOf(this.blobFile(digest))) === null) return null;
      await addNamedBlobs(index, (digest) => this.blobFile(digest), named);
    } catch (error) {
      if (error instanceof LayerscopeError && KEEPS.has(error.code)) return null;
      throw error;
    }
    return named;
  }

  async #blobsBut(
    named: ReadonlySet<string>,
    onlyPlaced: boolean,
  ): Promise<readonly { readonly algorithm: string; readonly hex: string }[]> {
    const unnamed: { readonly algorithm: string; readonly hex: string }[] = [];
    for (const algorithm of await readdir(this.in('blobs')).catch(() => [])) {
      for (const hex of await readdir(this.in('blobs', algorithm)).catch(() => [])) {
        const digest = `${algorithm}:${hex}`;
        if (!BLOB.test(digest) || named.has(digest) || (onlyPlaced && !this.#placed.has(digest))) continue;
        unnamed.push({ algorithm, hex });
      }
    }
    return unnamed;
  }
}

/** Returns a stamp that changes whenever a file is replaced. */
function stampOf(stats: Stats | null): string {
  return stats === null ? '' : `${stats.ino}:${stats.mtimeMs}:${stats.size}`;
}
