// The folder that a portable store lives in: its files, who may write, what is a layer.
import { appendFile, chmod, mkdir, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type BlobSource, blobName, readBlob, writeError } from '#archive';
import { MEDIA_TYPE } from '#format/image';
import { asLayerscopeError, displayText, type ErrorCode, LayerscopeError } from '#model';
import type { CallOptions } from '../driver.ts';
import { createDurably, onDisk, putInPlace, readJson, readOwnFile, statsOf, unfinishedName, writeDurably } from './durable.ts';
import { type LayerRecord, parseLayerId, parseLayerRecord, STORE_VERSION } from './layer-record.ts';
import { LayerTables } from './layer-tables.ts';
import { type LayoutImages, readLayoutImages } from './layout-images.ts';
import { addNamedBlobs } from './named-blobs.ts';
import { OwnFolders } from './own-folders.ts';
import { storedBlob } from './stored-blob.ts';
import { lockForWriting } from './writer-lock.ts';

export const LAYOUT = { imageLayoutVersion: '1.0.0' };
const EMPTY_INDEX = { schemaVersion: 2, mediaType: MEDIA_TYPE.ociIndex, manifests: [] };
/** As the image-spec's descriptor.md has them. */
const DIGEST = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;
const BLOB = /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;
/** What a manifest may fail with: what it named can't be known, so nothing is removed. */
const KEEPS: ReadonlySet<ErrorCode> = new Set(['DIGEST_MISMATCH', 'PATH_ESCAPE', 'TOO_LARGE']);
/** Says that a folder is one of this program's stores. */
const MARKER = 'layerscope-store.json';
/** In tmp/ while a writer works: that it is found tells that one was stopped half-way. */
const WORKING = 'working';
/** Names that {@link unfinishedName} gives. */
const UNFINISHED = /^\.layerscope-[0-9a-f]{24}$/;
/** What a home that was only half made may hold. */
const HALF_MADE = /^(lock(\..*)?|tmp|index\.json|layerscope-store\.json)$/;

/** A home's marker. */
interface Marker {
  readonly version: typeof STORE_VERSION;
  /** Another program made the layout: what is in it is not this one's to remove, but for what it put there itself. */
  readonly foreign: boolean;
}

export interface HomeOptions {
  /** How long a writer is waited for that shows no sign of work. */
  readonly waitMs?: number;
}

export function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new LayerscopeError('CANCELLED', 'cancelled');
}

export class PortableHome {
  readonly folder: string;
  readonly folders: OwnFolders;
  readonly tables: LayerTables;
  readonly #options: HomeOptions;
  #layout: { readonly stamp: string; readonly images: LayoutImages } | null = null;
  /** Of the home that is written into now; null: nothing of it is swept. */
  #marker: Marker | null = null;
  #wasMarked = false;
  /** Blobs that may be removed from a layout of another program: what this program put there. */
  #placed = new Set<string>();

  private constructor(folder: string, options: HomeOptions) {
    this.folder = folder;
    this.#options = options;
    this.folders = new OwnFolders(folder);
    this.tables = new LayerTables({ folder: this.in('tables'), temporary: this.tmp, blob: (digest) => this.blob(digest) });
  }

  /**
   * Opens a home, made where there is none. UNSUPPORTED for one of a newer version; IO for a folder that holds something else; PATH_ESCAPE,
   * PERMISSION for one that has links or another user's folders where its own belong.
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
        // Another process has made it meanwhile, and swept.
        if ((await readJson(home.in('oci-layout'))) === undefined) throw writeError(error, home.folder);
      });
    } else if ((layout as { imageLayoutVersion?: unknown }).imageLayoutVersion !== LAYOUT.imageLayoutVersion) {
      throw new LayerscopeError('UNSUPPORTED', `${displayText(home.folder)} is an image layout of another version`);
    }
    return home;
  }

  /** `oci-layout` comes last: what has it is whole. */
  async #make(): Promise<void> {
    // Listed first: another process may be making the same home, and its marker comes before all else.
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

  /** Null where there is none. One that can't be read says nothing of whose the home is: nothing is taken away then. */
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

  /** A stored blob to be read: a file, and no link that leads out of `blobs`. NOT_FOUND, PATH_ESCAPE, IO. */
  blob(digest: string): BlobSource {
    return storedBlob(this.in('blobs'), this.blobFile(digest), digest);
  }

