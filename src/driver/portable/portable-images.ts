// Images in a portable home. index.json lists them; their blobs are stored among those of layers. An image exists once index.json, which is
// written last, lists it.
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
  platformField,
  type RootDescriptor,
  readBlob,
  readWholeLayer,
  sha256,
} from '#archive';
import { MEDIA_TYPE } from '#format/image';
import { type Compression, displayText, encodeUtf8, LayerscopeError, throwIfCancelled } from '#model';
import type { CallOptions } from '../driver.ts';
import type { ImageProblem, ImageStore, StoredImage } from '../images.ts';
import { atOnce } from './at-once.ts';
import { refuseLongChain } from './chains.ts';
import { isNamed, type NewEntry, refuseManyEntries, refuseNames, withImages } from './index-entries.ts';
import { layerMediaType } from './layer-blob.ts';
import { shortLayerId } from './layer-record.ts';
import type { LayoutImages } from './layout-images.ts';
import type { MountedLayer } from './mount-folders.ts';
import { isWholeIndex } from './named-blobs.ts';
import { unfinishedName } from './own-files.ts';
import type { PortableHome } from './portable-home.ts';

/**
 * Number of layers whose diffIDs are computed at the same time. A higher number would only take more buffers, because a single thread
 * hashes them all.
 */
const CHECKS_AT_ONCE = 2;

type AddOptions = NonNullable<Parameters<ImageStore['add']>[2]>;

interface Index {
  readonly manifests: readonly RootDescriptor[];
  readonly [field: string]: unknown;
}

