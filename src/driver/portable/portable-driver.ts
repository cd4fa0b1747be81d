// The driver for every system. Its home is an OCI image layout that other tools can open, with additional files for layers:
//
//   oci-layout, index.json, blobs/sha256/<hex>   from the OCI image-spec; layer blobs are stored unchanged
//   layers/<id>.json                             parent and blob of a layer that doesn't come from an image
//   tables/<digest>.idx                          the table of a compressed blob, to avoid decompressing it
//   mounts/<name>/root, owner                    a chain laid out for a mount, and its process
//   written/<id>/root, snapshot                  a read-write layer's files, and their original state
//   tmp/, lock                                   unfinished files, and the writer's lock
//
// A writer holds the lock from its first check until its last file is in place. Files appear atomically, and a layer exists as soon as its
// record does. The next writer removes what a killed writer left in tmp/; `cleanup` removes blobs that nothing refers to.
import { open, rm } from 'node:fs/promises';
import { blobInFile, copyBlob, writeError } from '#archive';
import { displayText, LayerscopeError, throwIfCancelled } from '#model';
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
import { Chains, refuseLongChain } from './chains.ts';
import { measureBlob } from './layer-blob.ts';
import { LayerContents } from './layer-contents.ts';
import { type LayerRecord, parseLayerId, STORE_VERSION, shortLayerId } from './layer-record.ts';
import { type FoundLayer, type MountedLayer, MountFolders } from './mount-folders.ts';
import { onDisk, statsOf, unfinishedName } from './own-files.ts';
import { type HomeOptions, LAYOUT, PortableHome } from './portable-home.ts';
import { PortableImages } from './portable-images.ts';

/** The graph driver over a home; see the top of this file. */
export class PortableDriver implements GraphDriver {
  readonly name = 'portable';
  readonly images: ImageStore;
  readonly blobs: BlobStore = {
    add: (id, parent, source, options) => this.#addLayer(id, parent, source, options),
    apply: (id, file, options = {}) => this.#fill(id, { file }, options),
    read: (id, options = {}) => this.#contents.readBlob(id, options),
    write: (id, file, options = {}) => this.#contents.writeBlob(id, file, options),
  };
  readonly #home: PortableHome;
  readonly #mounts = new MountTable();
  readonly #folders: MountFolders;
  readonly #contents: LayerContents;

