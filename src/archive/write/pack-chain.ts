// Layers that belong to no image as an image of their own: with the config and the manifest that they need, and nothing made up.
import { MEDIA_TYPE } from '#format/image';
import { encodeUtf8, LayerscopeError } from '#model';
import { type CopyOptions, readBlob } from '../blob/copy-blob.ts';
import { Digester, sha256 } from '../blob/digest.ts';
import { readPlain } from '../blob/plain-tar.ts';
import type { ArchiveLayer, BlobSource } from '../types.ts';
import { type ImageFileFormat, type MemberBlob, packBlobs } from './write-image.ts';

export interface ChainImage {
  readonly os: string;
  readonly architecture: string;
  readonly names: readonly string[];
}

const EPOCH = '1970-01-01T00:00:00Z';

interface Measured {
  readonly digest: string;
  readonly diffId: string;
  readonly blob: BlobSource;
}

/**
 * A tar of a chain of layers as an image: blobs as they lie, each read twice: measured, then written. The same bytes every time. Throws
 * BLOB_MISSING; DIGEST_MISMATCH where a blob isn't what its digest says; TRUNCATED, DAMAGED, IO, CANCELLED.
 */
export async function* packChain(
  layers: readonly ArchiveLayer[],
  { os, architecture, names }: ChainImage,
  format: ImageFileFormat,
  options: CopyOptions = {},
): AsyncGenerator<Uint8Array> {
  const measured: Measured[] = [];
  for (const layer of layers) measured.push(await measure(layer, options));
  const config = encodeUtf8(
    JSON.stringify({
      created: EPOCH,
      architecture,
      os,
      config: {},
      rootfs: { type: 'layers', diff_ids: measured.map(({ diffId }) => diffId) },
      // A step for each layer, as readers expect; what made it nobody knows.
      history: layers.map(({ createdBy }) => ({ created: EPOCH, created_by: createdBy ?? '', comment: 'a layer by itself' })),
    }),
  );
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
      platform: { architecture, os },
    },
    names,
    docker: format === 'docker-archive' ? { configDigest, layers: measured.map(({ digest }) => digest) } : null,
  });
}

/** Reads a blob once: what it is called, and what its tar is. */
async function measure({ blob, index, digest }: ArchiveLayer, { signal }: CopyOptions): Promise<Measured> {
  if (blob === null) throw new LayerscopeError('BLOB_MISSING', `layer ${index} is not in the archive`);
  const packed = new Digester('sha256');
  const plain = new Digester('sha256');
  await readPlain(blob, (bytes) => plain.update(bytes), { signal, onPacked: (bytes) => packed.update(bytes) });
  const found = packed.finish();
  if (digest?.startsWith('sha256:') && digest !== found)
    throw new LayerscopeError('DIGEST_MISMATCH', `layer ${index} is ${found}, not ${digest}`);
  return { digest: found, diffId: plain.finish(), blob };
}

function layerMediaType({ compression }: BlobSource): string {
  return compression === 'none' ? MEDIA_TYPE.ociLayer : `${MEDIA_TYPE.ociLayer}+${compression}`;
}
