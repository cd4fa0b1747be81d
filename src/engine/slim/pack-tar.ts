// Makes the plain tar of a new layer, and compresses it for storing.
import { type BlobSource, plainTarOf } from '#archive';
import type { SlimLayer, SlimPlan } from '#changes';
import { compressed } from '#files';
import { LayerscopeError } from '#model';
import type { LoadedImage } from '../image/types.ts';
import { type CutOptions, cutTar } from './cut-tar.ts';
import { oldLayerOf, type Packing } from './stored-bytes.ts';

export interface SlimOptions {
  readonly signal?: AbortSignal;
  /** Called with the number of the layer that is being packed. */
  readonly onLayer?: (layer: number) => void;
}

/** Throws UNSUPPORTED for a plan that can be computed but not written. */
export function refuseObstacle({ obstacle }: SlimPlan): void {
  if (obstacle !== null) throw new LayerscopeError('UNSUPPORTED', `the layers can't be written: ${obstacle}`);
}

/** Makes the plain tar of a new layer. */
export function newTar(loaded: LoadedImage, layer: SlimLayer, options: CutOptions): AsyncIterable<Uint8Array> {
  return layer.isUnchanged ? wholeTar(oldLayerOf(loaded, layer), options) : cutTar(loaded, layer, options);
}

async function* wholeTar({ blob }: { readonly blob: BlobSource }, { signal, onRead }: CutOptions): AsyncGenerator<Uint8Array> {
  for await (const piece of plainTarOf(blob, { signal })) {
    onRead?.(piece.length);
    yield piece;
  }
}

/** Compresses the tar of a new layer as it will be stored. Throws UNSUPPORTED if this runtime doesn't have zstd. */
export function packedTar(pieces: AsyncIterable<Uint8Array>, packing: Packing): AsyncIterable<Uint8Array> {
  return packing === 'none' ? pieces : compressed(pieces, packing);
}
