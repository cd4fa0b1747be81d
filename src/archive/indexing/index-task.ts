import type { ErrorCode } from '#model';
import { waitForBytes } from '../blob/arrival-cell.ts';
import { CheckpointMaker } from '../blob/checkpoint-maker.ts';
import { algorithmOf, Digester } from '../blob/digest.ts';
import { openBlob } from '../blob/source-file.ts';
import { IndexCache } from '../cache/index-cache.ts';
import type { WorkControl } from '../control/work-control.ts';
import type { PackedToc } from '../source-types.ts';
import type { BlobSource, IndexedBlob } from '../types.ts';
import { type IndexOptions, indexBlob } from './index-layer.ts';
import { indexToc } from './index-toc.ts';

const CHUNK = 1024 * 1024;

/** A blob to index, on this thread or a worker. Structured-clonable. */
export interface IndexTask {
  readonly blob: BlobSource;
  readonly options: IndexOptions;
  /** The cache folder, a temporary path for writing the index, and the key of its checksums; null if nothing is cached. */
  readonly cache: { readonly folder: string; readonly temporary: string; readonly sumKey: Uint8Array } | null;
  /** If set, the table is made from this TOC instead of the blob. */
  readonly toc?: PackedToc;
}

/** Indexes the blob and caches the result. Throws what {@link indexBlob} does. */
export async function runIndexTask(task: IndexTask, control: WorkControl): Promise<IndexedBlob> {
  const { blob, options } = task;
  const cache = task.cache === null ? null : cacheOf(task.cache);
  if (task.toc !== undefined) return indexByToc(blob, task.toc, cache, control);
  if (blob.arriving !== undefined) return indexArriving(blob, blob.arriving.cell, options, cache, control);
  const offered = options.verify || options.scan ? null : (cache?.offered(blob) ?? null);
  // Checksums of bodies require reading the bodies.
  const isEnough = offered !== null && (options.sums === null || offered.layer.table.bodySums.length > 0);
  if (isEnough && (await isAsStated(blob, control))) {
    cache?.vouch(blob);
    return offered;
  }
  const checkpoints = makerFor(blob, cache);
  const indexed = await indexBlob(blob, options, control, checkpoints);
  control.check();
  keep(blob, indexed, cache, checkpoints);
  return indexed;
}

function cacheOf({ folder, temporary, sumKey }: NonNullable<IndexTask['cache']>): IndexCache {
  return new IndexCache(folder, { temporary: () => temporary, sumKey: () => sumKey });
}

/** Returns a checkpoint maker if the checkpoints can be cached; otherwise they are of no use. */
function makerFor({ compression, arriving }: BlobSource, cache: IndexCache | null): CheckpointMaker | undefined {
  return cache === null || compression !== 'gzip' ? undefined : new CheckpointMaker(arriving !== undefined);
}

function keep(blob: BlobSource, indexed: IndexedBlob, cache: IndexCache | null, checkpoints: CheckpointMaker | undefined): void {
  cache?.write(blob, indexed);
  if (checkpoints !== undefined && indexed.layer.status === 'present') cache?.writeCheckpoints(blob, indexed, checkpoints.finish());
}

/** Indexes a blob while it arrives. The fetching code checks the digest; nothing is cached before that. */
async function indexArriving(
  blob: BlobSource,
  cell: SharedArrayBuffer,
  options: IndexOptions,
  cache: IndexCache | null,
  control: WorkControl,
): Promise<IndexedBlob> {
  const checkpoints = makerFor(blob, cache);
  const indexed = { ...(await indexBlob(blob, options, control, checkpoints)), blobDigest: blob.statedDigest };
  waitForBytes(cell, Number.POSITIVE_INFINITY);
  control.check();
  keep(blob, indexed, cache, checkpoints);
  return indexed;
}

/** Indexes a blob by its TOC. The table is cached only if digests cover all of it. */
async function indexByToc(blob: BlobSource, toc: PackedToc, cache: IndexCache | null, control: WorkControl): Promise<IndexedBlob> {
  const { layer, isVouched } = await indexToc(toc, blob.length, control);
  control.check();
  const indexed = { layer, blobDigest: null };
  if (isVouched && toc.statedDigest !== null) cache?.writeToc(blob, toc.statedDigest, indexed);
  return indexed;
}

/** Whether a blob's bytes match its stated digest. Hashing takes a fraction of the time of inflating. */
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

/** Indexes into the flags shared with a worker. Setting STOP to 1 stops the worker; KIBIBYTES is its progress in units of 1,024 bytes. */
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
