import { createWriteStream } from 'node:fs';
import { rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type ArchiveImage, type ArchiveRoot, type BlobSource, blobInFile, Digester, packImage, plainTarOf, sha256 } from '#archive';
import type { SlimLayer, SlimPlan } from '#changes';
import { makeMarkedFolder } from '#files';
import { MEDIA_TYPE } from '#format/image';
import { encodeUtf8 } from '#model';
import { createNamed } from '../export/named-file.ts';
import type { LoadedImage } from '../image/types.ts';
import { newTar, packedTar, refuseObstacle, type SlimOptions } from './pack-tar.ts';
import { oldLayerOf, type Packing, packingOf } from './stored-bytes.ts';
import type { WhatIf } from './what-if.ts';

interface PackedLayer {
  readonly digest: string;
  readonly diffId: string;
  readonly mediaType: string;
  readonly source: BlobSource;
}

/** The layers of a what-if, packed in temporary files. The caller disposes of it. */
export interface PackedImage extends AsyncDisposable {
  /** Total stored size of all layers, including unchanged ones. */
  readonly storedBytes: number;
  /** Writes the image to a new file that Docker, Podman and skopeo can read. Returns the digest of its manifest. Throws EXISTS, IO. */
  write(file: string): Promise<string>;
}

/**
 * Packs what a plan changes and uses the rest unchanged. The same image and plan give the same bytes with the same version of Node. Throws
 * UNSUPPORTED if the plan can't be written, and what {@link cutTar} throws.
 */
export async function packSlim(loaded: LoadedImage, what: WhatIf, plan: SlimPlan, options: SlimOptions = {}): Promise<PackedImage> {
  refuseObstacle(plan);
  const folder = makeMarkedFolder(tmpdir(), 'layerscope-slim-');
  const dispose = () => rm(folder, { recursive: true, force: true });
  try {
    const layers: PackedLayer[] = [];
    for (const [index, layer] of plan.layers.entries()) {
      options.onLayer?.(index);
      layers.push(await packLayer(loaded, what, layer, path.join(folder, `layer-${index}`), options.signal));
    }
    const storedBytes = layers.reduce((sum, { source }) => sum + source.length, 0);
    return {
      storedBytes,
      write: (file) => writeImage(loaded, plan, layers, { folder, file, signal: options.signal }),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function packLayer(
  loaded: LoadedImage,
  what: WhatIf,
  layer: SlimLayer,
  file: string,
  signal: AbortSignal | undefined,
): Promise<PackedLayer> {
  const old = oldLayerOf(loaded, layer);
  const packing = packingOf(old, what);
  const tar = new Digester('sha256');
  const packed = new Digester('sha256');
  if (layer.isUnchanged && packing === old.compression && old.blob.split === undefined) {
    for await (const piece of plainTarOf(old.blob, { signal, onPacked: (bytes) => packed.update(bytes) })) tar.update(piece);
    return { digest: packed.finish(), diffId: tar.finish(), mediaType: mediaTypeOf(packing), source: old.blob };
  }
  const plain = digested(newTar(loaded, layer, { signal }), tar);
  const stored = kept(digested(packedTar(plain, packing), packed));
  const options = signal === undefined ? {} : { signal };
  await pipeline(stored, createWriteStream(file, { flags: 'wx', mode: 0o600 }), options);
  return { digest: packed.finish(), diffId: tar.finish(), mediaType: mediaTypeOf(packing), source: blobInFile(file) };
}

async function* digested(pieces: AsyncIterable<Uint8Array>, digester: Digester): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    digester.update(piece);
    yield piece;
  }
}

/** Copies the pieces, because a stream holds on to them while readers reuse their memory. */
async function* kept(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield piece.slice();
}

function mediaTypeOf(packing: Packing): string {
  return packing === 'none' ? MEDIA_TYPE.ociLayer : `${MEDIA_TYPE.ociLayer}+${packing}`;
}

interface Target {
  readonly folder: string;
  readonly file: string;
  readonly signal: AbortSignal | undefined;
}

async function writeImage(
  loaded: LoadedImage,
  plan: SlimPlan,
  layers: readonly PackedLayer[],
  { folder, file, signal }: Target,
): Promise<string> {
  const config = await document(folder, 'config', configOf(loaded, plan, layers));
  const manifest = await document(folder, 'manifest', {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.ociManifest,
    config: { mediaType: MEDIA_TYPE.ociConfig, digest: config.digest, size: config.source.length },
    layers: layers.map(({ mediaType, digest, source }) => ({ mediaType, digest, size: source.length })),
  });
  const blobs = new Map([...layers, config, manifest].map(({ digest, source }) => [digest, { digest, source }]));
  const image = { configDigest: config.digest, layers: layers.map(({ digest }) => ({ digest, status: 'present' })) };
  const root: ArchiveRoot = {
    descriptor: { mediaType: MEDIA_TYPE.ociManifest, digest: manifest.digest, size: manifest.source.length },
    names: loaded.image.tags,
    images: [image as unknown as ArchiveImage],
    blobs: [...blobs.values()],
  };
  await createNamed(file, (unfinished) => {
    const bytes = packImage(root, 'docker-archive', signal === undefined ? {} : { signal });
    return pipeline(bytes, createWriteStream(unfinished, { flags: 'wx' }));
  });
  return manifest.digest;
}

interface Step {
  readonly empty_layer?: boolean;
  readonly [field: string]: unknown;
}

/** Returns the old config with the new layers. Steps whose layer is gone stay in the history as steps without a layer. */
function configOf({ image }: LoadedImage, plan: SlimPlan, layers: readonly PackedLayer[]): object {
  const known = typeof image.config === 'object' && image.config !== null ? (image.config as { readonly history?: unknown }) : {};
  const steps = Array.isArray(known.history) ? (known.history as Step[]) : [];
  // A new layer belongs to the step of its last source.
  const kept = new Set(plan.layers.map(({ sources }) => sources.at(-1)?.layer));
  let layer = -1;
  const history = steps.map((step) => {
    if (step.empty_layer === true) return step;
    layer++;
    return kept.has(layer) ? step : { ...step, empty_layer: true };
  });
  return {
    architecture: 'amd64',
    os: 'linux',
    config: {},
    ...known,
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    ...(steps.length === 0 ? {} : { history }),
  };
}

async function document(folder: string, name: string, value: object): Promise<{ readonly digest: string; readonly source: BlobSource }> {
  const bytes = encodeUtf8(JSON.stringify(value));
  const file = path.join(folder, name);
  await writeFile(file, bytes, { flag: 'wx', mode: 0o600 });
  const digest = sha256(bytes);
  return { digest, source: { ...blobInFile(file), statedDigest: digest, compression: 'none', length: (await stat(file)).size } };
}
