// Images in a portable home. index.json lists them; their blobs are among those of layers. An image exists once the new index.json does,
// which is written last.
import { rm } from 'node:fs/promises';
import {
  type Archive,
  type ArchiveImage,
  type ArchiveLayer,
  type ArchiveRoot,
  algorithmOf,
  type BlobSource,
  copyBlob,
  Digester,
  namedEntries,
  platformField,
  type RootDescriptor,
  readBlob,
  readWholeLayer,
  sha256,
} from '#archive';
import { MEDIA_TYPE } from '#format/image';
import { displayText, encodeUtf8, LayerscopeError, throwIfCancelled } from '#model';
import type { CallOptions } from '../driver.ts';
import type { ImageProblem, ImageStore, StoredImage } from '../images.ts';
import { readJson, unfinishedName } from './durable.ts';
import { layerMediaType } from './layer-blob.ts';
import { isWholeIndex, type PortableHome } from './portable-home.ts';

type AddOptions = NonNullable<Parameters<ImageStore['add']>[2]>;

interface Index {
  readonly manifests: readonly RootDescriptor[];
  readonly [field: string]: unknown;
}

/** What is needed to know of the driver's mounts. */
export interface MountedLayers {
  /** Returns the first of these layers that any process has mounted, or null. */
  mountedOf(ids: ReadonlySet<string>): Promise<string | null>;
  /** Removes mounts of these layers whose processes have ended. */
  sweepMountsOf(ids: ReadonlySet<string>): Promise<void>;
}

/** The images of a home. */
export class PortableImages implements ImageStore {
  readonly #home: PortableHome;
  readonly #mounts: MountedLayers;

  constructor(home: PortableHome, mounts: MountedLayers) {
    this.#home = home;
    this.#mounts = mounts;
  }

