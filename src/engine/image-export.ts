import { type Archive, type ArchiveImage, packImage, plainTarOf, readBlob, rootOfImage } from '#archive';
import { type Compression, LayerscopeError } from '#model';
import { type Exported, fileName } from './entry-export.ts';

function imageOf({ images }: Archive, image: number): ArchiveImage {
  const found = images[image];
  if (found === undefined) throw new LayerscopeError('NOT_FOUND', `no image ${image}`);
  return found;
}

/**
 * An image of an archive as an archive by itself, blobs and digests as they are, whatever the archive was: an OCI archive, or one that Docker
 * loads. Throws NOT_FOUND; UNSUPPORTED for one that has no manifest, as docker-archives before Docker 25.
 */
export function exportImage(
  archive: Archive,
  { image, format }: { readonly image: number; readonly format: 'docker-archive' | 'oci-archive' },
): Exported {
  const known = imageOf(archive, image);
  const root = archive.roots().find(({ images }) => images.includes(known));
  if (root === undefined || root.descriptor === null) {
    throw new LayerscopeError(
      'UNSUPPORTED',
      'the image has no manifest here: take it into the store, which makes one, and save it from there',
    );
  }
  const one = rootOfImage(root, known);
  const name = fileName(`${known.names[0] ?? archive.title}.${format === 'oci-archive' ? 'oci.tar' : 'tar'}`);
  return { name, totalBytes: null, leftOut: 0, bytes: (signal) => packImage(one, format, { signal }) };
}

const ENDINGS: Readonly<Record<Compression, string>> = { none: 'tar', gzip: 'tar.gz', zstd: 'tar.zst' };

/** A layer's blob as it is stored, its digest checked, or unpacked. Throws NOT_FOUND, BLOB_MISSING. */
export function exportLayerBlob(
  archive: Archive,
  { image, layer, form }: { readonly image: number; readonly layer: number; readonly form: 'stored' | 'plain' },
): Exported {
  const known = imageOf(archive, image);
  const found = known.layers[layer];
  if (found === undefined) throw new LayerscopeError('NOT_FOUND', `no layer ${layer}`);
  const { blob, digest, compression } = found;
  if (blob === null) throw new LayerscopeError('BLOB_MISSING', `layer ${layer} is not in the archive`);
  const name = fileName(`layer-${layer}.${form === 'plain' ? 'tar' : ENDINGS[compression]}`);
  if (form === 'plain') return { name, totalBytes: null, leftOut: 0, bytes: (signal) => plainTarOf(blob, { signal }) };
  const stated = { ...blob, statedDigest: digest };
  return { name, totalBytes: blob.length, leftOut: 0, bytes: (signal) => readBlob(stated, { signal }) };
}
