// Packs layers into an image with a new manifest. The layers may belong to an image without a manifest, as in docker-archives from before
// Docker 25; that image's config is kept. Other layers get a new config, which states only what is required and known.
import { MEDIA_TYPE } from '#format/image';
import { encodeUtf8, LayerscopeError } from '#model';
import { type CopyOptions, readBlob } from '../blob/copy-blob.ts';
import { algorithmOf, Digester, sha256 } from '../blob/digest.ts';
import { readPlain } from '../blob/plain-tar.ts';
import type { ArchiveLayer, BlobSource } from '../types.ts';
import { type ImageFileFormat, type MemberBlob, packBlobs } from './write-image.ts';

export interface ChainImage {
  readonly os: string;
  readonly architecture: string;
  readonly names: readonly string[];
  /** Platform for the manifest's entry in the index. Defaults to `os` and `architecture`. */
  readonly platform?: Readonly<Record<string, string>> | undefined;
  /** The image's own config, kept as it is; its diffIDs are those that the layers state. Defaults to a new one. */
  readonly config?: BlobSource | undefined;
}

const EPOCH = '1970-01-01T00:00:00Z';

interface Measured {
  readonly digest: string;
  readonly diffId: string;
  readonly blob: BlobSource;
}

/**
 * Yields a tar of a layer chain as an image. Each blob is copied unchanged, and read twice: once to compute its digests, once to write it.
 * The output is deterministic. Throws BLOB_MISSING; DIGEST_MISMATCH if a blob doesn't match its digest or diffID; TRUNCATED, DAMAGED, IO,
 * CANCELLED.
 */
export async function* packChain(
  layers: readonly ArchiveLayer[],
  image: ChainImage,
  format: ImageFileFormat,
  options: CopyOptions = {},
): AsyncGenerator<Uint8Array> {
  const measured: Measured[] = [];
  for (const layer of layers) measured.push(await measure(layer, options));
  const config = image.config === undefined ? newConfig(layers, measured, image) : await wholeBlob(image.config, options);
  const configDigest = sha256(config);
  const manifest = encodeUtf8(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.ociManifest,
      config: { mediaType: MEDIA_TYPE.ociConfig, digest: configDigest, size: config.length },
      layers: measured.map(({ digest, blob }) => ({ mediaType: layerMediaType(blob), digest, size: blob.length })),
    }),
  );
  const manifestDigest = sha256(manifest);
  const blobs = new Map<string, MemberBlob>();
  for (const { digest, blob } of measured) {
    const stated = { ...blob, statedDigest: digest };
    blobs.set(digest, { digest, sizeBytes: blob.length, bytes: () => readBlob(stated, options) });
  }
  for (const [digest, bytes] of [
    [configDigest, config],
    [manifestDigest, manifest],
  ] as const)
    blobs.set(digest, {
      digest,
      sizeBytes: bytes.length,
      bytes: async function* () {
        yield bytes;
      },
    });
  yield* packBlobs({
    blobs: [...blobs.values()],
    descriptor: {
      mediaType: MEDIA_TYPE.ociManifest,
      digest: manifestDigest,
      size: manifest.length,
      platform: image.platform ?? { architecture: image.architecture, os: image.os },
    },
    names: image.names,
    docker: format === 'docker-archive' ? { configDigest, layers: measured.map(({ digest }) => digest) } : null,
  });
}

/** Creates the config of layers that don't belong to an image. */
function newConfig(layers: readonly ArchiveLayer[], measured: readonly Measured[], { os, architecture }: ChainImage): Uint8Array {
  return encodeUtf8(
    JSON.stringify({
      created: EPOCH,
      architecture,
      os,
      config: {},
      rootfs: { type: 'layers', diff_ids: measured.map(({ diffId }) => diffId) },
      // Readers expect one step per layer; the command may be unknown.
      history: layers.map(({ createdBy }) => ({ created: EPOCH, created_by: createdBy ?? '', comment: 'a layer by itself' })),
    }),
  );
}

async function wholeBlob(source: BlobSource, options: CopyOptions): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of readBlob(source, options)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Reads a blob once and computes its digest and diffID. */
async function measure({ blob, index, digest, diffId }: ArchiveLayer, { signal }: CopyOptions): Promise<Measured> {
  if (blob === null) throw new LayerscopeError('BLOB_MISSING', `layer ${index} is not in the archive`);
  const packed = new Digester('sha256');
  const plain = new Digester('sha256');
  // The new manifest has SHA-256 digests, whatever algorithm the store uses.
  const stated = algorithmOf(digest) === packed.algorithm ? null : new Digester(algorithmOf(digest));
  const onPacked = (bytes: Uint8Array): void => {
    packed.update(bytes);
    stated?.update(bytes);
  };
  await readPlain(blob, (bytes) => plain.update(bytes), { signal, onPacked });
  const packedDigest = packed.finish();
  const found = stated?.finish() ?? packedDigest;
  if (digest !== null && digest !== found) throw new LayerscopeError('DIGEST_MISMATCH', `layer ${index} hashes to ${found}, not ${digest}`);
  const plainDigest = plain.finish();
  if (diffId !== null && algorithmOf(diffId) === 'sha256' && diffId !== plainDigest)
    throw new LayerscopeError('DIGEST_MISMATCH', `layer ${index}: its diffID is ${plainDigest}, but the config says ${diffId}`);
  return { digest: packedDigest, diffId: plainDigest, blob };
}

function layerMediaType({ compression }: BlobSource): string {
  return compression === 'none' ? MEDIA_TYPE.ociLayer : `${MEDIA_TYPE.ociLayer}+${compression}`;
}
