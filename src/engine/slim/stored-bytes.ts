// Finds how many bytes a stored layer takes: known in advance if it is unchanged or uncompressed, otherwise found by packing it.
import type { ArchiveLayer, BlobSource } from '#archive';
import type { SlimLayer, SlimPlan } from '#changes';
import type { Compressor } from '#files';
import { LayerscopeError } from '#model';
import type { LoadedImage } from '../image/types.ts';
import { cutTarBytes } from './cut-tar.ts';
import type { WhatIf } from './what-if.ts';

/** How a new layer is packed. */
export type Packing = 'none' | Compressor;

/**
 * Returns the old layer whose compression a new one keeps: the lowest of its sources. Throws BLOB_MISSING if that layer isn't in the
 * archive.
 */
export function oldLayerOf({ image }: Pick<LoadedImage, 'image'>, { sources }: SlimLayer): ArchiveLayer & { readonly blob: BlobSource } {
  const index = sources[0]?.layer ?? 0;
  const old = image.layers[index];
  if (old === undefined || old.blob === null) throw new LayerscopeError('BLOB_MISSING', `layer ${index} is not in the archive`);
  return { ...old, blob: old.blob };
}

export function packingOf({ compression }: Pick<ArchiveLayer, 'compression'>, { zstd }: WhatIf): Packing {
  if (zstd || compression === 'zstd') return 'zstd';
  return compression === 'none' ? 'none' : 'gzip';
}

/** Returns the stored size of a new layer; null if it can only be found by packing, or if the layer can't be written. */
export function knownStoredBytes(loaded: LoadedImage, what: WhatIf, layer: SlimLayer): number | null {
  const old = loaded.image.layers[layer.sources[0]?.layer ?? 0];
  if (!old?.blob) return null;
  const packing = packingOf(old, what);
  if (layer.isUnchanged && packing === old.compression) return old.blob.length;
  return packing === 'none' ? cutTarBytes(loaded, layer) : null;
}

/** Returns the stored size of a plan's layers; null if it can only be found by packing. */
export function plannedStoredBytes(loaded: LoadedImage, what: WhatIf, plan: SlimPlan): number | null {
  let bytes = 0;
  for (const layer of plan.layers) {
    const known = knownStoredBytes(loaded, what, layer);
    if (known === null) return null;
    bytes += known;
  }
  return bytes;
}
