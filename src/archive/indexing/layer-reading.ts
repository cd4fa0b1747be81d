import { setMaxListeners } from 'node:events';
import { asLayerscopeError, type Finding, finding } from '#model';
import { arrivalOf, arrived } from '../blob/arrival.ts';
import { algorithmOf } from '../blob/digest.ts';
import type { CacheLimit } from '../cache/cache-trim.ts';
import type { IndexCache } from '../cache/index-cache.ts';
import { ProgressMeter } from '../control/progress-meter.ts';
import { callerControl } from '../control/work-control.ts';
import type { PrivateFolder } from '../files/private-folder.ts';
import type { PackedToc } from '../source-types.ts';
import type { ArchiveLayer, BlobSource, IndexedBlob, IndexedLayer, IndexLayersOptions } from '../types.ts';
import { Crew } from './crew.ts';
import { type IndexTask, runIndexTask } from './index-task.ts';
import { keptLazily, type LazyResult, lazyArrival, readLazily, tocsBeside } from './lazy-reading.ts';
import { MemoryGate, TableBudget, withoutTable } from './memory-budget.ts';
import type { WorkerPool } from './worker-pool.ts';

/** Takes a layer's index. Returns whether its table fits into the budget. */
type Settle = (blob: BlobSource, indexed: IndexedBlob) => boolean;

/** Below this size, starting a worker takes longer than reading a complete blob. */
const SMALL_WHOLE_BYTES = 1024 * 1024;
/** Below this size, sending a blob to a running worker takes as long as reading it. */
const SMALL_FOR_A_RUNNING_WORKER = 16 * 1024;
/** Like {@link SMALL_WHOLE_BYTES}, for plain blobs, whose headers alone are read. */
const SMALL_PLAIN_BYTES = 256 * 1024 * 1024;
/** Like {@link SMALL_PLAIN_BYTES}, if the calling thread would otherwise wait: it reads most of a blob before a worker has started. */
const SMALL_PLAIN_BYTES_HERE = 1024 * 1024 * 1024;

/** Like {@link SMALL_WHOLE_BYTES}, for blobs that an engine keeps in parts. This size corresponds to a few thousand files. */
const SMALL_SPLIT_BYTES = 8 * 1024 * 1024;
/** Like {@link SMALL_WHOLE_BYTES}, for packed tables of contents. This size corresponds to a few thousand entries. */
const SMALL_TOC_BYTES = 128 * 1024;
/**
 * Maximum total size, unpacked, of tables of contents read at the same time; a larger one is read alone. Reading one takes six times as
 * much memory, or thirty times if its entries are as short as possible.
 */
const TOC_BYTES_AT_ONCE = 12 * 1024 * 1024;
/** A larger table of contents is always read by a worker, because reading it here would block this thread for half a second. */
const MAX_TOC_BYTES_HERE = 16 * 1024 * 1024;
/** Smaller tables of contents are fetched without waiting for memory; they only wait before they are read. */
const SMALL_UNPACKED_TOC_BYTES = 1024 * 1024;

interface ReadingOptions extends IndexLayersOptions {
  /** Read every layer itself, even if it has a table of contents. */
  readonly isWhole?: boolean;
}

/** The parts of a reader used to read layers. */
export interface LayerReadingParts {
  /** Null if nothing is cached. */
  readonly cache: IndexCache | null;
  readonly cacheFolder: string | null;
  readonly cacheLimit: CacheLimit | null;
  readonly folder: PrivateFolder;
  /** Null if everything is read on the calling thread. */
  readonly pool: WorkerPool | null;
  /** Whether the calling thread reads some of the layers itself. */
  readonly callerReads: boolean;
  /** Layers that were indexed when their archive was opened. */
  readonly scanned: WeakMap<BlobSource, IndexedBlob>;
  /** Returns the key for checksums of bodies (see `BodySum`). */
  readonly sumKey: () => Uint8Array;
  /** Aborted when the reader is disposed of. */
  readonly ended: AbortSignal;
}

/** Indexes layers: from the cache, otherwise on workers or this thread. See {@link ArchiveReader.indexLayers}. */
export class LayerReading {
  readonly #parts: LayerReadingParts;
  /** Null if this thread doesn't share the workers' work. */
  readonly #crew: Crew | null;

