// Derives layers from the images of the layout. An image's layers don't have their own records: they follow from the image's config and
// manifest, and index.json alone decides which images exist. So images that another program added to the layout have layers too.
import { algorithmOf, chainIds, openLayoutFolder, sha256 } from '#archive';
import type { Finding } from '#model';
import { encodeUtf8 } from '#model';
import type { StoredImage } from '../images.ts';
import { type LayerRecord, STORE_VERSION } from './layer-record.ts';

/** The images of a layout, and their layers. */
export interface LayoutImages {
  readonly images: readonly StoredImage[];
  /** Layers by id: the hex digits of their chainID. */
  readonly layers: ReadonlyMap<string, LayerRecord>;
  readonly findings: readonly Finding[];
}

/** A layer under construction, while its images are collected. */
type Collected = LayerRecord & { readonly images: string[] };

/**
 * Reads the images of a home. For `newIndex`, see {@link openLayoutFolder}. Throws BAD_MANIFEST if index.json is malformed, TOO_LARGE, IO.
 */
export function readLayoutImages(home: string, newIndex: string | null = null): LayoutImages {
  const layout = openLayoutFolder(home, newIndex);
  const rootOf = new Map(layout.roots().flatMap((root) => root.images.map((image) => [image, root] as const)));
  const layers = new Map<string, Collected>();
  const problems = new Map<number, string>();
  for (const { severity, image, message } of layout.findings)
    if (severity === 'error' && image !== undefined && !problems.has(image)) problems.set(image, message);
  const images: StoredImage[] = [];
  for (const image of layout.images) {
    const root = rootOf.get(image);
    if (root === undefined || image.manifestDigest === null) continue;
    const ids = layerIds(image.layers);
    for (const [index, layer] of image.layers.entries()) {
      const id = ids[index] as string;
      const { digest, diffId, blobBytes, mediaType, status } = layer;
      const known = layers.get(id);
      // Images may share a layer with different compression; a blob that is present takes precedence.
      if (digest === null || (known !== undefined && status !== 'present')) continue;
      layers.set(id, {
        version: STORE_VERSION,
        parent: index === 0 ? null : (ids[index - 1] as string),
        readWrite: false,
        blob: { digest, size: blobBytes, mediaType: mediaType ?? '', diffId, fileBytes: null },
        images: known?.images ?? [],
      });
      layers.get(id)?.images.push(image.names[0] ?? image.manifestDigest);
    }
    images.push({
      names: root.names,
      platform: image.platform,
      manifestDigest: image.manifestDigest,
      configDigest: image.configDigest,
      layers: ids,
      sizeBytes: image.layers.reduce((sum, { blobBytes }) => sum + blobBytes, 0),
      problem: problems.get(image.index) ?? null,
      image,
      root,
    });
  }
  return { images, layers, findings: layout.findings };
}

/** Returns an id for each layer: the hex digits of its chainID, computed with the blob's digest in place of an unknown diffID. */
function layerIds(layers: readonly { readonly digest: string | null; readonly diffId: string | null; readonly index: number }[]): string[] {
  const stated = layers.map(({ diffId, digest, index }) => diffId ?? digest ?? sha256(encodeUtf8(`layer ${index}`)));
  return chainIds(stated).map((id) => (id ?? '').slice(algorithmOf(id).length + 1));
}