  async list(): Promise<readonly StoredImage[]> {
    return (await this.#home.images()).images;
  }

  async add(archive: Archive, roots: readonly ArchiveRoot[] = archive.roots(), options: AddOptions = {}): Promise<readonly StoredImage[]> {
    if (roots.length === 0) throw new LayerscopeError('NOT_FOUND', `${displayText(archive.title)} holds no image`);
    for (const root of roots) for (const image of root.images) refuseGaps(image);
    return this.#home.write(options, async () => {
      const taken = new Map<string, { readonly descriptor: RootDescriptor; readonly names: readonly string[] }>();
      for (const root of roots) {
        const descriptor =
          root.descriptor === null ? await this.#takeUnlisted(root.images, options) : await this.#takeRoot(root, root.descriptor, options);
        const names = options.name === undefined ? root.names : [options.name];
        const known = taken.get(descriptor.digest);
        taken.set(descriptor.digest, { descriptor, names: [...new Set([...(known?.names ?? []), ...names])] });
      }
      throwIfCancelled(options.signal);
      await this.#putIndex((manifests) => withImages(manifests, [...taken.values()]));
      return (await this.list()).filter(({ root }) => root.descriptor !== null && taken.has(root.descriptor.digest));
    });
  }

  async #takeRoot(root: ArchiveRoot, descriptor: RootDescriptor, options: AddOptions): Promise<RootDescriptor> {
    const copied = new Set<string>();
    for (const { digest, source } of root.blobs) {
      if ((await this.#takeBlob({ ...source, statedDigest: digest }, options)).isNew) copied.add(digest);
    }
    for (const image of root.images) for (const layer of image.layers) await this.#checkDiffId(layer, copied, options);
    return descriptor;
  }

  /** Adds a blob if the home doesn't have it. */
  async #takeBlob(
    source: BlobSource,
    options: AddOptions,
  ): Promise<{ readonly digest: string; readonly size: number; readonly isNew: boolean }> {
    throwIfCancelled(options.signal);
    if (source.statedDigest !== null) {
      // A blob that changed on disk is replaced.
      if (await this.#home.holds(source.statedDigest, source.length, options.signal)) {
        options.onProgress?.(source.length);
        return { digest: source.statedDigest, size: source.length, isNew: false };
      }
    }
    const unfinished = unfinishedName(this.#home.tmp);
    try {
      const { digest, size } = await copyBlob(source, unfinished, options);
      const isNew = !(await this.#home.holds(digest, size, options.signal));
      if (isNew) await this.#home.place(unfinished, digest);
      return { digest, size, isNew };
    } finally {
      await rm(unfinished, { force: true });
    }
  }

  /** Checks that a newly added layer has the diffID in the config. Throws DIGEST_MISMATCH. */
  async #checkDiffId({ digest, diffId, index, compression }: ArchiveLayer, copied: Set<string>, options: AddOptions): Promise<void> {
    if (digest === null || diffId === null || !copied.has(digest)) return;
    const found =
      compression === 'none' && algorithmOf(digest) === algorithmOf(diffId)
        ? digest
        : await this.#plainDigest(digest, algorithmOf(diffId), options);
    if (found !== diffId)
      throw new LayerscopeError('DIGEST_MISMATCH', `layer ${index} (${digest}): its diffID is ${found}, the config says ${diffId}`);
  }

  async #plainDigest(digest: string, algorithm: string, { signal }: CallOptions): Promise<string> {
    const digester = new Digester(algorithm);
    const layer = await readWholeLayer(this.#home.blob(digest), (bytes) => digester.update(bytes), signal);
    await this.#home.tables.keep(digest, layer);
    return digester.finish();
  }

  /**
   * Adds an image of a docker-archive that has no OCI manifest, and creates one from its files. File names are not trusted: like in Docker,
   * the config's diffIDs verify the layers.
   */
  async #takeUnlisted([image]: readonly ArchiveImage[], options: AddOptions): Promise<RootDescriptor> {
    if (image === undefined) throw new LayerscopeError('NOT_FOUND', 'no image');
    const layers: object[] = [];
    const diffIds: string[] = [];
    for (const { blob, compression, digest: stated, diffId, mediaType, blobBytes, urls, index } of image.layers) {
      if (blob === null) {
        layers.push({ mediaType, digest: stated, size: blobBytes, urls });
        diffIds.push(diffId ?? '');
        continue;
      }
      const taken = await this.#takeBlob({ ...blob, statedDigest: null }, options);
      const plain = compression === 'none' ? taken.digest : await this.#plainDigest(taken.digest, 'sha256', options);
      if (diffId !== null && plain !== diffId) {
        throw new LayerscopeError('DIGEST_MISMATCH', `layer ${index}: its diffID is ${plain}, the config says ${diffId}`);
      }
      diffIds.push(plain);
      layers.push({ mediaType: layerMediaType(compression), digest: taken.digest, size: taken.size });
    }
    const config =
      image.configSource === null
        ? await this.#putDocument(configOf(image, diffIds))
        : await this.#takeBlob({ ...image.configSource, statedDigest: null }, options);
    const manifest = {
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.ociManifest,
      config: { mediaType: MEDIA_TYPE.ociConfig, digest: config.digest, size: config.size },
      layers,
    };
    return {
      mediaType: MEDIA_TYPE.ociManifest,
      ...(await this.#putDocument(manifest)),
      ...platformField(image),
    };
  }

  async #putDocument(value: object): Promise<{ readonly digest: string; readonly size: number }> {
    const bytes = encodeUtf8(JSON.stringify(value));
    const digest = sha256(bytes);
    if (!(await this.#home.holds(digest, bytes.length))) await this.#home.placeBytes(digest, bytes);
    return { digest, size: bytes.length };
  }

  async remove(name: string, options: CallOptions = {}): Promise<void> {
    await this.#home.write(options, async () => {
      const before = await this.#home.images();
      const byName = before.images.filter(({ names }) => names.includes(name));
      const byDigest = before.images.filter(({ manifestDigest, root }) => manifestDigest === name || root.descriptor?.digest === name);
      const meant = byName.length > 0 ? byName : byDigest;
      if (meant.length === 0) throw new LayerscopeError('NOT_FOUND', `no image ${displayText(name)}`);
      const roots = new Set(meant.map(({ root }) => root.descriptor?.digest));
      const stays = (entry: RootDescriptor): boolean => !roots.has(entry.digest) || (byName.length > 0 && !isNamed(entry, name));
      const index = await this.#index();
      const kept = new Set(index.manifests.filter(stays).map(({ digest }) => digest));
      const needed = new Set(before.images.filter(({ root }) => kept.has(root.descriptor?.digest ?? '')).flatMap(({ layers }) => layers));
      const ids = new Set(meant.flatMap(({ layers }) => layers).filter((id) => !needed.has(id)));
      await this.#refuseInUse(ids, name);
      throwIfCancelled(options.signal);
      this.#home.willRemove(meant.flatMap(({ root }) => root.blobs.map(({ digest }) => digest)));
      await this.#putIndex((manifests) => manifests.filter(stays));
      await this.#mounts.sweepMountsOf(ids);
      await this.#home.removeBlobs();
    });
  }

  async #refuseInUse(ids: ReadonlySet<string>, name: string): Promise<void> {
    const mounted = await this.#mounts.mountedOf(ids);
    if (mounted !== null)
      throw new LayerscopeError('EXISTS', `image ${displayText(name)} can't be removed: its layer ${mounted} is mounted`);
    const children = await this.#home.childrenOf(ids);
    if (children !== '')
      throw new LayerscopeError(
        'EXISTS',
        `image ${displayText(name)} can't be removed: other layers are based on its layers (${children})`,
      );
  }

  async #index(): Promise<Index> {
    const index = (await readJson(this.#home.in('index.json'))) as Partial<Index> | null | undefined;
    if (!isWholeIndex(index)) throw new LayerscopeError('BAD_MANIFEST', 'index.json is damaged and was not replaced');
    return { ...index, manifests: index?.manifests ?? [] };
  }

  async #putIndex(change: (manifests: readonly RootDescriptor[]) => readonly RootDescriptor[]): Promise<void> {
    const index = await this.#index();
    await this.#home.put(this.#home.in('index.json'), JSON.stringify({ ...index, manifests: change(index.manifests) }));
  }

  async verify({ signal }: CallOptions = {}): Promise<readonly ImageProblem[]> {
    const { images, findings } = await this.#home.images();
    const problems: ImageProblem[] = [];
    const nameOf = (image: number | undefined): string => {
      const stored = images.find((known) => known.image.index === image);
      return stored?.names[0] ?? stored?.manifestDigest ?? 'index.json';
    };
    for (const { severity, message, image } of findings) if (severity === 'error') problems.push({ name: nameOf(image), message });
    const seen = new Set(images.flatMap(({ image }) => image.layers.map(({ digest }) => digest)));
    for (const { root, names, manifestDigest } of images) {
      for (const { digest } of root.blobs) {
        if (seen.has(digest)) continue;
        seen.add(digest);
        try {
          for await (const _ of readBlob(this.#home.blob(digest), { signal })) throwIfCancelled(signal);
        } catch (error) {
          if (!(error instanceof LayerscopeError) || error.code === 'CANCELLED') throw error;
          problems.push({ name: names[0] ?? manifestDigest, message: error.message });
        }
      }
    }
    return problems;
  }
}

function annotatedNames({ annotations = {} }: RootDescriptor): string[] {
  const stated = [annotations['io.containerd.image.name'], annotations['org.opencontainers.image.ref.name']];
  return stated.filter((name) => name !== undefined).map(displayText);
}

/** Whether an index entry has that name. */
function isNamed(entry: RootDescriptor, name: string): boolean {
  return annotatedNames(entry).includes(name);
}

interface NewEntry {
  readonly descriptor: RootDescriptor;
  readonly names: readonly string[];
}

/**
 * Returns the entries with images added. Their names are removed from other entries, which stay without a name. Images that are added
 * together may share a name, as the platforms of an image do.
 */
function withImages(entries: readonly RootDescriptor[], images: readonly NewEntry[]): RootDescriptor[] {
  let all = [...entries];
  for (const name of new Set(images.flatMap(({ names }) => names))) all = withoutName(all, name);
  for (const { descriptor, names } of images) {
    const isIt = (entry: RootDescriptor): boolean => entry.digest === descriptor.digest;
    // An unnamed entry of the same image is no longer needed.
    if (names.length > 0) all = all.filter((entry) => !isIt(entry) || annotatedNames(entry).length > 0);
    if (names.length > 0 || !all.some(isIt)) all.push(...namedEntries(descriptor, names));
  }
  return all;
}

/** Returns the entries without a name. An image's last entry stays, unnamed. */
function withoutName(entries: readonly RootDescriptor[], name: string): RootDescriptor[] {
  const all = [...entries];
  for (let at = all.length - 1; at >= 0; at--) {
    const entry = all[at];
    if (entry === undefined || !isNamed(entry, name)) continue;
    const isLast = all.every(({ digest }, index) => index === at || digest !== entry.digest);
    all.splice(at, 1, ...(isLast ? namedEntries(entry, []) : []));
  }
  return all;
}

function refuseGaps({ layers, names, configSource, platform }: ArchiveImage): void {
  const name = displayText(names[0] ?? platform);
  for (const { status, index, digest } of layers) {
    if (status === 'missing')
      throw new LayerscopeError('BLOB_MISSING', `image ${name}: layer ${index} (${digest ?? 'no digest'}) is not in the archive`);
  }
  if (configSource === null && layers.some(({ diffId }) => diffId !== null)) {
    throw new LayerscopeError('BLOB_MISSING', `image ${name}: its config is not in the archive`);
  }
}

/** Creates a config for an image of Docker up to 1.9, which has none, from its layers' `json` files. */
function configOf(image: ArchiveImage, diffIds: readonly string[]): object {
  const [os, architecture] = image.platform === 'unknown' ? ['linux', 'amd64'] : image.platform.split('/');
  const legacy = (image.config ?? {}) as { created?: unknown; author?: unknown; config?: unknown };
  return {
    ...(typeof legacy.created === 'string' ? { created: legacy.created } : {}),
    ...(typeof legacy.author === 'string' ? { author: legacy.author } : {}),
    architecture,
    os,
    ...(typeof legacy.config === 'object' && legacy.config !== null ? { config: legacy.config } : {}),
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: image.history.map(({ createdBy, created, comment, emptyLayer }) => ({
      ...(created === null ? {} : { created }),
      ...(createdBy === null ? {} : { created_by: createdBy }),
      ...(comment === null ? {} : { comment }),
      ...(emptyLayer ? { empty_layer: true } : {}),
    })),
  };
}