/** What images need from the driver's mounts. */
export interface MountedLayers {
  /** Returns the first of these layers that any process has mounted, even one that has exited; null if there is none. */
  mountedOf(ids: ReadonlySet<string>): Promise<MountedLayer | null>;
  /** Removes mounts of these layers if their processes have exited. */
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
    for (const root of roots) {
      for (const image of root.images) {
        refuseLongChain(`image ${displayText(image.names[0] ?? image.platform)}`, image.layers.length);
        refuseGaps(image);
      }
    }
    for (const { names } of roots) refuseNames(options.name === undefined ? names : [options.name]);
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
      await this.#addToIndex([...taken.values()]);
      return (await this.list()).filter(({ root }) => root.descriptor !== null && taken.has(root.descriptor.digest));
    });
  }

  async #takeRoot(root: ArchiveRoot, descriptor: RootDescriptor, options: AddOptions): Promise<RootDescriptor> {
    const layers = new Map<string, ArchiveLayer[]>();
    // Each layer is checked once: an image may contain it more than once, and several images may share it.
    for (const layer of new Map(
      root.images.flatMap((image) => image.layers).map((layer) => [`${layer.digest} ${layer.diffId}`, layer]),
    ).values())
      if (layer.digest !== null) layers.set(layer.digest, [...(layers.get(layer.digest) ?? []), layer]);
    // Layers are decompressed for their diffIDs while the next blobs are copied.
    await atOnce(CHECKS_AT_ONCE, options.signal, async (start, signal) => {
      for (const { digest, source } of root.blobs) {
        const { isNew } = await this.#takeBlob({ ...source, statedDigest: digest }, { ...options, signal });
        for (const layer of isNew ? (layers.get(digest) ?? []) : []) await start(() => this.#checkDiffId(layer, signal));
      }
    });
    return descriptor;
  }

  /** Adds a blob if the home doesn't have it. */
  async #takeBlob(
    source: BlobSource,
    options: AddOptions,
  ): Promise<{ readonly digest: string; readonly size: number; readonly isNew: boolean }> {
    throwIfCancelled(options.signal);
    if (source.statedDigest !== null) {
      // A blob that is already there is kept. If it has changed on disk, it is replaced.
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

  /** Checks that a newly added layer has the diffID stated in the config. Throws DIGEST_MISMATCH. */
  async #checkDiffId({ digest, diffId, index, compression }: ArchiveLayer, signal: AbortSignal): Promise<void> {
    if (digest === null || diffId === null) return;
    const found =
      compression === 'none' && algorithmOf(digest) === algorithmOf(diffId)
        ? digest
        : await this.#plainDigest(digest, algorithmOf(diffId), { signal });
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
   * Adds an image from a docker-archive without an OCI manifest, and creates a manifest for the image. File names in the archive are not
   * trusted: as in Docker, the config's diffIDs verify the layers.
   */
  async #takeUnlisted([image]: readonly ArchiveImage[], options: AddOptions): Promise<RootDescriptor> {
    if (image === undefined) throw new LayerscopeError('NOT_FOUND', 'no image');
    const layers: object[] = [];
    const diffIds: string[] = [];
    // An archive may name the same file for several layers; copy it once.
    const known = new Map<string, { readonly digest: string; readonly size: number; readonly plain: string }>();
    for (const { blob, compression, digest: stated, diffId, mediaType, blobBytes, urls, index } of image.layers) {
      if (blob === null) {
        layers.push({ mediaType, digest: stated, size: blobBytes, urls });
        diffIds.push(diffId ?? '');
        continue;
      }
      const key = `${blob.start} ${blob.length} ${blob.path}`;
      const taken = known.get(key) ?? (await this.#takeLayer(blob, compression, options));
      known.set(key, taken);
      const { plain } = taken;
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

  async #takeLayer(
    blob: BlobSource,
    compression: Compression,
    options: AddOptions,
  ): Promise<{ readonly digest: string; readonly size: number; readonly plain: string }> {
    const { digest, size } = await this.#takeBlob({ ...blob, statedDigest: null }, options);
    const plain = compression === 'none' ? digest : await this.#plainDigest(digest, 'sha256', options);
    return { digest, size, plain };
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
      const manifests = index.manifests.filter(stays);
      const kept = new Set(manifests.map(({ digest }) => digest));
      const needed = new Set(before.images.filter(({ root }) => kept.has(root.descriptor?.digest ?? '')).flatMap(({ layers }) => layers));
      const ids = new Set(meant.flatMap(({ layers }) => layers).filter((id) => !needed.has(id)));
      await this.#refuseInUse(ids, name);
      throwIfCancelled(options.signal);
      this.#home.willRemove(meant.flatMap(({ root }) => root.blobs.map(({ digest }) => digest)));
      const put = (entries: readonly RootDescriptor[]) =>
        this.#home.put(this.#home.in('index.json'), JSON.stringify({ ...index, manifests: entries }));
      await put(manifests);
      // A mount that began after the first check either doesn't find the layers or is noticed here.
      await this.#refuseMounted(ids, name).catch(async (error: unknown) => {
        await put(index.manifests);
        throw error;
      });
      await this.#mounts.sweepMountsOf(ids);
      await this.#home.removeBlobs();
    });
  }

  async #refuseMounted(ids: ReadonlySet<string>, name: string): Promise<void> {
    const mounted = await this.#mounts.mountedOf(ids);
    if (mounted === null) return;
    const id = shortLayerId(mounted.id);
    const first = mounted.isLeft ? `: unmount it with store release ${id}` : '';
    throw new LayerscopeError('EXISTS', `image ${displayText(name)} can't be removed: its layer ${id} is mounted${first}`);
  }

  async #refuseInUse(ids: ReadonlySet<string>, name: string): Promise<void> {
    await this.#refuseMounted(ids, name);
    const children = await this.#home.layers.childrenOf(ids);
    if (children !== '')
      throw new LayerscopeError(
        'EXISTS',
        `image ${displayText(name)} can't be removed: other layers are based on its layers (${children})`,
      );
  }

  async #index(): Promise<Index> {
    const index = (await this.#home.readIndex()) as Partial<Index> | null | undefined;
    if (!isWholeIndex(index)) throw new LayerscopeError('BAD_MANIFEST', 'index.json is damaged and was not replaced');
    return { ...index, manifests: index?.manifests ?? [] };
  }

  /** Adds images to index.json. Throws TOO_LARGE, and changes nothing, if the result would be so large that readers omit something. */
  async #addToIndex(images: readonly NewEntry[]): Promise<void> {
    const index = await this.#index();
    const before = omissionsOf(await this.#home.images());
    const manifests = withImages(index.manifests, images);
    refuseManyEntries(manifests, images);
    await this.#home.putIndex(JSON.stringify({ ...index, manifests }), (after) => {
      for (const [key, message] of omissionsOf(after))
        if (!before.has(key)) throw new LayerscopeError('TOO_LARGE', `the store can't take more: ${message}`);
    });
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
    for (const digest of await this.#home.tables.verify(signal)) {
      problems.push({ name: digest, message: `the cached table of this blob doesn't match the blob: remove ${this.#home.in('tables')}` });
    }
    return problems;
  }
}

/** Returns what readers omit because the store is too large, as messages by key. */
function omissionsOf({ images, findings }: LayoutImages): Map<string, string> {
  const digests = new Map(images.map(({ image, manifestDigest }) => [image.index, manifestDigest]));
  const omissions = findings.filter(({ code }) => code === 'too-large' || code === 'index-entry-skipped');
  return new Map(omissions.map(({ image, message }) => [`${image === undefined ? '' : digests.get(image)} ${message}`, message]));
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

/** Creates a config from the layers' `json` files. An image from Docker 1.9 or earlier has no config of its own. */
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