  constructor(parts: LayerReadingParts) {
    this.#parts = parts;
    this.#crew = parts.callerReads && parts.pool !== null ? new Crew(parts.pool.size) : null;
  }

  async read(layers: readonly ArchiveLayer[], options: ReadingOptions): Promise<readonly (IndexedLayer | null)[]> {
    const { scanned, cache, cacheLimit } = this.#parts;
    const results: (IndexedLayer | null)[] = layers.map(() => null);
    const budget = new TableBudget(layers, (blob) => arrivalOf(blob) !== null);
    const isLazy = options.verify !== true && options.scan !== true && options.isWhole !== true;
    const settle = (blob: BlobSource, found: IndexedBlob): boolean => {
      const isTaken = budget.take(found, blob);
      const indexed = isTaken ? found : withoutTable(found);
      layers.forEach((layer, at) => {
        if (layer.blob !== blob) return;
        results[at] = withMismatches(layer, indexed, options.verify ?? false);
        options.onLayer?.(layer, results[at] ?? null);
      });
      return isTaken;
    };
    for (const layer of layers) if (layer.blob === null) options.onLayer?.(layer, null);
    const tasks: IndexTask[] = [];
    for (const [blob, layer] of firstLayers(layers)) {
      const kept = (isLazy ? scanned.get(blob) : null) ?? cache?.read(blob) ?? (isLazy ? keptLazily(blob, cache) : null);
      const lacksSums = kept === null || lacksBodySums(blob, kept);
      if (kept !== null && !options.verify && !options.scan && !(lacksSums && options.sums === 'needed')) settle(blob, kept);
      // Never replaces an index that has checksums with one that doesn't.
      else tasks.push(this.#task(blob, layer, options, options.sums !== undefined || options.scan === true || !lacksSums));
    }
    await this.#run(tasks, options, settle);
    if (cache !== null) await cacheLimit?.wrote(cache.takeNewBytes());
    return results;
  }

  #task(blob: BlobSource, layer: ArchiveLayer, { verify = false, scan = false }: ReadingOptions, sums: boolean): IndexTask {
    const { cacheFolder, sumKey } = this.#parts;
    const temporary = cacheFolder === null ? null : this.#unfinished();
    const key = sumKey();
    const cache = cacheFolder === null || temporary === null ? null : { folder: cacheFolder, temporary, sumKey: key };
    const annotations = arrivalOf(blob)?.parts?.annotations;
    const shared = annotations === undefined ? {} : { annotations };
    return { blob, options: { verify, scan, diffIdAlgorithm: algorithmOf(layer.diffId), sums: sums ? key : null, ...shared }, cache };
  }

