// The folder that a portable store lives in: its files, who may write, what is a layer.
import { mkdir, readdir, realpath, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { blobName } from '#archive';
import { removeTree } from '#disk';
import { MEDIA_TYPE } from '#format/image';
import { asLayerscopeError, LayerscopeError } from '#model';
import { onDisk, readJson, removeDurably, statsOf, writeDurably } from './durable.ts';
import { type LayerRecord, parseLayerId, parseLayerRecord } from './layer-record.ts';
import { LayerTables } from './layer-tables.ts';
import { type LayoutImages, readLayoutImages } from './layout-images.ts';
import { addNamedBlobs } from './named-blobs.ts';
import { lockForWriting } from './writer-lock.ts';

export const LAYOUT = { imageLayoutVersion: '1.0.0' };
const EMPTY_INDEX = { schemaVersion: 2, mediaType: MEDIA_TYPE.ociIndex, manifests: [] };
/** In tmp/ while a writer works: that it is found tells that one was stopped half-way. */
const WORKING = 'working';

export function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new LayerscopeError('CANCELLED', 'cancelled');
}

export class PortableHome {
  readonly folder: string;
  readonly tables: LayerTables;
  #layout: { readonly stamp: string; readonly images: LayoutImages } | null = null;

  private constructor(folder: string) {
    this.folder = folder;
    this.tables = new LayerTables({ folder: this.in('tables'), temporary: this.tmp, blobFile: (digest) => this.blobFile(digest) });
  }

  /** Opens a home, made where there is none. UNSUPPORTED for one of a newer version; IO for a folder that holds something else. */
  static async open(folder: string): Promise<PortableHome> {
    await onDisk(() => mkdir(folder, { recursive: true }));
    const home = new PortableHome(await onDisk(() => realpath(folder)));
    const layout = await readJson(home.in('oci-layout'));
    if (layout === undefined) {
      const names = await onDisk(() => readdir(home.folder));
      if (names.some((name) => !/^(lock|tmp|index\.json|layers|blobs)/.test(name))) {
        throw new LayerscopeError('IO', `${home.folder} holds other files: a store needs a folder of its own`);
      }
      await writeDurably(home.tmp, home.in('index.json'), JSON.stringify(EMPTY_INDEX));
      await writeDurably(home.tmp, home.in('oci-layout'), JSON.stringify(LAYOUT));
    } else if ((layout as { imageLayoutVersion?: unknown }).imageLayoutVersion !== LAYOUT.imageLayoutVersion) {
      throw new LayerscopeError('UNSUPPORTED', `${home.folder} is an image layout of another version`);
    }
    return home;
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

  blobFile(digest: string): string {
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

  /**
   * Holds the writer's lock. What a writer left that was stopped half-way is swept away before; what this one leaves where it fails, after.
   */
  async write<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    refuseAborted(signal);
    await using _lock = await lockForWriting(this.folder, signal);
    await onDisk(() => mkdir(this.tmp, { recursive: true }));
    if (await this.#sweep()) await this.removeBlobs();
    await onDisk(() => writeFile(path.join(this.tmp, WORKING), ''));
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

  /** Empties tmp/; whether there was anything. */
  async #sweep(): Promise<boolean> {
    return onDisk(async () => {
      const names = await readdir(this.tmp);
      for (const name of names) await removeTree(path.join(this.tmp, name));
      return names.length > 0;
    });
  }

  /** Takes away blobs that nothing names. Returns their hex. */
  async removeBlobs(): Promise<string[]> {
    const named = await this.#namedBlobs();
    const unnamed = named === null ? [] : await this.#blobsBut(named);
    for (const { file } of unnamed) await removeDurably(file);
    if (named !== null) await onDisk(() => this.tables.sweep(named));
    return unnamed.map(({ hex }) => hex);
  }

  /** Blobs that nothing names: no layer's record, no image of the index. */
  async unnamedBlobs(): Promise<readonly { readonly hex: string; readonly file: string }[]> {
    const named = await this.#namedBlobs();
    return named === null ? [] : this.#blobsBut(named);
  }

  /** Digests that something names; null where a record can't be read: what it names isn't known, and nothing is taken away then. */
  async #namedBlobs(): Promise<Set<string> | null> {
    const named = new Set<string>();
    for (const record of (await this.records()).values()) {
      if (record instanceof LayerscopeError) return null;
      if (record.blob !== null) named.add(record.blob.digest);
    }
    await addNamedBlobs(await readJson(this.in('index.json')), (digest) => this.blobFile(digest), named);
    return named;
  }

  async #blobsBut(named: ReadonlySet<string>): Promise<readonly { readonly hex: string; readonly file: string }[]> {
    const unnamed: { readonly hex: string; readonly file: string }[] = [];
    for (const algorithm of await readdir(this.in('blobs')).catch(() => [])) {
      for (const name of await readdir(this.in('blobs', algorithm)).catch(() => [])) {
        if (!named.has(`${algorithm}:${name}`)) unnamed.push({ hex: name, file: this.in('blobs', algorithm, name) });
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
