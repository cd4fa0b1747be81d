// Bodies of one layer as stored, without holes, so that files can be written sparse.

import { readPlain } from '../blob/plain-tar.ts';
import { callerControl } from '../control/work-control.ts';
import { indexBlob, LayerIndexer } from '../indexing/index-layer.ts';
import type { BlobSource, IndexedLayer, LayerBodies } from '../types.ts';
import { FilePlainBytes, ForwardPlainBytes, type PlainBytes } from './plain-bytes.ts';
import { storedPieces } from './read-body.ts';

/** Reads bodies from a layer's plain bytes, and disposes of these with itself. */
export function bodiesOf(bytes: PlainBytes, indexed: IndexedLayer): LayerBodies {
  return {
    pieces: (member) => storedPieces(bytes, indexed, member),
    [Symbol.asyncDispose]: () => bytes[Symbol.asyncDispose](),
  };
}

/**
 * Opens the bodies of a layer straight from its blob. A packed blob is inflated once and nothing is kept, so request members in tar order.
 * The caller disposes of it. Throws NOT_FOUND, PERMISSION, IO.
 */
export function openBodies(blob: BlobSource, indexed: IndexedLayer, signal?: AbortSignal): LayerBodies {
  return bodiesOf(blob.compression === 'none' ? new FilePlainBytes(blob) : new ForwardPlainBytes(blob, signal), indexed);
}

/** Reads one layer's headers without a cache. Defects of the blob are part of the result. Throws NOT_FOUND, PERMISSION, IO, CANCELLED. */
export async function readLayer(blob: BlobSource, signal?: AbortSignal): Promise<IndexedLayer> {
  return (await indexBlob(blob, { verify: false, diffIdAlgorithm: 'sha256', sums: false }, callerControl(signal))).layer;
}

/** Reads a whole layer: indexes its headers and passes on every plain byte. Throws TRUNCATED or DAMAGED for a packed one; IO, CANCELLED. */
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
