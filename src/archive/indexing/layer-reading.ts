import { asLayerscopeError, type Finding, finding } from '#model';
import { algorithmOf } from '../blob/digest.ts';
import { trimCache } from '../cache/cache-trim.ts';
import type { IndexCache } from '../cache/index-cache.ts';
import { ProgressMeter } from '../control/progress-meter.ts';
import { callerControl } from '../control/work-control.ts';
import type { PrivateFolder } from '../files/private-folder.ts';
import type { ArchiveLayer, BlobSource, IndexedBlob, IndexedLayer, IndexLayersOptions } from '../types.ts';
import { type IndexTask, runIndexTask } from './index-task.ts';
import { MemoryGate, TableBudget, withoutTable } from './memory-budget.ts';
import type { WorkerPool } from './worker-pool.ts';

/** Below this size, starting a worker takes longer than reading a blob that has to be read whole. */
const SMALL_WHOLE_BYTES = 1024 * 1024;
/** The same for plain blobs, of which only headers are read. */
const SMALL_PLAIN_BYTES = 256 * 1024 * 1024;

/** The parts of a reader used to read layers. */
export interface LayerReadingParts {
  /** Null: nothing is cached. */
  readonly cache: IndexCache | null;
  readonly cacheFolder: string | null;
  readonly maxCacheBytes: number;
  readonly folder: PrivateFolder;
  /** Null: everything is read on this thread. */
  readonly pool: WorkerPool | null;
  /** Layers already indexed when their archive was opened. */
  readonly scanned: WeakMap<BlobSource, IndexedBlob>;
  /** Aborted when the reader is disposed of. */
  readonly ended: AbortSignal;
}

/** Indexes layers: from the cache, otherwise on workers or this thread. See {@link ArchiveReader.indexLayers}. */
export class LayerReading {
  readonly #parts: LayerReadingParts;

  constructor(parts: LayerReadingParts) {
    this.#parts = parts;
  }

  async read(layers: readonly ArchiveLayer[], options: IndexLayersOptions): Promise<readonly (IndexedLayer | null)[]> {
    const { scanned, cache, cacheFolder, maxCacheBytes } = this.#parts;
    const results: (IndexedLayer | null)[] = layers.map(() => null);
    const budget = new TableBudget(layers);
    const settle = (blob: BlobSource, found: IndexedBlob): void => {
      const indexed = budget.take(found) ? found : withoutTable(found);
      layers.forEach((layer, at) => {
        if (layer.blob !== blob) return;
        results[at] = withMismatches(layer, indexed, options.verify ?? false);
        options.onLayer?.(layer, results[at] ?? null);
      });
    };
    for (const layer of layers) if (layer.blob === null) options.onLayer?.(layer, null);
    const tasks: IndexTask[] = [];
    for (const [blob, layer] of firstLayers(layers)) {
      const kept = scanned.get(blob) ?? cache?.read(blob) ?? null;
      const lacksSums = kept === null || (blob.compression !== 'none' && kept.layer.table.bodySums.length === 0);
      if (kept !== null && !options.verify && !(lacksSums && options.sums === 'needed')) settle(blob, kept);
      // Never replaces an index that has checksums with one that has none.
      else tasks.push(this.#task(blob, layer, options.verify ?? false, options.sums !== undefined || !lacksSums));
    }
    await this.#run(tasks, options, settle);
    if (cache?.written && cacheFolder !== null) await trimCache(cacheFolder, maxCacheBytes);
    return results;
  }

  #task(blob: BlobSource, layer: ArchiveLayer, verify: boolean, sums: boolean): IndexTask {
    const { cacheFolder } = this.#parts;
    const temporary = cacheFolder === null ? null : this.#unfinished();
    const cache = cacheFolder === null || temporary === null ? null : { folder: cacheFolder, temporary };
    return { blob, options: { verify, diffIdAlgorithm: algorithmOf(layer.diffId), sums }, cache };
  }

