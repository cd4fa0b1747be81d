// The folder of a portable store: its files, its writers, and its layers.
import { appendFile, chmod, mkdir, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type BlobSource, blobName, readBlob, writeError } from '#archive';
import { MEDIA_TYPE } from '#format/image';
import { asLayerscopeError, displayText, type ErrorCode, LayerscopeError, throwIfCancelled } from '#model';
import type { CallOptions } from '../driver.ts';
import { createDurably, onDisk, putInPlace, readJson, readOwnFile, statsOf, unfinishedName, writeDurably } from './durable.ts';
import { type LayerRecord, parseLayerId, parseLayerRecord, STORE_VERSION } from './layer-record.ts';
import { LayerTables } from './layer-tables.ts';
import { type LayoutImages, readLayoutImages } from './layout-images.ts';
import { addNamedBlobs } from './named-blobs.ts';
import { OwnFolders } from './own-folders.ts';
import { storedBlob } from './stored-blob.ts';
import { lockForWriting } from './writer-lock.ts';

/** Content of `oci-layout`. */
export const LAYOUT = { imageLayoutVersion: '1.0.0' };
const EMPTY_INDEX = { schemaVersion: 2, mediaType: MEDIA_TYPE.ociIndex, manifests: [] };
/** A digest by the image-spec's descriptor.md. */
const DIGEST = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;
const BLOB = /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;
/** If a manifest fails with one of these, it is unknown what it refers to, so no blob is removed. */
const KEEPS: ReadonlySet<ErrorCode> = new Set(['DIGEST_MISMATCH', 'PATH_ESCAPE', 'TOO_LARGE']);
/** The file that marks a folder as one of this program's stores. */
const MARKER = 'layerscope-store.json';
/** A file in tmp/ while a writer works. If the next writer finds it, the last one was interrupted. */
const WORKING = 'working';
/** Names from {@link unfinishedName}. */
const UNFINISHED = /^\.layerscope-[0-9a-f]{24}$/;
/** Names that an incompletely created home may hold. */
const HALF_MADE = /^(lock(\..*)?|tmp|index\.json|layerscope-store\.json)$/;

/** Content of the marker. */
interface Marker {
  readonly version: typeof STORE_VERSION;
  /** Whether another program created the layout. Then only what this program added may be removed. */
  readonly foreign: boolean;
}

export interface HomeOptions {
  /** How long to wait for another writer that shows no sign of work, in ms. */
  readonly waitMs?: number;
}

/** An open home. */
export class PortableHome {
  readonly folder: string;
  readonly folders: OwnFolders;
  readonly tables: LayerTables;
  readonly #options: HomeOptions;
  #layout: { readonly stamp: string; readonly images: LayoutImages } | null = null;
  /** The marker, read by the current writer; if null, nothing in the home is swept. */
  #marker: Marker | null = null;
  #wasMarked = false;
  /** Blobs that may be removed from another program's layout: those that this program added, or that the user asked to remove. */
  #placed = new Set<string>();

  private constructor(folder: string, options: HomeOptions) {
    this.folder = folder;
    this.#options = options;
    this.folders = new OwnFolders(folder);
    this.tables = new LayerTables({ folder: this.in('tables'), temporary: this.tmp, blob: (digest) => this.blob(digest) });
  }

