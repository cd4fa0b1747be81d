// The driver that works everywhere: its home is an OCI image layout that other tools open as it is, with what it knows of layers beside.
//
//   oci-layout, index.json, blobs/sha256/<hex>   as the OCI image-spec says; a layer's blob is kept as it came
//   layers/<id>.json                             parent and blob of a layer that is no image's
//   tables/<digest>.idx                          what a packed blob's headers say, to be read without inflating it
//   mounts/<name>/root, owner                    a chain laid out for a mount, and who did it
//   written/<id>/root, snapshot                  a read-write layer's files, and what they were at first
//   tmp/, lock                                   unfinished files; who writes
//
// A writer holds the lock from before it looks until its last file is in place; a file appears whole or not at all, a layer with its
// record. What a killed writer left in tmp/ the next one sweeps; blobs that no record names are taken away by `cleanup`.
import { open, rm } from 'node:fs/promises';
import { algorithmOf, blobInFile, copyBlob, Digester, plainTarOf, readBlob, writeError } from '#archive';
import { buildStack, changesOf } from '#changes';
import { type LayerTable, layerFigures } from '#format/layer';
import { displayPath, displayText, KIND, LayerscopeError, rowPath } from '#model';
import type {
  ApplyOptions,
  CallOptions,
  DriverChange,
  GraphDriver,
  LayerFiles,
  LayerInfo,
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
import { type HomeOptions, LAYOUT, PortableHome, refuseAborted } from './portable-home.ts';
import { PortableImages } from './portable-images.ts';
import { type TreeChange, tarOfChanges, treeChanges } from './tree-diff.ts';

export class PortableDriver implements GraphDriver {
  readonly name = 'portable';
  readonly images: ImageStore;
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

  /** See {@link PortableHome.open}. */
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
        else if (below === undefined) problem = `its parent ${parent} is not there`;
        else if (below instanceof LayerscopeError) problem = `its parent ${parent} is broken`;
        else {
          chain.push(parent);
          parent = below.parent;
        }
      }
      if (problem === null && record.blob !== null && (await statsOf(this.#home.blobFile(record.blob.digest))) === null) {
        problem = `its blob ${record.blob.digest} is not there`;
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
      refuseAborted(options.signal);
      await this.#home.putRecord(known, { version: STORE_VERSION, parent, readWrite, blob: null });
    });
  }

  async #refusePlace(id: string, parent: string | null): Promise<void> {
    if (await this.#isTaken(id)) throw new LayerscopeError('EXISTS', `layer ${id} is there already`);
    if (parent === null) return;
    const below = await this.#home.record(parent);
    await this.#home.parents(parent, below);
    if (below.readWrite) throw new LayerscopeError('UNSUPPORTED', `layer ${parent} is written into: nothing can stand on it`);
  }

  async #isTaken(id: string): Promise<boolean> {
    return (await statsOf(this.#home.recordFile(id))) !== null || (await this.#home.images()).layers.has(id);
  }

  async remove(id: string, options: CallOptions = {}): Promise<void> {
    const known = parseLayerId(id);
    using _turn = await this.#mounts.turn(known);
    await this.#home.write(options, async () => {
      // A record that can't be read can still be taken away.
      if (!(await this.#isTaken(known))) throw new LayerscopeError('NOT_FOUND', `no layer ${known}`);
      await this.#refuseInUse(known, 'removed');
      refuseAborted(options.signal);
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
    const children = await this.#home.standingOn(new Set([id]));
    if (children !== '') throw new LayerscopeError('EXISTS', `layer ${id} can't be ${what}: ${children} stand on it`);
  }

  /** The first of these that is mounted, here or by another process. */
  async #mountedOf(ids: ReadonlySet<string>): Promise<string | null> {
    for (const id of ids) if (this.#mounts.isMounted(id)) return id;
    return this.#folders.mountedOf(ids);
  }

  async applyDiff(id: string, tar: TarSource, options: ApplyOptions = {}): Promise<{ readonly sizeBytes: number }> {
    return this.#fill(id, { tar }, options);
  }

  /** Fills an empty layer from a blob as it lies in a file, packed or plain: the blob is kept as it came. Otherwise as {@link applyDiff}. */
  async applyBlob(id: string, file: string, options: ApplyOptions = {}): Promise<{ readonly sizeBytes: number }> {
    return this.#fill(id, { file }, options);
  }

  async addLayer(
    id: string,
    parent: string | null,
    source: LayerSource,
    options: ApplyOptions = {},
  ): Promise<{ readonly sizeBytes: number }> {
    const known = parseLayerId(id);
    return this.#home.write(options, async () => {
      await this.#refusePlace(known, parent);
      return this.#take(known, { version: STORE_VERSION, parent, readWrite: false, blob: null }, source, options);
    });
  }

  async #fill(id: string, source: LayerSource, options: ApplyOptions): Promise<{ readonly sizeBytes: number }> {
    const known = parseLayerId(id);
    using _turn = await this.#mounts.turn(known);
    return this.#home.write({}, async () => {
      const record = await this.#home.record(known);
      if (record.readWrite) throw new LayerscopeError('UNSUPPORTED', `layer ${known} is written into by its mount only`);
      await this.#refuseInUse(known, 'filled');
      try {
        return await this.#take(known, record, source, options);
      } catch (error) {
        await this.#home.folders.removeFile('layers', `${known}.json`);
        throw error;
      }
    });
  }

  /** Takes a layer's blob in; with its record, the last that is written, the layer is there. */
  async #take(id: string, record: LayerRecord, source: LayerSource, options: ApplyOptions): Promise<{ readonly sizeBytes: number }> {
    const unfinished = unfinishedName(this.#home.tmp);
    try {
      refuseAborted(options.signal);
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
      refuseAborted(options.signal);
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
      if (this.#mounts.isMounted(known)) throw new LayerscopeError('EXISTS', `layer ${known} is mounted by this process: release it there`);
      await this.#folders.releaseLeft(known);
    });
  }

  async *diff(id: string, options: CallOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    const record = await this.#home.record(id);
    refuseAborted(options.signal);
    if (record.readWrite) {
      yield* tarOfChanges(this.#folders.writtenRoot(id), await this.#written(id, options), options.signal);
      return;
    }
    if (record.blob === null) throw new LayerscopeError('NOT_FOUND', `layer ${id} is empty: nothing was applied to it`);
    const { digest, diffId } = record.blob;
    const packed = new Digester(algorithmOf(digest));
    // A plain blob's bytes are hashed once: its diffID is its digest.
    const plain = diffId === null || diffId === digest ? null : new Digester(algorithmOf(diffId));
    const pieces = plainTarOf(this.#home.blob(digest), { signal: options.signal, onPacked: (bytes) => packed.update(bytes) });
    for await (const bytes of pieces) {
      plain?.update(bytes);
      yield bytes;
    }
    refuseOther(id, 'blob', digest, packed);
    if (plain !== null && diffId !== null) refuseOther(id, 'diffID', diffId, plain);
  }

  async *blob(id: string, options: CallOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    const { blob, readWrite } = await this.#home.record(id);
    if (readWrite) yield* this.diff(id, options);
    else if (blob === null) throw new LayerscopeError('NOT_FOUND', `layer ${id} is empty: nothing was applied to it`);
    else yield* readBlob(this.#home.blob(blob.digest), options);
  }

  async writeBlob(id: string, file: string, options: CallOptions = {}): Promise<{ readonly bytes: number } | null> {
    const { blob } = await this.#home.record(id);
    if (blob === null) return null;
    return { bytes: (await copyBlob(this.#home.blob(blob.digest), file, options)).size };
  }

  /** What was written into a read-write layer. */
  async #written(id: string, { signal }: CallOptions): Promise<TreeChange[]> {
    const snapshot = await this.#folders.snapshot(id);
    return snapshot === null ? [] : treeChanges(this.#folders.writtenRoot(id), snapshot, signal);
  }

  async *changes(id: string, options: CallOptions = {}): AsyncGenerator<DriverChange, void, undefined> {
    const record = await this.#home.record(id);
    refuseAborted(options.signal);
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
    refuseAborted(options.signal);
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

  async metadata(id: string): Promise<Readonly<Record<string, string>>> {
    const { blob, readWrite } = await this.#home.record(id);
    if (readWrite) return { dir: this.#folders.writtenRoot(id) };
    if (blob === null) return { dir: this.home };
    const { digest, diffId, size, mediaType } = blob;
    return {
      dir: this.home,
      digest,
      ...(diffId === null ? {} : { diffId }),
      size: String(size),
      mediaType,
      file: this.#home.blobFile(digest),
    };
  }

  async files(id: string): Promise<LayerFiles> {
    const record = await this.#home.record(id);
    const blob = record.blob === null ? null : await this.#home.readWhole(record.blob.digest);
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
      refuseAborted(signal);
      onProgress?.(bytes.length);
      await handle.writeFile(bytes);
    }
  });
  refuseAborted(signal);
}