  private constructor(home: PortableHome) {
    this.#home = home;
    this.#folders = new MountFolders(home);
    this.#contents = new LayerContents(home, this.#folders);
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
    const records = await this.#home.layers.all();
    const chains = new Chains(records);
    const infos: LayerInfo[] = [];
    for (const [id, record] of records) {
      if (record instanceof LayerscopeError) {
        infos.push({ id: displayText(id), parent: null, chain: [], state: 'broken', problem: record.message });
        continue;
      }
      let problem = chains.problemOf(id);
      if (problem === null && record.blob !== null && (await statsOf(this.#home.blobFile(record.blob.digest))) === null) {
        problem = `its blob ${record.blob.digest} is missing`;
      }
      const { parent, images, readWrite, blob } = record;
      infos.push({
        id,
        parent,
        // Computed on demand, because all chains together take quadratic space.
        get chain() {
          return chains.of(id);
        },
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
      await this.#home.layers.read(id);
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
      // Files that an interrupted removal left don't belong to the new layer.
      await this.#folders.removeLeft(known);
      await this.#home.layers.put(known, { version: STORE_VERSION, parent, readWrite, blob: null });
    });
  }

  async #refusePlace(id: string, parent: string | null): Promise<void> {
    if (await this.#isTaken(id)) throw new LayerscopeError('EXISTS', `layer ${id} already exists`);
    if (parent === null) return;
    const below = await this.#home.layers.read(parent);
    refuseLongChain(`layer ${id} with its chain`, (await this.#home.layers.parents(parent, below)).length + 2);
    if (below.readWrite) throw new LayerscopeError('UNSUPPORTED', `layer ${parent} is read-write, so no layer can be created on it`);
  }

  async #isTaken(id: string): Promise<boolean> {
    return (await this.#home.layers.isRecorded(id)) || (await this.#home.images()).layers.has(id);
  }

  async remove(id: string, options: CallOptions = {}): Promise<void> {
    const known = parseLayerId(id);
    using _turn = await this.#mounts.turn(known);
    await this.#home.write(options, async () => {
      // A record that can't be read can still be removed.
      if (!(await this.#isTaken(known))) throw new LayerscopeError('NOT_FOUND', `no layer ${known}`);
      await this.#refuseInUse(known, 'removed');
      throwIfCancelled(options.signal);
      const record = await this.#home.layers.read(known).catch(() => null);
      if (record?.blob) this.#home.willRemove([record.blob.digest]);
      await this.#home.layers.withdraw(known, () => this.#refuseMounted(known, 'removed'));
      await this.#folders.sweepMountsOf(new Set([known]));
      await this.#folders.removeWritten(known);
      await this.#home.removeBlobs();
    });
  }

  async #refuseInUse(id: string, what: string): Promise<void> {
    const image = (await this.#home.layers.read(id).catch(() => null))?.images?.[0];
    if (image !== undefined)
      throw new LayerscopeError('EXISTS', `layer ${shortLayerId(id)} can't be ${what}: it is a layer of image ${displayText(image)}`);
    await this.#refuseMounted(id, what);
    const children = await this.#home.layers.childrenOf(new Set([id]));
    if (children !== '')
      throw new LayerscopeError('EXISTS', `layer ${shortLayerId(id)} can't be ${what}: other layers are based on it (${children})`);
  }

  async #refuseMounted(id: string, what: string): Promise<void> {
    const mounted = await this.#mountedOf(new Set([id]));
    if (mounted === null) return;
    const first = mounted.isLeft ? `: unmount it with store release ${shortLayerId(id)}` : '';
    throw new LayerscopeError('EXISTS', `layer ${shortLayerId(id)} is mounted and can't be ${what}${first}`);
  }

  /** Returns the first of these layers that is mounted by any process, even one that has exited; null if there is none. */
  async #mountedOf(ids: ReadonlySet<string>): Promise<MountedLayer | null> {
    for (const id of ids) if (this.#mounts.isMounted(id)) return { id, isLeft: false };
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
      const record = await this.#home.layers.read(known);
      if (record.readWrite) throw new LayerscopeError('UNSUPPORTED', `layer ${known} is read-write: it is written only through its mount`);
      await this.#refuseInUse(known, 'filled');
      // Check this before anything else can fail, because after an error the layer is removed.
      if (record.blob !== null) throw new LayerscopeError('EXISTS', `layer ${known} is already filled`);
      try {
        return await this.#store(known, record, source, options);
      } catch (error) {
        await this.#home.folders.removeFile('layers', `${known}.json`);
        throw error;
      }
    });
  }

  /** Adds a layer's blob and then its record, which makes the layer exist. */
  async #store(id: string, record: LayerRecord, source: LayerSource, options: ApplyOptions): Promise<{ readonly sizeBytes: number }> {
    const unfinished = unfinishedName(this.#home.tmp);
    try {
      throwIfCancelled(options.signal);
      const copied = 'file' in source ? await copyBlob(blobInFile(source.file), unfinished, options) : null;
      if ('tar' in source) await receive(source.tar, unfinished, options);
      const { blob, layer } = await measureBlob(unfinished, copied, options);
      if (!(await this.#home.holds(blob.digest, blob.size, options.signal))) await this.#home.place(unfinished, blob.digest);
      await this.#home.tables.keep(blob.digest, layer);
      await this.#home.layers.put(id, { ...record, blob });
      return { sizeBytes: blob.fileBytes };
    } finally {
      await rm(unfinished, { force: true });
    }
  }

  async mount(id: string, options: MountOptions = {}): Promise<Mount> {
    await this.#home.layers.read(id);
    const find = async (): Promise<FoundLayer> => {
      const record = await this.#home.layers.read(id);
      return { record, parents: (await this.#home.layers.parents(id, record)).map((parent) => parent.record) };
    };
    const make = async (): Promise<string> => {
      throwIfCancelled(options.signal);
      await this.#home.makeReady();
      return this.#folders.mount(id, find, options);
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

  mountsLeft(): Promise<readonly string[]> {
    return this.#folders.leftMounted();
  }

  diff(id: string, options: CallOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    return this.#contents.diff(id, options);
  }

  changes(id: string, options: CallOptions = {}): AsyncGenerator<DriverChange, void, undefined> {
    return this.#contents.changes(id, options);
  }

  diffSize(id: string, options: CallOptions = {}): Promise<number> {
    return this.#contents.diffSize(id, options);
  }

  files(id: string): Promise<LayerFiles> {
    return this.#contents.files(id);
  }

  async chain(id: string): Promise<readonly string[]> {
    return (await this.#home.layers.parents(id, await this.#home.layers.read(id))).map((parent) => parent.id);
  }

  async metadata(id: string): Promise<LayerMetadata> {
    const { blob, readWrite } = await this.#home.layers.read(id);
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
    return await this.#home.layers.isRecorded(id);
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
