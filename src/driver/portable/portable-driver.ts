// The driver that works on every system. Its home is an OCI image layout that other tools can open, with more files for layers:
//
//   oci-layout, index.json, blobs/sha256/<hex>   by the OCI image-spec; layer blobs are stored unchanged
//   layers/<id>.json                             parent and blob of a layer that isn't an image's
//   tables/<digest>.idx                          the table of a compressed blob, to avoid decompressing it
//   mounts/<name>/root, owner                    a chain laid out for a mount, and its process
//   written/<id>/root, snapshot                  a read-write layer's files, and their original state
//   tmp/, lock                                   unfinished files, and the writer's lock
//
// A writer holds the lock from its first check until its last file is in place. Files appear atomically, and a layer exists once its record
// does. The next writer sweeps what a killed writer left in tmp/; `cleanup` removes blobs that nothing refers to.
import { open, rm } from 'node:fs/promises';
import { algorithmOf, blobInFile, copyBlob, Digester, plainTarOf, readBlob, writeError } from '#archive';
import { buildStack, changesOf } from '#changes';
import { type LayerTable, layerFigures } from '#format/layer';
import { displayPath, displayText, KIND, LayerscopeError, rowPath, throwIfCancelled } from '#model';
import type {
  ApplyOptions,
  BlobStore,
  CallOptions,
  DriverChange,
  GraphDriver,
  LayerFiles,
  LayerInfo,
  LayerMetadata,
  LayerSource,
  Mount,
  MountOptions,
  SharedBaseImage,
  TarSource,
} from '../driver.ts';
import type { ImageStore } from '../images.ts';
import { MountTable } from '../mount.ts';
import { onDisk, statsOf, unfinishedName } from './durable.ts';
import { contentOf, measureBlob } from './layer-blob.ts';
import { type LayerRecord, parseLayerId, STORE_VERSION } from './layer-record.ts';
import { readChecked } from './mount-chain.ts';
import { MountFolders } from './mount-folders.ts';
import { type HomeOptions, LAYOUT, PortableHome } from './portable-home.ts';
import { PortableImages } from './portable-images.ts';
import { type TreeChange, tarOfChanges, treeChanges } from './tree-diff.ts';

/** The graph driver over a home; see the top of this file. */
export class PortableDriver implements GraphDriver {
  readonly name = 'portable';
  readonly images: ImageStore;
  readonly blobs: BlobStore = {
    add: (id, parent, source, options) => this.#addLayer(id, parent, source, options),
    apply: (id, file, options = {}) => this.#fill(id, { file }, options),
    read: (id, options) => this.#readBlob(id, options),
    write: (id, file, options) => this.#writeBlob(id, file, options),
  };
  readonly #home: PortableHome;
  readonly #mounts = new MountTable();
  readonly #folders: MountFolders;

  private constructor(home: PortableHome) {
    this.#home = home;
    this.#folders = new MountFolders(home);
    this.images = new PortableImages(home, {
      mountedOf: (ids) => this.#mountedOf(ids),
      sweepMountsOf: (ids) => this.#folders.sweepMountsOf(ids),
    });
  }

  /** Opens or creates a home; see {@link PortableHome.open}. */
  static async open(home: string, options: HomeOptions = {}): Promise<PortableDriver> {
    return new PortableDriver(await PortableHome.open(home, options));
  }

  get home(): string {
    return this.#home.folder;
  }

  async status(): Promise<readonly (readonly [string, string])[]> {
    return [['Layout', `OCI image layout ${LAYOUT.imageLayoutVersion}`]];
  }

  async list(): Promise<readonly LayerInfo[]> {
    const records = await this.#home.records();
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
        else if (below === undefined) problem = `its parent ${parent} is missing`;
        else if (below instanceof LayerscopeError) problem = `its parent ${parent} is broken`;
        else {
          chain.push(parent);
          parent = below.parent;
        }
      }
      if (problem === null && record.blob !== null && (await statsOf(this.#home.blobFile(record.blob.digest))) === null) {
        problem = `its blob ${record.blob.digest} is missing`;
      }
      const { parent, images, readWrite, blob } = record;
      infos.push({
        id,
        parent,
        chain,
        state: problem === null ? 'ready' : 'broken',
        problem,
        ...(images === undefined ? {} : { images }),
        ...(readWrite ? { readWrite } : {}),
        ...(blob === null ? {} : { sizeBytes: blob.size }),
      });
    }
    return infos;
  }