  blobFile(digest: string): string {
    if (!DIGEST.test(digest)) throw new LayerscopeError('PATH_ESCAPE', `no blob has the name ${displayText(digest.slice(0, 200))}`);
    return this.in(...blobName(digest).split('/'));
  }

  /** The images, read again when index.json is another file. Throws BAD_MANIFEST, TOO_LARGE, IO. */
  async images(): Promise<LayoutImages> {
    const stats = await statsOf(this.in('index.json'));
    const stamp = stats === null ? '' : `${stats.ino}:${stats.mtimeMs}:${stats.size}`;
    if (this.#layout?.stamp !== stamp) this.#layout = { stamp, images: readLayoutImages(this.folder) };
    return this.#layout.images;
  }

  /** A layer: recorded, or an image's. NOT_FOUND; NAME_REFUSED; IO for a record that is none. */
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

  /** The layer's parents, the nearest first. IO where the chain is broken. */
  async parents(id: string, record: LayerRecord): Promise<{ readonly id: string; readonly record: LayerRecord }[]> {
    const parents: { readonly id: string; readonly record: LayerRecord }[] = [];
    const seen = new Set([id]);
    for (let parent = record.parent; parent !== null; ) {
      if (seen.has(parent)) throw new LayerscopeError('IO', `layer ${id} is broken: ${parent} is below itself`);
      seen.add(parent);
      const below = await this.#find(parent);
      if (below === null) throw new LayerscopeError('IO', `layer ${id} is broken: its parent ${parent} is not there`);
      parents.push({ id: parent, record: below });
      parent = below.parent;
    }
    return parents;
  }

  /** Every layer, or why its record can't be read, in the order of their ids. UNSUPPORTED where a newer version wrote one. */
  async records(): Promise<Map<string, LayerRecord | LayerscopeError>> {
    const records = new Map<string, LayerRecord | LayerscopeError>((await this.images()).layers);
    for (const id of await this.#recordedIds()) {
      try {
        const value = await readJson(this.recordFile(parseLayerId(id)));
        // Removed since the folder was listed.
        if (value !== undefined) records.set(id, parseLayerRecord(id, value));
      } catch (error) {
        const told = asLayerscopeError(error);
        if (told.code === 'UNSUPPORTED') throw told;
        records.set(id, told);
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

  /** Of files that other programs read too. */
  get #fileMode(): number {
    return this.#marker?.foreign === true ? 0o644 : 0o600;
  }

  /** Replaces a file of the layout, whole. */
  async put(file: string, bytes: Uint8Array | string): Promise<void> {
    await writeDurably(this.tmp, file, bytes, this.#fileMode);
  }

  /** Moves a finished blob to its place. What was there is replaced. */
  async place(unfinished: string, digest: string): Promise<void> {
    const [folder = '', algorithm = ''] = blobName(digest).split('/');
    await this.folders.make(folder);
    await this.folders.make(path.join(folder, algorithm));
    await this.#note(digest);
    await onDisk(() => chmod(unfinished, this.#fileMode));
    await putInPlace(unfinished, this.blobFile(digest));
  }

  /** The same of a small one. */
  async placeBytes(digest: string, bytes: Uint8Array): Promise<void> {
    const unfinished = unfinishedName(this.tmp);
    try {
      await onDisk(() => writeFile(unfinished, bytes, { flag: 'wx', mode: 0o600 }));
      await this.place(unfinished, digest);
    } finally {
      await rm(unfinished, { force: true });
    }
  }

  /** Where a layout isn't ours what is put there is written down before: whoever goes on after a crash removes that and nothing else. */
  async #note(digest: string): Promise<void> {
    if (this.#marker?.foreign !== true || (await statsOf(this.blobFile(digest))) !== null) return;
    this.#placed.add(digest);
    await onDisk(() => appendFile(path.join(this.tmp, WORKING), `${digest}\n`));
  }

  /** A stored blob whose bytes are what its digest says. */
  async holds(digest: string, size: number, signal?: AbortSignal): Promise<boolean> {
    const stats = await statsOf(this.blobFile(digest));
    if (stats === null || !stats.isFile() || stats.size !== size) return false;
    try {
      await this.readWhole(digest, signal);
      return true;
    } catch (error) {
      // One that can't be read is replaced as well.
      if (error instanceof LayerscopeError && error.code !== 'CANCELLED') return false;
      throw error;
    }
  }

  /** Reads all of a blob. DIGEST_MISMATCH; NOT_FOUND, PATH_ESCAPE, IO, CANCELLED. Gives back the blob that was read. */
  async readWhole(digest: string, signal?: AbortSignal): Promise<BlobSource> {
    const blob = this.blob(digest);
    for await (const _ of readBlob(blob, { signal })) await new Promise((resolve) => setImmediate(resolve));
    return blob;
  }

  /** Looks at the home's folders and shuts them to other users: before anything is written. */
  async makeReady(): Promise<void> {
    const marker = await this.#readMarker();
    const isShared = marker?.foreign ?? !(await this.folders.anyOwn());
    await this.folders.makePrivate(isShared);
    await this.folders.make('tmp');
  }

  /**
   * Holds the writer's lock. What a writer left that was stopped half-way is swept away before; what this one leaves where it fails, after.
   */
  async write<T>(options: CallOptions, work: () => Promise<T>): Promise<T> {
    try {
      return await this.#write(options, work);
    } catch (error) {
      throw writeError(error, this.folder);
    }
  }

  async #write<T>({ signal, onWaiting }: CallOptions, work: () => Promise<T>): Promise<T> {
    refuseAborted(signal);
    await this.makeReady();
    await using _lock = await lockForWriting(this.folder, { signal, onWaiting, waitMs: this.#options.waitMs });
    this.#marker = await this.#readMarker();
    this.#wasMarked = this.#marker !== null;
    this.#placed = new Set(await this.#journal());
    if (await this.#sweep()) await this.removeBlobs();
    // What lay in a layout before the marker did is never ours.
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
      // Where this fails too the next writer does it: what marks the work stays.
      await this.removeBlobs()
        .then(() => this.#sweep())
        .catch(() => {});
      throw error;
    }
  }

  /** What the writer before had put in place when it was stopped. */
  async #journal(): Promise<string[]> {
    const file = path.join(this.tmp, WORKING);
    if (this.#marker === null || (await statsOf(file)) === null) return [];
    return (await readOwnFile(file)).toString('utf8').split('\n');
  }

  /** Removes unfinished files of ours from tmp/; whether there were any. */
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

  /** Whether folders of this home may be swept: it was marked as one of ours before this writer came. */
  get isSwept(): boolean {
    return this.#wasMarked;
  }

  /** The user asked for what names these blobs to be removed: they go too once nothing names them, whoever put them there. */
  willRemove(digests: Iterable<string>): void {
    for (const digest of digests) this.#placed.add(digest);
  }

  /** Takes away blobs that nothing names, as far as they are ours. Returns their hex. */
  async removeBlobs(): Promise<string[]> {
    const named = this.#marker === null ? null : await this.#namedBlobs();
    const unnamed = named === null ? [] : await this.#blobsBut(named, this.#marker?.foreign === true);
    for (const { algorithm, hex } of unnamed) await this.folders.removeFile('blobs', algorithm, hex);
    if (named !== null) await onDisk(() => this.tables.sweep(named, (name) => this.folders.removeFile('tables', name)));
    return unnamed.map(({ hex }) => hex);
  }

  /** Blobs that nothing names: no layer's record, no image of the index. */
  async unnamedBlobs(): Promise<readonly { readonly hex: string }[]> {
    const named = (await this.#readMarker())?.foreign === false ? await this.#namedBlobs() : null;
    return named === null ? [] : this.#blobsBut(named, false);
  }

  /** Digests that something names; null where a record or a manifest can't be read: what it names isn't known, and nothing is taken away then. */
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

  /** Layers that stand on one of these, named for a message; '' where none do. */
  async standingOn(ids: ReadonlySet<string>): Promise<string> {
    const children: string[] = [];
    for (const [child, record] of await this.records()) {
      if (!(record instanceof LayerscopeError) && record.parent !== null && ids.has(record.parent) && !ids.has(child)) children.push(child);
    }
    const more = children.length > 5 ? ` and ${children.length - 5} more` : '';
    return children.length === 0 ? '' : `${children.slice(0, 5).join(', ')}${more}`;
  }
}

/** Whether an index lists manifests and nothing but: of a damaged one it can't be known what it listed. */
export function isWholeIndex(index: unknown): boolean {
  const { manifests } = (index ?? {}) as { manifests?: unknown };
  return Array.isArray(manifests) && manifests.every((entry) => DIGEST.test(String((entry as { digest?: unknown } | null)?.digest)));
}
