// The driver that works everywhere: its home is an OCI image layout that other tools open as it is, with what it knows of layers beside.
//
//   oci-layout, index.json, blobs/sha256/<hex>   as the OCI image-spec says; a layer's blob is kept as it came
//   layers/<id>.json                             parent and blob of a layer
//   mounts/<name>/root, owner                    a chain laid out for a mount, and who did it
//   written/<id>/root, snapshot                  a read-write layer's files, and what they were at first
//   tmp/, lock                                   unfinished files; who writes
//
// A writer holds the lock from before it looks until its last file is in place; a file appears whole or not at all, a layer with its
// record. What a killed writer left in tmp/ the next one sweeps; blobs that no record names are taken away by `cleanup`.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { plainTarOf } from '#archive';
import { buildStack, changesOf } from '#changes';
import { MEDIA_TYPE } from '#format/image';
import type { LayerTable } from '#format/layer';
import { asLayerscopeError, displayPath, displayText, KIND, LayerscopeError, rowPath } from '#model';
import type {
  ApplyOptions,
  CallOptions,
  DriverChange,
  GraphDriver,
  LayerFiles,
  LayerInfo,
  Mount,
  SharedBaseImage,
  TarSource,
} from '../driver.ts';
import { MountTable } from '../mount.ts';
import { onDisk, putInPlace, readJson, removeDurably, removeTree, statsOf, unfinishedName, writeDurably } from './durable.ts';
import { contentOf, measureBlob, tableOf } from './layer-blob.ts';
import { type LayerRecord, parseLayerId, parseLayerRecord, STORE_VERSION } from './layer-record.ts';
import { MountFolders } from './mount-folders.ts';
import { addNamedBlobs } from './named-blobs.ts';
import { type TreeChange, tarOfChanges, treeChanges } from './tree-diff.ts';
import { lockForWriting } from './writer-lock.ts';

const LAYOUT = { imageLayoutVersion: '1.0.0' };
const EMPTY_INDEX = { schemaVersion: 2, mediaType: MEDIA_TYPE.ociIndex, manifests: [] };

function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new LayerscopeError('CANCELLED', 'cancelled');
}

export class PortableDriver implements GraphDriver {
  readonly name = 'portable';
  readonly home: string;
  readonly #mounts = new MountTable();
  readonly #folders: MountFolders;

  private constructor(home: string) {
    this.home = home;
    this.#folders = new MountFolders(home, (digest) => this.#blobFile(digest));
  }

  /** Opens a home, made where there is none. UNSUPPORTED for one of a newer version; IO for a folder that holds something else. */
  static async open(home: string): Promise<PortableDriver> {
    await onDisk(() => mkdir(home, { recursive: true }));
    const driver = new PortableDriver(await onDisk(() => realpath(home)));
    const layout = await readJson(driver.#in('oci-layout'));
    if (layout === undefined) {
      const names = await onDisk(() => readdir(driver.home));
      if (names.some((name) => !/^(lock|tmp|index\.json|layers|blobs)/.test(name))) {
        throw new LayerscopeError('IO', `${driver.home} holds other files: a store needs a folder of its own`);
      }
      await writeDurably(driver.#tmp, driver.#in('index.json'), JSON.stringify(EMPTY_INDEX));
      await writeDurably(driver.#tmp, driver.#in('oci-layout'), JSON.stringify(LAYOUT));
    } else if ((layout as { imageLayoutVersion?: unknown }).imageLayoutVersion !== LAYOUT.imageLayoutVersion) {
      throw new LayerscopeError('UNSUPPORTED', `${driver.home} is an image layout of another version`);
    }
    return driver;
  }

  #in(...parts: string[]): string {
    return path.join(this.home, ...parts);
  }

  get #tmp(): string {
    return this.#in('tmp');
  }

  #recordFile(id: string): string {
    return this.#in('layers', `${id}.json`);
  }