  /** A temporary path for an index; null if nothing can be written. */
  #unfinished(): string | null {
    try {
      return this.#parts.folder.newPath('.idx');
    } catch (error) {
      if (asLayerscopeError(error).code === 'INTERNAL') throw error;
      return null;
    }
  }

  /** Reads the blobs, largest first. An error in one stops the others. */
  async #run(tasks: IndexTask[], options: IndexLayersOptions, settle: (blob: BlobSource, indexed: IndexedBlob) => void): Promise<void> {
    if (tasks.length === 0) return;
    const { cache, pool, ended } = this.#parts;
    const total = tasks.reduce((sum, { blob }) => sum + blob.length, 0);
    const meter = new ProgressMeter('read', total, options.onProgress);
    const abort = new AbortController();
    const stop = (): void => abort.abort();
    options.signal?.addEventListener('abort', stop, { once: true });
    ended.addEventListener('abort', stop, { once: true });
    const { signal } = abort;
    const advance = (bytes: number): void => meter.advance(bytes);
    const run = async (task: IndexTask, work: Promise<IndexedBlob>): Promise<void> => {
      settle(task.blob, await work);
      if (task.cache !== null) cache?.noteWritten();
    };
    tasks.sort((a, b) => cost(b) - cost(a));
    const gate = new MemoryGate(signal);
    const onWorkers = pool === null ? [] : tasks.filter(isWorthAWorker);
    const here = tasks.filter((task) => !onWorkers.includes(task));
    const works = onWorkers.map((task) => gate.pass(task.blob.length, () => run(task, (pool as WorkerPool).run(task, signal, advance))));
    const inline = async (): Promise<void> => {
      for (const task of here) await run(task, runIndexTask(task, callerControl(signal, advance)));
    };
    try {
      await allOrStop([...works, inline()], stop);
    } finally {
      options.signal?.removeEventListener('abort', stop);
      ended.removeEventListener('abort', stop);
    }
  }
}

/** Each distinct blob with the first layer that uses it. */
function firstLayers(layers: readonly ArchiveLayer[]): Map<BlobSource, ArchiveLayer> {
  const first = new Map<BlobSource, ArchiveLayer>();
  for (const layer of layers) if (layer.blob !== null && !first.has(layer.blob)) first.set(layer.blob, layer);
  return first;
}

/** Approximate cost in bytes: only the headers of a plain tar are read. */
function cost({ blob, options }: IndexTask): number {
  return blob.compression === 'none' && !options.verify ? blob.length / 64 : blob.length;
}

function isWorthAWorker({ blob, options }: IndexTask): boolean {
  return blob.length >= (blob.compression === 'none' && !options.verify ? SMALL_PLAIN_BYTES : SMALL_WHOLE_BYTES);
}

/** Waits for all. If one fails, stops the others, waits for them too, and throws the first error. */
async function allOrStop(works: readonly Promise<void>[], stop: () => void): Promise<void> {
  let failed = false;
  let failure: unknown;
  await Promise.all(
    works.map((work) =>
      work.catch((error: unknown) => {
        if (failed) return;
        failed = true;
        failure = error;
        stop();
      }),
    ),
  );
  if (failed) throw failure;
}

/** Adds findings if the computed digests differ from those that the layer's descriptor and config state. */
function withMismatches(layer: ArchiveLayer, { layer: indexed, blobDigest }: IndexedBlob, verify: boolean): IndexedLayer {
  const findings: Finding[] = [];
  const digest = indexed.measured?.digest ?? blobDigest;
  if (layer.digest !== null && digest !== null && digest !== layer.digest) {
    findings.push(finding('digest-mismatch', `the blob is named ${layer.digest}, but its content hashes to ${digest}`));
  }
  const diffId = indexed.measured?.diffId ?? null;
  if (verify && layer.diffId !== null && diffId !== null && diffId !== layer.diffId) {
    findings.push(finding('diffid-mismatch', `the config says diffID ${layer.diffId}, the layer's tar is ${diffId}`));
  }
  const hashed = digest === null ? {} : { blobDigest: digest };
  return { ...indexed, ...hashed, findings: findings.length === 0 ? indexed.findings : [...indexed.findings, ...findings] };
}
