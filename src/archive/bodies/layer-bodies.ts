// Bodies of one layer as stored, without holes, so that files can be written sparse.

import { openPlace } from '../blob/open-place.ts';
import { readPlain } from '../blob/plain-tar.ts';
import { callerControl } from '../control/work-control.ts';
import { indexBlob } from '../indexing/index-layer.ts';
import { LayerIndexer } from '../indexing/layer-indexer.ts';
import type { BlobSource, IndexedLayer, LayerBodies } from '../types.ts';
import { FilePlainBytes, ForwardPlainBytes, type PlainBytes, SplitPlainBytes } from './plain-bytes.ts';
import { readBodyBytes, storedPieces } from './read-body.ts';

/** Reads bodies from a layer's plain bytes. Disposing of the result disposes of `bytes` too. */
export function bodiesOf(bytes: PlainBytes, indexed: IndexedLayer): LayerBodies {
  return {
    pieces: (member) => storedPieces(bytes, indexed, member),
    read: async (member, start, length) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of readBodyBytes(bytes, indexed, member, start, start + length)) chunks.push(chunk);
      return chunks.length === 1 ? (chunks[0] as Uint8Array) : new Uint8Array(Buffer.concat(chunks));
    },
    [Symbol.asyncDispose]: () => bytes[Symbol.asyncDispose](),
  };
}

/**
 * Opens the bodies of a layer straight from its blob. A packed blob is inflated once and nothing is kept, so request members in tar order.
 * The caller disposes of the result. Throws NOT_FOUND, PERMISSION, IO.
 */
export function openBodies(blob: BlobSource, indexed: IndexedLayer, signal?: AbortSignal): LayerBodies {
  if (blob.split !== undefined) return bodiesOf(new SplitPlainBytes(openPlace(blob, signal)), indexed);
  return bodiesOf(blob.compression === 'none' ? new FilePlainBytes(blob) : new ForwardPlainBytes(blob, signal), indexed);
}

/** Reads one layer's headers without a cache. Defects of the blob are part of the result. Throws NOT_FOUND, PERMISSION, IO, CANCELLED. */
export async function readLayer(blob: BlobSource, signal?: AbortSignal): Promise<IndexedLayer> {
  return (await indexBlob(blob, { verify: false, diffIdAlgorithm: 'sha256', sums: null }, callerControl(signal))).layer;
}

/**
 * Reads a whole layer: indexes its headers and passes on every plain byte. Throws TRUNCATED or DAMAGED for a packed layer; IO, CANCELLED.
 */
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