  #blobFile(digest: string): string {
    return this.#in('blobs', 'sha256', digest.slice('sha256:'.length));
  }

  async #record(id: string): Promise<LayerRecord> {
    const known = parseLayerId(id);
    const value = await readJson(this.#recordFile(known));
    if (value === undefined) throw new LayerscopeError('NOT_FOUND', `no layer ${known}`);
    return parseLayerRecord(known, value);
  }

  /** Records of the layer's parents, the nearest first. IO where the chain is broken. */
  async #parents(id: string, record: LayerRecord): Promise<{ readonly id: string; readonly record: LayerRecord }[]> {
    const parents: { readonly id: string; readonly record: LayerRecord }[] = [];
    const seen = new Set([id]);
    for (let parent = record.parent; parent !== null; ) {
      if (seen.has(parent)) throw new LayerscopeError('IO', `layer ${id} is broken: ${parent} is below itself`);
      seen.add(parent);
      const value = await readJson(this.#recordFile(parent));
      if (value === undefined) throw new LayerscopeError('IO', `layer ${id} is broken: its parent ${parent} is not there`);
      const below = parseLayerRecord(parent, value);
      parents.push({ id: parent, record: below });
      parent = below.parent;
    }
    return parents;
  }

  /** Holds the writer's lock, with what a killed writer left swept away. */
  async #write<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    refuseAborted(signal);
    await using _lock = await lockForWriting(this.home, signal);
    await onDisk(async () => {
      for (const name of await readdir(this.#tmp).catch(() => [])) await removeTree(path.join(this.#tmp, name));
      await mkdir(this.#tmp, { recursive: true });
    });
    return await work();
  }

  async status(): Promise<readonly (readonly [string, string])[]> {
    return [['Layout', `OCI image layout ${LAYOUT.imageLayoutVersion}`]];
  }

  async #ids(): Promise<string[]> {
    const names = await readdir(this.#in('layers')).catch((error: unknown) => {
      if (asLayerscopeError(error).code === 'NOT_FOUND') return [];
      throw asLayerscopeError(error);
    });
    return names
      .filter((name) => name.endsWith('.json'))
      .map((name) => name.slice(0, -'.json'.length))
      .sort();
  }

  /** Every record, or why it can't be read; each file is read once. UNSUPPORTED where a newer version wrote one. */
  async #records(): Promise<Map<string, LayerRecord | LayerscopeError>> {
    const records = new Map<string, LayerRecord | LayerscopeError>();
    for (const id of await this.#ids()) {
      try {
        records.set(id, await this.#record(id));
      } catch (error) {
        const told = asLayerscopeError(error);
        if (told.code === 'UNSUPPORTED') throw told;
        // Removed since the folder was listed.
        if (told.code !== 'NOT_FOUND') records.set(id, told);
      }
    }
    return records;
  }

  async list(): Promise<readonly LayerInfo[]> {
    const records = await this.#records();
    const infos: LayerInfo[] = [];
    for (const [id, record] of records) {
      if (record instanceof LayerscopeError) {
        infos.push({ id: displayText(id), parent: null, chain: [], state: 'broken', problem: record.message });
        continue;
      }
      const chain: string[] = [];
      let problem: string | null = null;
      for (let parent = record.parent; parent !== null && problem === null; ) {
        const below = records.get(parent);
        if (parent === id || chain.includes(parent)) problem = `${parent} is below itself`;
        else if (below === undefined) problem = `its parent ${parent} is not there`;
        else if (below instanceof LayerscopeError) problem = `its parent ${parent} is broken`;
        else {
          chain.push(parent);
          parent = below.parent;
        }
      }
      if (problem === null && record.blob !== null && (await statsOf(this.#blobFile(record.blob.digest))) === null) {
        problem = `its blob ${record.blob.digest} is not there`;
      }
      infos.push({ id, parent: record.parent, chain, state: problem === null ? 'ready' : 'broken', problem });
    }
    return infos;
  }

  async exists(id: string): Promise<boolean> {
    try {
      await this.#record(id);
      return true;
    } catch {
      return false;
    }
  }

  async create(id: string, parent: string | null, options: CallOptions = {}): Promise<void> {
    await this.#make(id, parent, false, options);
  }

  async createReadWrite(id: string, parent: string | null, options: CallOptions = {}): Promise<void> {
    await this.#make(id, parent, true, options);
  }

  async #make(id: string, parent: string | null, readWrite: boolean, options: CallOptions): Promise<void> {
    const known = parseLayerId(id);
    await this.#write(options.signal, async () => {
      if ((await statsOf(this.#recordFile(known))) !== null) throw new LayerscopeError('EXISTS', `layer ${known} is there already`);
      if (parent !== null) {
        const below = await this.#record(parent);
        await this.#parents(parent, below);
        if (below.readWrite) throw new LayerscopeError('UNSUPPORTED', `layer ${parent} is written into: nothing can stand on it`);
      }
      refuseAborted(options.signal);
      await this.#putRecord(known, { version: STORE_VERSION, parent, readWrite, blob: null });
    });
  }

  async #putRecord(id: string, record: LayerRecord): Promise<void> {
    await writeDurably(this.#tmp, this.#recordFile(id), JSON.stringify(record));
  }

  async remove(id: string, options: CallOptions = {}): Promise<void> {
    const known = parseLayerId(id);
    using _turn = await this.#mounts.turn(known);
    await this.#write(options.signal, async () => {
      // A record that can't be read can still be taken away.
      if ((await statsOf(this.#recordFile(known))) === null) throw new LayerscopeError('NOT_FOUND', `no layer ${known}`);
      await this.#refuseInUse(known, 'removed');
      refuseAborted(options.signal);
      await removeDurably(this.#recordFile(known));
      await this.#folders.removeWritten(known);
      await this.#removeBlobs();
    });
  }

  async #refuseInUse(id: string, what: string): Promise<void> {
    if (this.#mounts.isMounted(id) || (await this.#folders.isMounted(id))) {
      throw new LayerscopeError('EXISTS', `layer ${id} is mounted and can't be ${what}`);
    }
    const children: string[] = [];
    for (const [child, record] of await this.#records()) {
      if (!(record instanceof LayerscopeError) && record.parent === id) children.push(child);
    }
    if (children.length > 0) {
      const more = children.length > 5 ? ` and ${children.length - 5} more` : '';
      throw new LayerscopeError('EXISTS', `layer ${id} can't be ${what}: ${children.slice(0, 5).join(', ')}${more} stand on it`);
    }
  }

  /** Blobs that nothing names: no layer's record, no image of the index. */
  async #removeBlobs(): Promise<string[]> {
    const named = new Set<string>();
    for (const record of (await this.#records()).values()) {
      // What a record names that can't be read isn't known: nothing is taken away then.
      if (record instanceof LayerscopeError) return [];
      if (record.blob !== null) named.add(record.blob.digest);
    }
    await addNamedBlobs(await readJson(this.#in('index.json')), (digest) => this.#blobFile(digest), named);
    const gone: string[] = [];
    for (const name of await readdir(this.#in('blobs', 'sha256')).catch(() => [])) {
      if (named.has(`sha256:${name}`)) continue;
      await removeDurably(this.#in('blobs', 'sha256', name));
      gone.push(name);
    }
    return gone;
  }

  async applyDiff(id: string, tar: TarSource, options: ApplyOptions = {}): Promise<{ readonly sizeBytes: number }> {
    return this.#fill(id, options, async (unfinished) => {
      await onDisk(async () => {
        await using handle = await open(unfinished, 'wx');
        for await (const bytes of tar) {
          refuseAborted(options.signal);
          options.onProgress?.(bytes.length);
          await handle.writeFile(bytes);
        }
      });
      refuseAborted(options.signal);
    });
  }

  /** Fills an empty layer from a blob as it lies in a file, packed or plain: the blob is kept as it came. Otherwise as {@link applyDiff}. */
  async applyBlob(id: string, file: string, options: ApplyOptions = {}): Promise<{ readonly sizeBytes: number }> {
    return this.#fill(id, options, (unfinished) =>
      onDisk(async () => {
        const source = createReadStream(file, { highWaterMark: 1 << 20 });
        const target = createWriteStream(unfinished, { flags: 'wx' });
        const { pipeline } = await import('node:stream/promises');
        await pipeline(source, target, options.signal === undefined ? {} : { signal: options.signal });
      }),
    );
  }

  async #fill(id: string, options: ApplyOptions, receive: (unfinished: string) => Promise<void>): Promise<{ readonly sizeBytes: number }> {
    const known = parseLayerId(id);
    using _turn = await this.#mounts.turn(known);
    return this.#write(undefined, async () => {
      const record = await this.#record(known);
      if (record.readWrite) throw new LayerscopeError('UNSUPPORTED', `layer ${known} is written into by its mount only`);
      await this.#refuseInUse(known, 'filled');
      const unfinished = unfinishedName(this.#tmp);
      try {
        refuseAborted(options.signal);
        await receive(unfinished);
        const blob = await measureBlob(unfinished, options);
        const file = this.#blobFile(blob.digest);
        if ((await statsOf(file)) === null) await putInPlace(unfinished, file);
        await this.#putRecord(known, { ...record, blob });
        return { sizeBytes: blob.fileBytes };
      } catch (error) {
        await removeDurably(this.#recordFile(known));
        throw error;
      } finally {
        await rm(unfinished, { force: true });
      }
    });
  }

  async mount(id: string, options: CallOptions = {}): Promise<Mount> {
    const record = await this.#record(id);
    const make = async (): Promise<string> => {
      refuseAborted(options.signal);
      const below = (await this.#parents(id, record)).reverse().map((parent) => parent.record);
      return record.readWrite ? this.#folders.mountWritten(id, below, options) : this.#folders.mount(id, [...below, record], options);
    };
    return this.#mounts.mount(id, id, make, () => this.#folders.release(id));
  }

  async *diff(id: string, options: CallOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    const record = await this.#record(id);
    refuseAborted(options.signal);
    if (record.readWrite) {
      yield* tarOfChanges(this.#folders.writtenRoot(id), await this.#written(id, options), options.signal);
      return;
    }
    if (record.blob === null) throw new LayerscopeError('NOT_FOUND', `layer ${id} is empty: nothing was applied to it`);
    const { digest, diffId } = record.blob;
    const [packed, plain] = [createHash('sha256'), createHash('sha256')];
    const pieces = plainTarOf(this.#blobFile(digest), { signal: options.signal, onPacked: (bytes) => void packed.update(bytes) });
    for await (const bytes of pieces) {
      plain.update(bytes);
      yield bytes;
    }
    for (const [what, stated, hash] of [
      ['blob', digest, packed],
      ['diffID', diffId, plain],
    ] as const) {
      const found = `sha256:${hash.digest('hex')}`;
      if (found !== stated) throw new LayerscopeError('DIGEST_MISMATCH', `layer ${id}: its ${what} is ${found}, not ${stated}`);
    }
  }

  /** What was written into a read-write layer. */
  async #written(id: string, { signal }: CallOptions): Promise<TreeChange[]> {
    const snapshot = await this.#folders.snapshot(id);
    return snapshot === null ? [] : treeChanges(this.#folders.writtenRoot(id), snapshot, signal);
  }

  async *changes(id: string, options: CallOptions = {}): AsyncGenerator<DriverChange, void, undefined> {
    const record = await this.#record(id);
    refuseAborted(options.signal);
    if (record.readWrite) {
      for (const { kind, path: changed } of await this.#written(id, options)) {
        yield { kind, path: displayPath(Buffer.from(changed, 'latin1')) };
      }
      return;
    }
    const layers = [...(await this.#parents(id, record)).reverse().map((parent) => parent.record), record];
    const tables: (LayerTable | null)[] = [];
    for (const { blob } of layers) tables.push(blob === null ? null : await tableOf(this.#blobFile(blob.digest), options));
    const rows = changesOf(buildStack(tables), tables.length - 1, tables.length - 1);
    for (let row = 0; row < rows.length; row++) {
      const mark = rows.kind[row];
      if (mark === KIND.added) yield { kind: 'added', path: displayPath(rowPath(rows, row)) };
      else if (mark === KIND.modified) yield { kind: 'modified', path: displayPath(rowPath(rows, row)) };
      else if (mark === KIND.removed) yield { kind: 'removed', path: displayPath(rowPath(rows, row)) };
    }
  }

  async diffSize(id: string, options: CallOptions = {}): Promise<number> {
    const record = await this.#record(id);
    refuseAborted(options.signal);
    if (!record.readWrite) return record.blob?.fileBytes ?? 0;
    const seen = new Set<string>();
    let total = 0;
    for (const { entry } of await this.#written(id, options)) {
      if (entry === null || entry.kind !== 'file' || seen.has(entry.ino)) continue;
      if (entry.links > 1) seen.add(entry.ino);
      total += entry.size;
    }
    return total;
  }

  async chain(id: string): Promise<readonly string[]> {
    return (await this.#parents(id, await this.#record(id))).map((parent) => parent.id);
  }

  async metadata(id: string): Promise<Readonly<Record<string, string>>> {
    const { blob, readWrite } = await this.#record(id);
    if (readWrite) return { dir: this.#folders.writtenRoot(id) };
    return {
      dir: this.home,
      ...(blob === null ? {} : { digest: blob.digest, diffId: blob.diffId, size: String(blob.size), mediaType: blob.mediaType }),
    };
  }

  async files(id: string): Promise<LayerFiles> {
    const record = await this.#record(id);
    const blob = record.blob === null ? null : this.#blobFile(record.blob.digest);
    return {
      async *open(name) {
        if (blob === null) throw new LayerscopeError('NOT_FOUND', `layer ${id} holds no ${displayText(name)}`);
        yield* contentOf(blob, name);
      },
      [Symbol.asyncDispose]: async () => {},
    };
  }

  async baseImages(): Promise<readonly SharedBaseImage[]> {
    return [];
  }

  async adoptBaseImage(id: string): Promise<string> {
    throw new LayerscopeError('NOT_FOUND', `no shared base image ${displayText(id)}: they are Windows' own`);
  }

  async cleanup(options: CallOptions = {}): Promise<readonly string[]> {
    return this.#write(options.signal, async () => {
      const gone = await this.#removeBlobs();
      return [...gone, ...(await this.#folders.sweep(async (id) => (await statsOf(this.#recordFile(id))) !== null))];
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const key of this.#mounts.keys) {
      using _turn = await this.#mounts.turn(key);
      if (!this.#mounts.isMounted(key)) continue;
      this.#mounts.drop(key);
      await this.#folders.release(key);
    }
  }
}