  async #readLazily(task: IndexTask, gate: MemoryGate, signal: AbortSignal): Promise<LazyResult> {
    const { pool, cache } = this.#parts;
    const arrival = lazyArrival(task.blob);
    if (arrival === null) return { indexed: null, problem: null };
    let leave = (): void => {};
    let held = 0;
    const hold = async (bytes: number): Promise<void> => {
      if (bytes <= held) return;
      leave();
      leave = (): void => {}; // nothing is held if waiting fails
      leave = await gate.enter(bytes);
      held = bytes;
    };
    const onSize = async (bytes: number): Promise<void> => {
      if (bytes >= SMALL_UNPACKED_TOC_BYTES) await hold(bytes);
    };
    const index = async (toc: PackedToc): Promise<IndexedBlob> => {
      // Every TOC waits for memory, because even a few packed bytes may contain the maximum number of entries.
      const plainBytes = toc.plainBytes ?? toc.packed.length;
      await hold(plainBytes);
      const isLarge = toc.packed.length + (toc.tarSplit?.length ?? 0) >= SMALL_TOC_BYTES;
      const byToc = { ...task, toc };
      const here = (): Promise<IndexedBlob> => runIndexTask(byToc, callerControl(signal));
      if (!isLarge || pool === null) return here();
      const there = (): Promise<IndexedBlob> => pool.run(byToc, signal, () => undefined);
      return plainBytes > MAX_TOC_BYTES_HERE ? there() : this.#shared(here, there);
    };
    try {
      return await readLazily(arrival, task.blob, { index, onSize, cache }, signal);
    } finally {
      leave();
    }
  }

  /** Runs work on a worker, or on this thread if it shares the work. */
  #shared(here: () => Promise<IndexedBlob>, there: () => Promise<IndexedBlob>): Promise<IndexedBlob> {
    return this.#crew === null ? there() : this.#crew.run(here, there);
  }

  /** Returns a temporary path for an index; null if nothing can be written. */
  #unfinished(): string | null {
    try {
      return this.#parts.folder.newPath('.idx');
    } catch (error) {
      if (asLayerscopeError(error).code === 'INTERNAL') throw error;
      return null;
    }
  }

  /** Reads the blobs, largest first. An error in one stops the others. */
  async #run(tasks: IndexTask[], options: ReadingOptions, settle: Settle): Promise<void> {
    if (tasks.length === 0) return;
    const { cache, pool, ended } = this.#parts;
    const total = tasks.reduce((sum, { blob }) => sum + blob.length, 0);
    const meter = new ProgressMeter('read', total, options.onProgress);
    const abort = new AbortController();
    const stop = (): void => abort.abort();
    options.signal?.addEventListener('abort', stop, { once: true });
    ended.addEventListener('abort', stop, { once: true });
    const { signal } = abort;
    // Every layer listens for the end of the reading.
    setMaxListeners(0, signal);
    const advance = (bytes: number): void => meter.advance(bytes);
    const problems = new Map<BlobSource, Finding>();
    const run = async (task: IndexTask, work: Promise<IndexedBlob>): Promise<boolean> => {
      const isTaken = settle(task.blob, withProblem(await work, problems.get(task.blob)));
      if (task.cache !== null) cache?.noteWritten(task.blob);
      return isTaken;
    };
    tasks.sort((a, b) => cost(b) - cost(a));
    const gate = new MemoryGate(signal);
    const tocGate = new MemoryGate(signal, TOC_BYTES_AT_ONCE);
    const arrivals = tasks.map(({ blob }) => arrivalOf(blob)).filter((arrival) => arrival !== null);
    const stopArrivals = (): void => {
      for (const arrival of arrivals) arrival.stop();
    };
    signal.addEventListener('abort', stopArrivals, { once: true });
    const readWhole = async (asked: readonly IndexTask[]): Promise<void> => {
      // All downloads begin at once: memory limits how many layers are indexed at the same time, not how many are fetched.
      for (const { blob } of asked) arrivalOf(blob)?.begin();
      const isWanted = (task: IndexTask): boolean => isWorthAWorker(task, this.#parts.callerReads, options.isOneOfMany === true);
      const mine = this.#parts.callerReads ? asked.find(({ blob, options }) => isReadByHeaders(blob, options)) : undefined;
      const onWorkers = pool === null ? [] : asked.filter((task) => task !== mine && isWanted(task));
      const here = asked.filter((task) => !onWorkers.includes(task));
      const works = onWorkers.map((task) =>
        gate.pass(async () => {
          const whole = await withTocsBeside(task, signal);
          const there = (): Promise<IndexedBlob> => onWorker(whole, pool as WorkerPool, signal, advance);
          const here = (): Promise<IndexedBlob> => runIndexTask(whole, callerControl(signal, advance));
          await run(task, isSplitList(task) ? this.#shared(here, there) : there());
        }),
      );
      const inline = async (): Promise<void> => {
        for (const task of here) {
          const blob = await arrived(task.blob);
          await run(task, runIndexTask({ ...(await withTocsBeside(task, signal)), blob }, callerControl(signal, advance)));
        }
      };
      await allOrStop([...works, inline()], stop);
    };
    const isLazy = options.verify !== true && options.scan !== true && options.isWhole !== true;
    const lazies = isLazy ? tasks.filter(({ blob }) => lazyArrival(blob) !== null) : [];
    const readByToc = async (task: IndexTask): Promise<void> => {
      const { indexed, problem } = await this.#readLazily(task, tocGate, signal);
      const { blob } = task;
      if (indexed === null) {
        if (problem !== null) problems.set(blob, problem);
        return readWhole([task]);
      }
      advance(blob.length);
      const isTaken = await run(task, Promise.resolve(indexed));
      // Not cached on disk, so remembered; but a table that didn't fit into memory must not stay there.
      if (isTaken && indexed.layer.findings.some(({ code }) => code === 'unverified')) this.#parts.scanned.set(blob, indexed);
    };
    try {
      await allOrStop([...lazies.map(readByToc), readWhole(tasks.filter((task) => !lazies.includes(task)))], stop);
    } finally {
      options.signal?.removeEventListener('abort', stop);
      ended.removeEventListener('abort', stop);
    }
  }
}

