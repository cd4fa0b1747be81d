import type { ErrorCode } from '#model';
import { IndexCache } from './index-cache.ts';
import { type IndexedBlob, type IndexOptions, indexBlob } from './index-layer.ts';
import type { BlobSource } from './types.ts';
import type { WorkControl } from './work-control.ts';

/** One blob to read, here or on a worker. Structured-clonable. */
export interface IndexTask {
  readonly blob: BlobSource;
  readonly options: IndexOptions;
  /** Where the result is kept, and the name it has until it is whole; null: nowhere. */
  readonly cache: { readonly folder: string; readonly temporary: string } | null;
}

/** Reads the blob and keeps the result. Throws what {@link indexBlob} does. */
export async function runIndexTask(task: IndexTask, control: WorkControl): Promise<IndexedBlob> {
  const indexed = await indexBlob(task.blob, task.options, control);
  control.check();
  const { cache } = task;
  if (cache !== null) new IndexCache(cache.folder, () => cache.temporary).write(task.blob, indexed);
  return indexed;
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