  /**
   * Opens a home, or creates it if it doesn't exist. Throws UNSUPPORTED for a newer version, IO for a folder with other files, PATH_ESCAPE or
   * PERMISSION if its own folders are links or belong to another user.
   */
  static async open(folder: string, options: HomeOptions = {}): Promise<PortableHome> {
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw writeError(error, folder);
    });
    const home = new PortableHome(await onDisk(() => realpath(folder)), options);
    await home.folders.check();
    const layout = await readJson(home.in('oci-layout'));
    if (layout === undefined) {
      await home.#make().catch(async (error: unknown) => {
        // Ignored if another process has created the home in the meantime.
        if ((await readJson(home.in('oci-layout'))) === undefined) throw writeError(error, home.folder);
      });
    } else if ((layout as { imageLayoutVersion?: unknown }).imageLayoutVersion !== LAYOUT.imageLayoutVersion) {
      throw new LayerscopeError('UNSUPPORTED', `${displayText(home.folder)} is an image layout of another version`);
    }
    return home;
  }

  /** Creates the home. `oci-layout` is written last, so a home that has it is complete. */
  async #make(): Promise<void> {
    // List first: another process may be creating the same home, and writes its marker before anything else.
    const names = await onDisk(() => readdir(this.folder));
    const isOurs = (await this.#readMarker()) !== null;
    if (!isOurs && names.some((name) => !HALF_MADE.test(name))) {
      throw new LayerscopeError('IO', `${displayText(this.folder)} holds other files: a store needs a folder of its own`);
    }
    await this.folders.makePrivate(false);
    if (!isOurs) await this.#putMarker({ version: STORE_VERSION, foreign: false });
    await createDurably(this.tmp, this.in('index.json'), JSON.stringify(EMPTY_INDEX));
    await writeDurably(this.tmp, this.in('oci-layout'), JSON.stringify(LAYOUT));
  }

  /** Returns null if there is no marker. A home with a damaged one is treated as foreign, so that nothing is removed. */
  async #readMarker(): Promise<Marker | null> {
    const value = (await readJson(this.in(MARKER)).catch((error: unknown) => {
      if (error instanceof LayerscopeError && error.code === 'IO') return null;
      throw error;
    })) as Partial<Marker> | null | undefined;
    if (value === undefined) return null;
    if (typeof value?.version === 'number' && value.version > STORE_VERSION)
      throw new LayerscopeError('UNSUPPORTED', `${displayText(this.folder)} was written by a newer version of this program`);
    return { version: STORE_VERSION, foreign: value?.foreign !== false };
  }

  async #putMarker(marker: Marker): Promise<void> {
    await writeDurably(this.tmp, this.in(MARKER), JSON.stringify(marker));
  }

  in(...parts: string[]): string {
    return path.join(this.folder, ...parts);
  }

  get tmp(): string {
    return this.in('tmp');
  }

  recordFile(id: string): string {
    return this.in('layers', `${id}.json`);
  }

  /** Returns a stored blob. Throws NOT_FOUND, PATH_ESCAPE for a link that leads out of `blobs`, IO. */
  blob(digest: string): BlobSource {
    return storedBlob(this.in('blobs'), this.blobFile(digest), digest);
  }

  blobFile(digest: string): string {
    if (!DIGEST.test(digest)) throw new LayerscopeError('PATH_ESCAPE', `no blob has the name ${displayText(digest.slice(0, 200))}`);
    return this.in(...blobName(digest).split('/'));
  }

  /** Returns the images, and reads them again if index.json has changed. Throws BAD_MANIFEST, TOO_LARGE, IO. */
  async images(): Promise<LayoutImages> {
    const stats = await statsOf(this.in('index.json'));
    const stamp = stats === null ? '' : `${stats.ino}:${stats.mtimeMs}:${stats.size}`;
    if (this.#layout?.stamp !== stamp) this.#layout = { stamp, images: readLayoutImages(this.folder) };
    return this.#layout.images;
  }

  /** Returns a layer, recorded or an image's. Throws NOT_FOUND, NAME_REFUSED, IO for a malformed record. */
  async record(id: string): Promise<LayerRecord> {
    const known = parseLayerId(id);
    const record = await this.#find(known);
    if (record === null) throw new LayerscopeError('NOT_FOUND', `no layer ${known}`);
    return record;
  }

  async #find(id: string): Promise<LayerRecord | null> {
    const value = await readJson(this.recordFile(id));
    if (value !== undefined) return parseLayerRecord(id, value);
    return (await this.images()).layers.get(id) ?? null;
  }

  /** Returns the layer's parents, nearest first. Throws IO if the chain is broken. */
  async parents(id: string, record: LayerRecord): Promise<{ readonly id: string; readonly record: LayerRecord }[]> {
    const parents: { readonly id: string; readonly record: LayerRecord }[] = [];
    const seen = new Set([id]);
    for (let parent = record.parent; parent !== null; ) {
      if (seen.has(parent)) throw new LayerscopeError('IO', `layer ${id} is broken: ${parent} is below itself`);
      seen.add(parent);
      const below = await this.#find(parent);
      if (below === null) throw new LayerscopeError('IO', `layer ${id} is broken: its parent ${parent} is missing`);
      parents.push({ id: parent, record: below });
      parent = below.parent;
    }
    return parents;
  }

  /** Returns every layer, or the error of its record, sorted by id. Throws UNSUPPORTED if a newer version wrote one. */
  async records(): Promise<Map<string, LayerRecord | LayerscopeError>> {
    const records = new Map<string, LayerRecord | LayerscopeError>((await this.images()).layers);
    for (const id of await this.#recordedIds()) {
      try {
        const value = await readJson(this.recordFile(parseLayerId(id)));
        // Undefined if it was removed since the folder was listed.
        if (value !== undefined) records.set(id, parseLayerRecord(id, value));
      } catch (error) {
        const problem = asLayerscopeError(error);
        if (problem.code === 'UNSUPPORTED') throw problem;
        records.set(id, problem);
      }
    }
    return new Map([...records].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  async #recordedIds(): Promise<string[]> {
    const names = await readdir(this.in('layers')).catch((error: unknown) => {
      if (asLayerscopeError(error).code === 'NOT_FOUND') return [];
      throw asLayerscopeError(error);
    });
    return names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
  }

  async putRecord(id: string, record: LayerRecord): Promise<void> {
    await writeDurably(this.tmp, this.recordFile(id), JSON.stringify(record));
  }

  /** Mode of files that other programs read too. */
  get #fileMode(): number {
    return this.#marker?.foreign === true ? 0o644 : 0o600;
  }

  /** Replaces a file of the layout atomically. */
  async put(file: string, bytes: Uint8Array | string): Promise<void> {
    await writeDurably(this.tmp, file, bytes, this.#fileMode);
  }

  /** Moves a finished blob to its place, replacing any existing one. */
  async place(unfinished: string, digest: string): Promise<void> {
    const [folder = '', algorithm = ''] = blobName(digest).split('/');
    await this.folders.make(folder);
    await this.folders.make(path.join(folder, algorithm));
    await this.#note(digest);
    await onDisk(() => chmod(unfinished, this.#fileMode));
    await putInPlace(unfinished, this.blobFile(digest));
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

  /** In a foreign layout, records a blob before it is added, so that after a crash only such blobs are removed. */
  async #note(digest: string): Promise<void> {
    if (this.#marker?.foreign !== true || (await statsOf(this.blobFile(digest))) !== null) return;
    this.#placed.add(digest);
    await onDisk(() => appendFile(path.join(this.tmp, WORKING), `${digest}\n`));
  }

  /** Whether the home has the blob, with the right size and digest. Throws CANCELLED. */
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

  /** Reads a whole blob to verify its digest, and returns it. Throws DIGEST_MISMATCH, NOT_FOUND, PATH_ESCAPE, IO, CANCELLED. */
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

  /**
   * Runs `work` under the writer's lock. First sweeps what an interrupted writer left; if `work` fails, sweeps what it left, too.
   */
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
      // If this fails too, the next writer finds WORKING and does it.
      await this.removeBlobs()
        .then(() => this.#sweep())
        .catch(() => {});
      throw error;
    }
  }

  /** Digests that an interrupted writer had recorded with `#note`. */
  async #journal(): Promise<string[]> {
    const file = path.join(this.tmp, WORKING);
    if (this.#marker === null || (await statsOf(file)) === null) return [];
    return (await readOwnFile(file)).toString('utf8').split('\n');
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

  /** Whether folders of this home may be swept: it had a marker before the current writer started. */
  get isSwept(): boolean {
    return this.#wasMarked;
  }

  /** Allows {@link removeBlobs} to remove these blobs even from a foreign layout, because the user removes what refers to them. */
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

  /** Blobs that no record and no image refers to; none in a foreign layout. */
  async unnamedBlobs(): Promise<readonly { readonly hex: string }[]> {
    const named = (await this.#readMarker())?.foreign === false ? await this.#namedBlobs() : null;
    return named === null ? [] : this.#blobsBut(named, false);
  }

  /** Digests that records and images refer to; null if one can't be read, as then no blob may be removed. */
  async #namedBlobs(): Promise<Set<string> | null> {
    const named = new Set<string>();
    for (const record of (await this.records()).values()) {
      if (record instanceof LayerscopeError) return null;
      if (record.blob !== null) named.add(record.blob.digest);
    }
    try {
      const index = await readJson(this.in('index.json'));
      if (!isWholeIndex(index)) return null;
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

  /** Lists other layers that have one of these as parent, for a message; '' if there are none. */
  async childrenOf(ids: ReadonlySet<string>): Promise<string> {
    const children: string[] = [];
    for (const [child, record] of await this.records()) {
      if (!(record instanceof LayerscopeError) && record.parent !== null && ids.has(record.parent) && !ids.has(child)) children.push(child);
    }
    const more = children.length > 5 ? ` and ${children.length - 5} more` : '';
    return children.length === 0 ? '' : `${children.slice(0, 5).join(', ')}${more}`;
  }
}

/** Whether all entries of an index have a digest. Otherwise it is damaged, and unknown what it refers to. */
export function isWholeIndex(index: unknown): boolean {
  const { manifests } = (index ?? {}) as { manifests?: unknown };
  return Array.isArray(manifests) && manifests.every((entry) => DIGEST.test(String((entry as { digest?: unknown } | null)?.digest)));
}