  async exists(id: string): Promise<boolean> {
    try {
      await this.#home.record(id);
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
    await this.#home.write(options, async () => {
      await this.#refusePlace(known, parent);
      throwIfCancelled(options.signal);
      await this.#home.putRecord(known, { version: STORE_VERSION, parent, readWrite, blob: null });
    });
  }

  async #refusePlace(id: string, parent: string | null): Promise<void> {
    if (await this.#isTaken(id)) throw new LayerscopeError('EXISTS', `layer ${id} already exists`);
    if (parent === null) return;
    const below = await this.#home.record(parent);
    await this.#home.parents(parent, below);
    if (below.readWrite) throw new LayerscopeError('UNSUPPORTED', `layer ${parent} is read-write, so no layer can be created on it`);
  }

  async #isTaken(id: string): Promise<boolean> {
    return (await statsOf(this.#home.recordFile(id))) !== null || (await this.#home.images()).layers.has(id);
  }

  async remove(id: string, options: CallOptions = {}): Promise<void> {
    const known = parseLayerId(id);
    using _turn = await this.#mounts.turn(known);
    await this.#home.write(options, async () => {
      // A record that can't be read can still be removed.
      if (!(await this.#isTaken(known))) throw new LayerscopeError('NOT_FOUND', `no layer ${known}`);
      await this.#refuseInUse(known, 'removed');
      throwIfCancelled(options.signal);
      const record = await this.#home.record(known).catch(() => null);
      if (record?.blob) this.#home.willRemove([record.blob.digest]);
      await this.#home.folders.removeFile('layers', `${known}.json`);
      await this.#folders.sweepMountsOf(new Set([known]));
      await this.#folders.removeWritten(known);
      await this.#home.removeBlobs();
    });
  }

  async #refuseInUse(id: string, what: string): Promise<void> {
    const image = (await this.#home.record(id).catch(() => null))?.images?.[0];
    if (image !== undefined)
      throw new LayerscopeError('EXISTS', `layer ${id} can't be ${what}: it is a layer of image ${displayText(image)}`);
    if ((await this.#mountedOf(new Set([id]))) !== null) throw new LayerscopeError('EXISTS', `layer ${id} is mounted and can't be ${what}`);
    const children = await this.#home.childrenOf(new Set([id]));
    if (children !== '') throw new LayerscopeError('EXISTS', `layer ${id} can't be ${what}: other layers are based on it (${children})`);
  }

  /** Returns the first of these layers that this or another process has mounted, or null. */
  async #mountedOf(ids: ReadonlySet<string>): Promise<string | null> {
    for (const id of ids) if (this.#mounts.isMounted(id)) return id;
    return this.#folders.mountedOf(ids);
  }

  async applyDiff(id: string, tar: TarSource, options: ApplyOptions = {}): Promise<{ readonly sizeBytes: number }> {
    return this.#fill(id, { tar }, options);
  }

  async #addLayer(
    id: string,
    parent: string | null,
    source: LayerSource,
    options: ApplyOptions = {},
  ): Promise<{ readonly sizeBytes: number }> {
    const known = parseLayerId(id);
    return this.#home.write(options, async () => {
      await this.#refusePlace(known, parent);
      return this.#store(known, { version: STORE_VERSION, parent, readWrite: false, blob: null }, source, options);
    });
  }

  async #fill(id: string, source: LayerSource, options: ApplyOptions): Promise<{ readonly sizeBytes: number }> {
    const known = parseLayerId(id);
    using _turn = await this.#mounts.turn(known);
    return this.#home.write({}, async () => {
      const record = await this.#home.record(known);
      if (record.readWrite) throw new LayerscopeError('UNSUPPORTED', `layer ${known} is read-write: it is written only through its mount`);
      await this.#refuseInUse(known, 'filled');
      try {
        return await this.#store(known, record, source, options);
      } catch (error) {
        await this.#home.folders.removeFile('layers', `${known}.json`);
        throw error;
      }
    });
  }

  /** Adds a layer's blob, and last its record, which makes the layer exist. */
  async #store(id: string, record: LayerRecord, source: LayerSource, options: ApplyOptions): Promise<{ readonly sizeBytes: number }> {
    const unfinished = unfinishedName(this.#home.tmp);
    try {
      throwIfCancelled(options.signal);
      const copied = 'file' in source ? await copyBlob(blobInFile(source.file), unfinished, options) : null;
      if ('tar' in source) await receive(source.tar, unfinished, options);
      const { blob, layer } = await measureBlob(unfinished, copied, options);
      if (!(await this.#home.holds(blob.digest, blob.size, options.signal))) await this.#home.place(unfinished, blob.digest);
      await this.#home.tables.keep(blob.digest, layer);
      await this.#home.putRecord(id, { ...record, blob });
      return { sizeBytes: blob.fileBytes };
    } finally {
      await rm(unfinished, { force: true });
    }
  }

  async mount(id: string, options: MountOptions = {}): Promise<Mount> {
    const record = await this.#home.record(id);
    const make = async (): Promise<string> => {
      throwIfCancelled(options.signal);
      await this.#home.makeReady();
      const below = (await this.#home.parents(id, record)).reverse().map((parent) => parent.record);
      return record.readWrite ? this.#folders.mountWritten(id, below, options) : this.#folders.mount(id, [...below, record], options);
    };
    const makeOrSay = () =>
      make().catch((error: unknown) => {
        throw writeError(error, this.home);
      });
    return this.#mounts.mount(id, id, makeOrSay, () => this.#folders.release(id));
  }

  async releaseLeft(id: string, options: CallOptions = {}): Promise<void> {
    const known = parseLayerId(id);
    using _turn = await this.#mounts.turn(known);
    await this.#home.write(options, async () => {
      if (this.#mounts.isMounted(known))
        throw new LayerscopeError('EXISTS', `layer ${known} is mounted by this process: release that mount instead`);
      await this.#folders.releaseLeft(known);
    });
  }

  async *diff(id: string, options: CallOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    const record = await this.#home.record(id);
    throwIfCancelled(options.signal);
    if (record.readWrite) {
      yield* tarOfChanges(this.#folders.writtenRoot(id), await this.#written(id, options), options.signal);
      return;
    }
    if (record.blob === null) throw new LayerscopeError('NOT_FOUND', `layer ${id} is empty: nothing was applied to it`);
    const { digest, diffId } = record.blob;
    const packed = new Digester(algorithmOf(digest));
    // An uncompressed blob's diffID is its digest, so it is hashed only once.
    const plain = diffId === null || diffId === digest ? null : new Digester(algorithmOf(diffId));
    const pieces = plainTarOf(this.#home.blob(digest), { signal: options.signal, onPacked: (bytes) => packed.update(bytes) });
    for await (const bytes of pieces) {
      plain?.update(bytes);
      yield bytes;
    }
    refuseOther(id, 'blob', digest, packed);
    if (plain !== null && diffId !== null) refuseOther(id, 'diffID', diffId, plain);
  }

  async *#readBlob(id: string, options: CallOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    const { blob, readWrite } = await this.#home.record(id);
    if (readWrite) yield* this.diff(id, options);
    else if (blob === null) throw new LayerscopeError('NOT_FOUND', `layer ${id} is empty: nothing was applied to it`);
    else yield* readBlob(this.#home.blob(blob.digest), options);
  }

  async #writeBlob(id: string, file: string, options: CallOptions = {}): Promise<{ readonly bytes: number } | null> {
    const { blob } = await this.#home.record(id);
    if (blob === null) return null;
    return { bytes: (await copyBlob(this.#home.blob(blob.digest), file, options)).size };
  }

  /** What has changed in a read-write layer. */
  async #written(id: string, { signal }: CallOptions): Promise<TreeChange[]> {
    const snapshot = await this.#folders.snapshot(id);
    return snapshot === null ? [] : treeChanges(this.#folders.writtenRoot(id), snapshot, signal);
  }

  async *changes(id: string, options: CallOptions = {}): AsyncGenerator<DriverChange, void, undefined> {
    const record = await this.#home.record(id);
    throwIfCancelled(options.signal);
    if (record.readWrite) {
      for (const { kind, path: changed } of await this.#written(id, options)) {
        yield { kind, path: displayPath(Buffer.from(changed, 'latin1')) };
      }
      return;
    }
    const layers = [...(await this.#home.parents(id, record)).reverse().map((parent) => parent.record), record];
    const tables: (LayerTable | null)[] = [];
    for (const { blob } of layers) tables.push(blob === null ? null : await this.#tableOf(blob.digest, options));
    const rows = changesOf(buildStack(tables), tables.length - 1, tables.length - 1);
    for (let row = 0; row < rows.length; row++) {
      const mark = rows.kind[row];
      if (mark === KIND.added) yield { kind: 'added', path: displayPath(rowPath(rows, row)) };
      else if (mark === KIND.modified) yield { kind: 'modified', path: displayPath(rowPath(rows, row)) };
      else if (mark === KIND.removed) yield { kind: 'removed', path: displayPath(rowPath(rows, row)) };
    }
  }

  async #tableOf(digest: string, { signal }: CallOptions): Promise<LayerTable> {
    return (await readChecked(digest, this.#home, signal)).indexed.table;
  }

  async diffSize(id: string, options: CallOptions = {}): Promise<number> {
    const record = await this.#home.record(id);
    throwIfCancelled(options.signal);
    if (!record.readWrite) {
      if (record.blob === null) return 0;
      return record.blob.fileBytes ?? layerFigures(await this.#tableOf(record.blob.digest, options)).fileBytes;
    }
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
    return (await this.#home.parents(id, await this.#home.record(id))).map((parent) => parent.id);
  }

  async metadata(id: string): Promise<LayerMetadata> {
    const { blob, readWrite } = await this.#home.record(id);
    if (readWrite) return { dir: this.#folders.writtenRoot(id) };
    if (blob === null) return { dir: this.home };
    const { digest, diffId, size, mediaType } = blob;
    return {
      dir: this.home,
      digest,
      ...(diffId === null ? {} : { diffId }),
      sizeBytes: size,
      mediaType,
      file: this.#home.blobFile(digest),
    };
  }

  async files(id: string): Promise<LayerFiles> {
    const record = await this.#home.record(id);
    const blob = record.blob === null ? null : await this.#home.readWhole(record.blob.digest);
    return {
      async *open(name) {
        if (blob === null) throw new LayerscopeError('NOT_FOUND', `no file ${displayText(name)} in layer ${id}`);
        yield* contentOf(blob, name);
      },
      [Symbol.asyncDispose]: async () => {},
    };
  }

  async baseImages(): Promise<readonly SharedBaseImage[]> {
    return [];
  }

  async adoptBaseImage(id: string): Promise<string> {
    throw new LayerscopeError('NOT_FOUND', `no shared base image ${displayText(id)}: only Windows has them`);
  }

  async leftovers(): Promise<readonly string[]> {
    const { mounts, written } = await this.#folders.left((id) => this.#isLayer(id));
    return [...(await this.#home.unnamedBlobs()).map(({ hex }) => hex), ...mounts, ...written];
  }

  async cleanup(options: CallOptions = {}): Promise<readonly string[]> {
    return this.#home.write(options, async () => {
      const gone = await this.#home.removeBlobs();
      return [...gone, ...(await this.#folders.sweep((id) => this.#isLayer(id)))];
    });
  }

  async #isLayer(id: string): Promise<boolean> {
    return (await statsOf(this.#home.recordFile(id))) !== null;
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

function refuseOther(id: string, what: string, stated: string, digester: Digester): void {
  const found = digester.finish();
  if (found !== stated) throw new LayerscopeError('DIGEST_MISMATCH', `layer ${id}: its ${what} is ${found}, not ${stated}`);
}

async function receive(tar: TarSource, unfinished: string, { signal, onProgress }: ApplyOptions): Promise<void> {
  await onDisk(async () => {
    await using handle = await open(unfinished, 'wx', 0o600);
    for await (const bytes of tar) {
      throwIfCancelled(signal);
      onProgress?.(bytes.length);
      await handle.writeFile(bytes);
    }
  });
  throwIfCancelled(signal);
}
