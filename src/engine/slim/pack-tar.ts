// The plain tar of a new layer, and its compressors.
import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { type BlobSource, plainTarOf } from '#archive';
import type { SlimLayer, SlimPlan } from '#changes';
import { LayerscopeError } from '#model';
import type { LoadedImage } from '../image/types.ts';
import { type CutOptions, cutTar } from './cut-tar.ts';
import { canWriteZstd, oldLayerOf, type Packing } from './stored-bytes.ts';

export interface SlimOptions {
  readonly signal?: AbortSignal;
  /** Called with the number of the layer that is being packed. */
  readonly onLayer?: (layer: number) => void;
}

/** Throws UNSUPPORTED for a plan that can only be computed. */
export function refuseObstacle({ obstacle }: SlimPlan): void {
  if (obstacle !== null) throw new LayerscopeError('UNSUPPORTED', `the layers can't be written: ${obstacle}`);
}

/** The plain tar of a new layer. */
export function newTar(loaded: LoadedImage, layer: SlimLayer, options: CutOptions): AsyncIterable<Uint8Array> {
  return layer.isUnchanged ? wholeTar(oldLayerOf(loaded, layer), options) : cutTar(loaded, layer, options);
}

async function* wholeTar({ blob }: { readonly blob: BlobSource }, { signal, onRead }: CutOptions): AsyncGenerator<Uint8Array> {
  for await (const piece of plainTarOf(blob, { signal })) {
    onRead?.(piece.length);
    yield piece;
  }
}

/** A compressor may keep a piece, and the reader reuses its buffer. */
export async function* keptPieces(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield piece.slice();
}

/** Null for no compression. Throws UNSUPPORTED if this runtime has no zstd. */
export function compressor(packing: Packing): Transform | null {
  if (packing === 'none') return null;
  if (packing === 'gzip') return zlib.createGzip();
  if (!canWriteZstd()) throw new LayerscopeError('UNSUPPORTED', 'this version of Node.js can’t write zstd; 22.15 and later can');
  return zlib.createZstdCompress();
}
