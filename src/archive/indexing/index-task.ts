import type { ErrorCode } from '#model';
import { algorithmOf, Digester } from '../blob/digest.ts';
import { openBlob } from '../blob/source-file.ts';
import { IndexCache } from '../cache/index-cache.ts';
import type { BlobSource, IndexedBlob } from '../types.ts';
import type { WorkControl } from '../work/work-control.ts';
import { type IndexOptions, indexBlob } from './index-layer.ts';

const CHUNK = 1024 * 1024;

/** One blob to read, here or on a worker. Structured-clonable. */
export interface IndexTask {
  readonly blob: BlobSource;
  readonly options: IndexOptions;
  /** Where the result is kept, and the name it has until it is whole; null: nowhere. */
  readonly cache: { readonly folder: string; readonly temporary: string } | null;
}

/** Reads the blob and keeps the result. Throws what {@link indexBlob} does. */
export async function runIndexTask(task: IndexTask, control: WorkControl): Promise<IndexedBlob> {
  const { blob, options } = task;
  const { folder, temporary } = task.cache ?? {};
  const cache = folder === undefined || temporary === undefined ? null : new IndexCache(folder, () => temporary);
  const offered = options.verify ? null : (cache?.offered(blob) ?? null);
  // Checksums of bodies can't be had without reading them.
  const isEnough = offered !== null && (!options.sums || offered.layer.table.bodySums.length > 0);
  if (isEnough && (await isAsStated(blob, control))) {
    cache?.vouch(blob);
    return offered;
  }
  const indexed = await indexBlob(blob, options, control);
  control.check();
  cache?.write(blob, indexed);
  return indexed;
}

/** Whether a blob's bytes are what its stated digest says: hashing takes a fraction of the time that inflating does. */
async function isAsStated(blob: BlobSource, control: WorkControl): Promise<boolean> {
  const { file, start, length } = openBlob(blob);
  using _file = file;
  if (length !== blob.length) return false;
  const digester = new Digester(algorithmOf(blob.statedDigest));
  const buffer = new Uint8Array(Math.min(CHUNK, length));
  for (let at = 0; at < length; ) {
    const count = file.read(buffer, start + at, Math.min(CHUNK, length - at));
    if (count === 0) return false;
    digester.update(buffer.subarray(0, count));
    at += count;
    control.check();
    await control.rest();
  }
  return digester.finish() === blob.statedDigest;
}

/** Shared with a worker: 0 is set to stop it, 1 counts what it has read, in units of 1,024 bytes. */
export const FLAG_STOP = 0;
export const FLAG_KIBIBYTES = 1;

export interface WorkerRequest {
  readonly id: number;
  readonly task: IndexTask;
  readonly flags: SharedArrayBuffer;
}

export type WorkerReply =
  | { readonly id: number; readonly ok: true; readonly indexed: IndexedBlob }
  | { readonly id: number; readonly ok: false; readonly code: ErrorCode; readonly message: string; readonly offset: number | undefined };
