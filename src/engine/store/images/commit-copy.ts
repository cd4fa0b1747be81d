// Turns a working copy into a layer or, with a name, into an image: the parent's image with one more layer and history step.
import { rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Archive, type ArchiveImage, type BlobSource, blobInFile, Digester, platformField, sha256 } from '#archive';
import type { ApplyOptions, GraphDriver, ImageStore, StoredImage } from '#driver';
import { makeMarkedFolder } from '#files';
import { MEDIA_TYPE } from '#format/image';
import { displayText, encodeUtf8, LayerscopeError } from '#model';
import { importLayerTar, newLayerId, writeNewFile } from './layer-transfer.ts';
import { type Imported, imageOfChain } from './stored-images.ts';

/** The `created_by` of a committed layer. */
const COMMIT_COMMAND = 'layerscope store commit';

export interface CommitChoice {
  /** The new image's name. If absent, the new layer doesn't belong to an image. */
  readonly name?: string | undefined;
  readonly comment?: string | undefined;
}

/**
 * Creates a layer from the current content of a read-write layer, on the same parent. With a name, creates an image with that layer, and
 * with the config and history of the parent's image. If another image has the name, the name moves to the new image. A failure leaves
 * nothing behind. Throws USAGE for a layer that isn't read-write; UNSUPPORTED for a name in a store without images; BLOB_MISSING if a
 * layer's blob is missing.
 */
export async function commitCopy(driver: GraphDriver, id: string, choice: CommitChoice, options: ApplyOptions): Promise<Imported> {
  const layer = (await driver.list()).find((known) => known.id === id);
  if (layer !== undefined && layer.readWrite !== true)
    throw new LayerscopeError('USAGE', `layer ${displayText(id.slice(0, 12))} is not a working copy: there is nothing to commit`);
  if (choice.name === undefined) {
    const [parent = null] = await driver.chain(id);
    const made = newLayerId();
    const { sizeBytes } = await importLayerTar(driver, { id: made, parent, tar: { pieces: driver.diff(id, options) } }, options);
    return { kind: 'layers', ids: [made], sizeBytes };
  }
  if (driver.images === undefined)
    throw new LayerscopeError('UNSUPPORTED', `a ${driver.name} store keeps layers, not images: commit without a name`);
  const folder = makeMarkedFolder(tmpdir(), 'layerscope-commit-');
  try {
    return {
      kind: 'images',
      images: await addImage(driver, driver.images, { id, folder, name: choice.name, comment: choice.comment }, options),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Commit {
  readonly id: string;
  /** Holds the new blobs until they are in the store. */
  readonly folder: string;
  readonly name: string;
  readonly comment: string | undefined;
}

async function addImage(driver: GraphDriver, images: ImageStore, commit: Commit, options: ApplyOptions): Promise<readonly StoredImage[]> {
  const { id, folder, name, comment } = commit;
  const chain = [...(await driver.chain(id))].reverse();
  const parent = imageOfChain(await images.list(), chain);
  const below = await layersOf(driver, chain, parent?.image ?? null);
  const tar = path.join(folder, 'layer.tar');
  const digester = new Digester('sha256');
  await writeNewFile(tar, digested(driver.diff(id, options), digester));
  const digest = digester.finish();
  const made = { blob: { ...blobInFile(tar), statedDigest: digest }, digest, diffId: digest, mediaType: MEDIA_TYPE.ociLayer };
  const layers = [...below, made];
  const created = new Date().toISOString();
  const step = { created, created_by: COMMIT_COMMAND, ...(comment === undefined || comment === '' ? {} : { comment }) };
  const config = await document(folder, 'config', configOf(parent?.image ?? null, layers, { created, step, steps: chain.length }));
  const manifest = await document(folder, 'manifest', {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.ociManifest,
    config: { mediaType: MEDIA_TYPE.ociConfig, digest: config.digest, size: config.source.length },
    layers: layers.map((layer) => ({ mediaType: layer.mediaType, digest: layer.digest, size: layer.blob.length })),
  });
  const platform = parent === undefined ? {} : platformField(parent.image);
  const descriptor = { mediaType: MEDIA_TYPE.ociManifest, digest: manifest.digest, size: manifest.source.length, ...platform };
  const blobs = [...layers.map((layer) => ({ digest: layer.digest, source: layer.blob })), config, manifest];
  const root = { descriptor, names: [name], images: [], blobs };
  return images.add(NO_ARCHIVE, [root], { ...options, name });
}

async function* digested(pieces: AsyncIterable<Uint8Array>, digester: Digester): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    digester.update(piece);
    yield piece;
  }
}

/** A placeholder: an added image is read only from its root, not from an archive. */
const NO_ARCHIVE = { title: 'a working copy' } as Archive;

interface LayerBlob {
  readonly blob: BlobSource;
  readonly digest: string;
  readonly diffId: string;
  readonly mediaType: string;
}

async function layersOf(driver: GraphDriver, chain: readonly string[], image: ArchiveImage | null): Promise<LayerBlob[]> {
  const layers: LayerBlob[] = [];
  for (const [index, id] of chain.entries()) {
    const { file, digest, diffId = image?.layers[index]?.diffId, mediaType } = await driver.metadata(id);
    if (file === undefined || digest === undefined || diffId === undefined || diffId === null)
      throw new LayerscopeError('BLOB_MISSING', `layer ${displayText(id.slice(0, 12))} is not complete: it can't be part of an image`);
    const blob = blobInFile(file, digest);
    const { compression } = blob;
    const plain = compression === 'none' ? MEDIA_TYPE.ociLayer : `${MEDIA_TYPE.ociLayer}+${compression}`;
    layers.push({ blob, digest, diffId, mediaType: mediaType?.startsWith(MEDIA_TYPE.ociLayer) === true ? mediaType : plain });
  }
  return layers;
}

interface Added {
  readonly created: string;
  readonly step: object;
  /** Number of layers below the new one. A layer without an entry in the image's history gets a blank one (`{}`). */
  readonly steps: number;
}

/**
 * Returns the parent image's config with the new layer. Keeps the history, and adds a blank entry (`{}`) for each layer without one. Such
 * an entry isn't marked as an `empty_layer`, so it stands for a layer.
 */
function configOf(image: ArchiveImage | null, layers: readonly LayerBlob[], { created, step, steps }: Added): object {
  const known = (image?.config ?? {}) as { readonly history?: unknown };
  const history = Array.isArray(known.history) ? (known.history as { readonly empty_layer?: unknown }[]) : [];
  const filled = history.filter((each) => each?.empty_layer !== true).length;
  const more = Math.max(0, steps - filled);
  return {
    architecture: 'amd64',
    os: 'linux',
    config: {},
    ...known,
    created,
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: [...history, ...Array.from({ length: more }, () => ({})), step],
  };
}

async function document(folder: string, name: string, value: object): Promise<{ readonly digest: string; readonly source: BlobSource }> {
  const bytes = encodeUtf8(JSON.stringify(value));
  const file = path.join(folder, name);
  await writeFile(file, bytes);
  const digest = sha256(bytes);
  return { digest, source: { ...blobInFile(file), statedDigest: digest, compression: 'none', length: (await stat(file)).size } };
}