/**
 * Whether a layer was unpacked without computing checksums of its bodies. A plain layer doesn't need any, because its bodies aren't read.
 */
function lacksBodySums({ compression }: BlobSource, { layer: { table } }: IndexedBlob): boolean {
  return compression !== 'none' && table.provenance === 'tar' && table.bodySums.length === 0;
}

/** Adds a problem with a layer's table of contents to the findings of the layer itself. */
function withProblem(indexed: IndexedBlob, problem: Finding | undefined): IndexedBlob {
  if (problem === undefined) return indexed;
  return { ...indexed, layer: { ...indexed.layer, findings: [...indexed.layer.findings, problem] } };
}

/** If a layer is verified or scanned, adds what is needed to compare it with the TOCs that a registry has for it. */
async function withTocsBeside(task: IndexTask, signal: AbortSignal): Promise<IndexTask> {
  if (!isReadWhole(task.options)) return task;
  const beside = await tocsBeside(task.blob, signal);
  return beside === null ? task : { ...task, options: { ...task.options, beside } };
}

/** Indexes a blob on a worker while it arrives. Throws the error that stopped the arrival. */
async function onWorker(task: IndexTask, pool: WorkerPool, signal: AbortSignal, advance: (bytes: number) => void): Promise<IndexedBlob> {
  const arrival = arrivalOf(task.blob);
  if (arrival === null) return pool.run(task, signal, advance);
  const { head, whole } = arrival.begin();
  const compression = await head;
  try {
    return await pool.run({ ...task, blob: { ...task.blob, compression } }, signal, advance);
  } catch (error) {
    if (asLayerscopeError(error).code === 'IO') await whole;
    throw error;
  }
}

/** Maps each distinct blob to the first layer that uses it. */
function firstLayers(layers: readonly ArchiveLayer[]): Map<BlobSource, ArchiveLayer> {
  const first = new Map<BlobSource, ArchiveLayer>();
  for (const layer of layers) if (layer.blob !== null && !first.has(layer.blob)) first.set(layer.blob, layer);
  return first;
}

/** Returns the approximate cost of a task, in bytes. A plain tar costs little, because only its headers are read. */
function cost({ blob, options }: IndexTask): number {
  return blob.compression === 'none' && !isReadWhole(options) ? blob.length / 64 : blob.length;
}

function isWorthAWorker({ blob, options }: IndexTask, callerReads: boolean, isOneOfMany: boolean): boolean {
  if (blob.split !== undefined) return blob.length >= SMALL_SPLIT_BYTES;
  if (!isReadByHeaders(blob, options)) return blob.length >= (isOneOfMany ? SMALL_FOR_A_RUNNING_WORKER : SMALL_WHOLE_BYTES);
  return blob.length >= (callerReads ? SMALL_PLAIN_BYTES_HERE : SMALL_PLAIN_BYTES);
}

function isReadWhole({ verify, scan = false }: IndexTask['options']): boolean {
  return verify || scan;
}

function isReadByHeaders({ compression, split }: BlobSource, options: IndexTask['options']): boolean {
  return compression === 'none' && split === undefined && !isReadWhole(options);
}

/** Whether only the metadata of a layer in parts is read. */
function isSplitList({ blob, options }: IndexTask): boolean {
  return blob.split !== undefined && !isReadWhole(options);
}

/** Waits for all promises. If one fails, stops the others, waits for them as well, and throws the first error. */
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
    findings.push(finding('digest-mismatch', `the blob's digest is stated as ${layer.digest}, but its content hashes to ${digest}`));
  }
  const diffId = indexed.measured?.diffId ?? null;
  if (verify && layer.diffId !== null && diffId !== null && diffId !== layer.diffId) {
    findings.push(finding('diffid-mismatch', `the config says diffID ${layer.diffId}, but the layer's tar hashes to ${diffId}`));
  }
  const hashed = digest === null ? {} : { blobDigest: digest };
  return { ...indexed, ...hashed, findings: findings.length === 0 ? indexed.findings : [...indexed.findings, ...findings] };
}
