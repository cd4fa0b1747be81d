import { type Archive, type ArchiveImage, packChain, packImage, plainTarOf, platformField, readBlob, rootOfImage } from '#archive';
import { checkCompressor, compressed } from '#files';
import { type Compression, LayerscopeError, layerRange } from '#model';
import { type Exported, fileName } from './entry-export.ts';

function imageOf({ images }: Archive, image: number): ArchiveImage {
  const found = images[image];
  if (found === undefined) throw new LayerscopeError('NOT_FOUND', `no image ${image}`);
  return found;
}

/**
 * Exports one image as a separate archive, either an OCI archive or one for `docker load`; blobs and digests stay the same. An image
 * without a manifest, as in docker-archives from before Docker 25, gets the manifest that it would get in a store; layers without an image
 * get a config too. Throws NOT_FOUND.
 */
export function exportImage(
  archive: Archive,
  { image, format }: { readonly image: number; readonly format: 'docker-archive' | 'oci-archive' },
): Exported {
  const known = imageOf(archive, image);
  const root = archive.roots().find(({ images }) => images.includes(known));
  const name = fileName(`${known.names[0] ?? archive.title}.${format === 'oci-archive' ? 'oci.tar' : 'tar'}`);
  const whole = { name, totalBytes: null, leftOut: 0 };
  if (root === undefined || root.descriptor === null) {
    const os = known.os === 'unknown' ? 'linux' : known.os;
    const config = known.configSource === null ? undefined : { ...known.configSource, statedDigest: known.configDigest };
    const what = { os, architecture: HOST_ARCHITECTURE, ...platformField(known), names: known.tags, config };
    return { ...whole, bytes: (signal) => packChain(known.layers, what, format, { signal }) };
  }
  const one = rootOfImage(root, known);
  return { ...whole, bytes: (signal) => packImage(one, format, { signal }) };
}

/** Go's name for this machine's architecture, used for bare layers and configs that don't state one. */
const HOST_ARCHITECTURE = { x64: 'amd64', ia32: '386' }[process.arch as string] ?? process.arch;

const ENDINGS: Readonly<Record<Compression, string>> = { none: 'tar', gzip: 'tar.gz', zstd: 'tar.zst', xz: 'tar.xz', bzip2: 'tar.bz2' };

/** How to export a layer: the blob as stored, its plain tar, or that tar compressed again. */
export type LayerForm = 'stored' | 'plain' | 'gzip' | 'zstd';

/**
 * Exports a layer: the stored blob with its digest checked, the plain tar, or the tar compressed again. Throws NOT_FOUND, BLOB_MISSING;
 * UNSUPPORTED if this Node can't write zstd.
 */
export function exportLayerBlob(
  archive: Archive,
  { image, layer, form }: { readonly image: number; readonly layer: number; readonly form: LayerForm },
): Exported {
  const known = imageOf(archive, image);
  const found = known.layers[layer];
  if (found === undefined) throw new LayerscopeError('NOT_FOUND', `no layer ${layer}: ${layerRange(known.layers.length)}`);
  const { blob, digest, compression } = found;
  if (blob === null) throw new LayerscopeError('BLOB_MISSING', `layer ${layer} is not in the archive`);
  const name = fileName(`layer-${layer}.${form === 'plain' ? 'tar' : ENDINGS[form === 'stored' ? compression : form]}`);
  if (form === 'stored') {
    const stated = { ...blob, statedDigest: digest };
    return { name, totalBytes: blob.length, leftOut: 0, bytes: (signal) => readBlob(stated, { signal }) };
  }
  const plain = (signal: AbortSignal) => plainTarOf(blob, { signal });
  if (form === 'plain') return { name, totalBytes: null, leftOut: 0, bytes: plain };
  checkCompressor(form);
  return { name, totalBytes: null, leftOut: 0, bytes: (signal) => compressed(plain(signal), form) };
}
