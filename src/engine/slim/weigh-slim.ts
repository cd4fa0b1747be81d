import type { SlimPlan } from '#changes';
import type { LoadedImage } from '../image/types.ts';
import { newTar, packedTar, refuseObstacle, type SlimOptions } from './pack-tar.ts';
import { knownStoredBytes, oldLayerOf, packingOf } from './stored-bytes.ts';
import type { WhatIf } from './what-if.ts';

export interface WeighOptions extends SlimOptions {
  /** Called with the number of bytes that were read from an old layer's plain tar. */
  readonly onRead?: (bytes: number) => void;
}

/** Returns how many bytes of old layers {@link weighSlim} reads. */
export function bytesToWeigh(loaded: LoadedImage, what: WhatIf, { layers }: SlimPlan): number {
  let bytes = 0;
  for (const layer of layers) {
    if (knownStoredBytes(loaded, what, layer) !== null) continue;
    for (const { layer: index } of layer.sources) bytes += loaded.report.layers[index]?.tarBytes ?? 0;
  }
  return bytes;
}

/**
 * Packs what a plan changes without keeping it, and returns the stored size that all layers would have. Throws what {@link packSlim}
 * throws.
 */
export async function weighSlim(loaded: LoadedImage, what: WhatIf, plan: SlimPlan, options: WeighOptions = {}): Promise<number> {
  refuseObstacle(plan);
  const { signal, onRead, onLayer } = options;
  let bytes = 0;
  for (const [index, layer] of plan.layers.entries()) {
    const known = knownStoredBytes(loaded, what, layer);
    if (known !== null) {
      bytes += known;
      continue;
    }
    onLayer?.(index);
    const plain = newTar(loaded, layer, { signal, onRead });
    for await (const piece of packedTar(plain, packingOf(oldLayerOf(loaded, layer), what))) bytes += piece.length;
  }
  return bytes;
}
