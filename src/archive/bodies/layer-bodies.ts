// Bodies of one layer as they are stored, holes left out: to lay files out that stay sparse.

import { readPlain } from '../blob/plain-tar.ts';
import { indexBlob, LayerIndexer } from '../indexing/index-layer.ts';
import type { BlobSource, IndexedLayer, LayerBodies } from '../types.ts';
import { callerControl } from '../work/work-control.ts';
import { FilePlainBytes, ForwardPlainBytes, type PlainBytes } from './plain-bytes.ts';
import { storedPieces } from './read-body.ts';

/** Bodies out of a layer's plain bytes, which are disposed of with it. */
export function bodiesOf(bytes: PlainBytes, indexed: IndexedLayer): LayerBodies {
  return {
    pieces: (member) => storedPieces(bytes, indexed, member),
    [Symbol.asyncDispose]: () => bytes[Symbol.asyncDispose](),
  };
}

/**
 * Bodies of a layer straight from its blob: of a packed one by inflating it once, nothing kept, so members must be asked for in the order
 * of the tar. Throws NOT_FOUND, PERMISSION, IO.
 */
export function openBodies(blob: BlobSource, indexed: IndexedLayer, signal?: AbortSignal): LayerBodies {
  return bodiesOf(blob.compression === 'none' ? new FilePlainBytes(blob) : new ForwardPlainBytes(blob, signal), indexed);
}

/** Reads one layer's headers, without a cache. What is wrong with the blob is in the result. Throws NOT_FOUND, PERMISSION, IO, CANCELLED. */
export async function readLayer(blob: BlobSource, signal?: AbortSignal): Promise<IndexedLayer> {
  return (await indexBlob(blob, { verify: false, diffIdAlgorithm: 'sha256', sums: false }, callerControl(signal))).layer;
}

/** Reads all of a layer: what its headers say, each plain byte handed on. Throws TRUNCATED, DAMAGED of a packed one, IO, CANCELLED. */
export async function readWholeLayer(blob: BlobSource, onPlain: (bytes: Uint8Array) => void, signal?: AbortSignal): Promise<IndexedLayer> {
  const indexer = new LayerIndexer(blob.length);
  let tarBytes = 0;
  const take = (bytes: Uint8Array): void => {
    onPlain(bytes);
    tarBytes += bytes.length;
    if (indexer.problem === null) indexer.push(bytes);
  };
  await readPlain(blob, take, { signal });
  return indexer.finish(tarBytes, null).layer;
}
