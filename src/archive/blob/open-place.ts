import type { BlobSource } from '../types.ts';
import { arrived } from './arrival.ts';
import { type FileRange, openBlob } from './source-file.ts';
import { SplitFile, SplitMap } from './split-file.ts';

/** Where a blob's bytes are. */
export type BlobPlace = Pick<BlobSource, 'path' | 'start' | 'length' | 'identity' | 'split' | 'arriving'>;

/**
 * Opens a blob wherever it is stored, and waits until it has arrived; the range is clipped to the blob's end. The caller disposes of
 * `file`. Throws NOT_FOUND, PERMISSION, IO; for a split blob also DAMAGED, TRUNCATED, CANCELLED; for a fetched blob, the error that stopped
 * its arrival.
 */
export async function openPlace(blob: BlobPlace, signal?: AbortSignal): Promise<FileRange> {
  if (blob.split === undefined) return openBlob((await arrived(blob)) as BlobSource);
  const file = new SplitFile(blob as BlobSource, await SplitMap.read(blob as BlobSource, signal));
  return { file, start: 0, length: file.size };
}
