// Computes checksums for compressed layers that were indexed without them by another command (`inspect`, `ls`). Decompressing such a layer
// again on workers is faster than spooling it to read a few files, and adds the checksums to the cached index.

import { sameSums } from '#changes';
import type { LoadedImage } from '../image/types.ts';

/** Returns the compressed layers that lack checksums for these pairs. */
export function layersWithoutSums(
  loaded: LoadedImage,
  pairs: readonly { readonly a: { readonly layer: number }; readonly b: { readonly layer: number } }[],
): number[] {
  const isPacked = (layer: number): boolean => (loaded.image.layers[layer]?.blob?.compression ?? 'none') !== 'none';
  const lacks = (layer: number): boolean => loaded.stack.layers[layer]?.bodySums.length === 0;
  const layers = new Set<number>();
  for (const { a, b } of pairs) {
    if (!isPacked(a.layer) || !isPacked(b.layer) || isListed(loaded, a.layer) || isListed(loaded, b.layer)) continue;
    for (const { layer } of [a, b]) if (lacks(layer)) layers.add(layer);
  }
  return [...layers].sort((a, b) => a - b);
}

/** Whether a layer was listed from a table of contents, so that its bodies weren't read. */
function isListed({ stack }: LoadedImage, layer: number): boolean {
  return stack.layers[layer]?.provenance === 'toc';
}

/** Returns the total stored size of the layers, in bytes. */
export function packedBytes({ image }: LoadedImage, layers: readonly number[]): number {
  return layers.reduce((sum, layer) => sum + (image.layers[layer]?.blobBytes ?? 0), 0);
}

/** Computed checksums. */
export interface TakenSums {
  /** Whether two files have the same checksum; null if either has none. */
  isSame(a: { readonly layer: number; readonly member: number }, b: { readonly layer: number; readonly member: number }): boolean | null;
}

/** Computes the checksums of these layers. Throws what {@link ArchiveReader.indexLayers} throws. */
export async function takeSums(
  loaded: LoadedImage,
  layers: readonly number[],
  { signal, onBytes }: { readonly signal?: AbortSignal | undefined; readonly onBytes?: (doneBytes: number) => void },
): Promise<TakenSums> {
  const wanted = layers.flatMap((layer) => loaded.image.layers[layer] ?? []);
  const indexed = await loaded.reader.indexLayers(wanted, {
    sums: 'needed',
    onProgress: ({ doneBytes }) => onBytes?.(doneBytes),
    ...(signal === undefined ? {} : { signal }),
  });
  const taken = new Map(layers.map((layer, at) => [layer, indexed[at]?.table.bodySums ?? new Uint32Array(0)]));
  const sumsOf = (layer: number): Uint32Array => taken.get(layer) ?? loaded.stack.layers[layer]?.bodySums ?? new Uint32Array(0);
  return { isSame: (a, b) => sameSums(sumsOf(a.layer), a.member, sumsOf(b.layer), b.member) };
}
