import { createReadStream, type Stats, statSync } from 'node:fs';
import { displayText, type Finding, finding, LayerscopeError } from '#model';
import { DEFAULT_CACHE_BYTES, trimCache } from './cache-trim.ts';
import { algorithmOf } from './digest.ts';
import { IndexCache, removeQuietly } from './index-cache.ts';
import type { IndexedBlob } from './index-layer.ts';
import { type IndexTask, runIndexTask } from './index-task.ts';
import { NewFile } from './new-file.ts';
import { type OpenedArchive, openLayoutFolder, titleOf } from './open-archive.ts';
import { FilePlainBytes, ForwardPlainBytes, type PlainBytes, SpooledPlainBytes } from './plain-bytes.ts';
import { PrivateFolder } from './private-folder.ts';
import { ProgressMeter } from './progress-meter.ts';
import { listRawMembers } from './raw-list.ts';
import { findMember } from './raw-member.ts';
import { readBodyBytes } from './read-body.ts';
import { SourceFile, systemError } from './source-file.ts';
import { SpoolStore } from './spool-store.ts';
import { TarOpener } from './tar-opener.ts';
import type { Archive, ArchiveLayer, BlobSource, IndexedLayer, RawMember, Reader, ReaderOptions } from './types.ts';
import { callerControl, cancelled } from './work-control.ts';
import { defaultWorkerUrl, WorkerPool } from './worker-pool.ts';

type OpenOptions = NonNullable<Parameters<Reader['open']>[1]>;
type IndexLayersOptions = NonNullable<Parameters<Reader['indexLayers']>[1]>;
type BodyOptions = NonNullable<Parameters<Reader['readBody']>[3]>;
type HeaderOptions = NonNullable<Parameters<Reader['readHeader']>[3]>;

/** Blobs smaller than this are read faster than a worker starts and warms up: compressed, or read whole to verify; plain, of which only headers are read. */
const SMALL_PACKED_BYTES = 1024 * 1024;
const SMALL_PLAIN_BYTES = 256 * 1024 * 1024;
const BLOCK = 512;
const DEFAULT_HEADER_BYTES = 8192;

/** Opens archives and reads layers; see {@link Reader}. Makes nothing on disk, and starts no worker, before it is needed. */
export function createReader(options: ReaderOptions): Reader {
  return new FileReader(options);
}

class FileReader implements Reader {
  readonly #options: ReaderOptions;
  readonly #maxBytes: number;
  readonly #folder: PrivateFolder;
  readonly #cache: IndexCache | null;
  readonly #spools: SpoolStore;
  readonly #pool: WorkerPool | null;
  readonly #scanned = new WeakMap<BlobSource, IndexedBlob>();
  readonly #ended = new AbortController();

  constructor(options: ReaderOptions) {
    this.#options = options;
    const { cacheFolder } = options;
    this.#maxBytes = options.cacheBytes ?? DEFAULT_CACHE_BYTES;
    this.#folder = new PrivateFolder(cacheFolder);
    this.#cache = cacheFolder === null ? null : new IndexCache(cacheFolder, () => this.#folder.newPath('.idx'));
    this.#spools = new SpoolStore(cacheFolder, this.#maxBytes, this.#folder);
    const script = options.workerUrl ?? (options.workers > 0 ? defaultWorkerUrl() : null);
    this.#pool = options.workers > 0 && script !== null ? new WorkerPool(script, options.workers) : null;
  }

  async open(path: string, options: OpenOptions = {}): Promise<Archive> {
    this.#check(options.signal);
    const stats = statOf(path);
    const title = titleOf(path);
    if (stats.isDirectory()) return this.#archive(openLayoutFolder(path), title, []);
    if (stats.isFIFO() || stats.isCharacterDevice()) return this.openStream(createReadStream(path), title, options);
    if (!stats.isFile()) throw new LayerscopeError('NOT_AN_IMAGE', `${displayText(path)} is neither a file nor a folder`);
    return this.#openTar(path, title, false, options);
  }

  async openStream(bytes: AsyncIterable<Uint8Array>, title: string, options: OpenOptions = {}): Promise<Archive> {
    const path = this.#folder.newPath('.in');
    const meter = new ProgressMeter('receive', null, options.onProgress);
    try {
      using file = new NewFile(path);
      this.#check(options.signal);
      for await (const chunk of untilAborted(bytes, options.signal)) {
        this.#check(options.signal);
        file.write(chunk);
        meter.advance(chunk.length);
      }
      this.#check(options.signal);
    } catch (error) {
      removeQuietly(path);
      this.#check(options.signal);
      throw error instanceof LayerscopeError ? error : systemError(error, title);
    }
    return this.#openTar(path, title, true, options);
  }

  async #openTar(path: string, title: string, isOurs: boolean, options: OpenOptions): Promise<Archive> {
    const parts = { cache: this.#cache, spools: this.#spools, folder: this.#folder, scanned: this.#scanned };
    try {
      using file = new SourceFile(path);
      const { archive, ownFiles } = await new TarOpener(parts, file, title, isOurs, options).open();
      return this.#archive(archive, title, isOurs ? [path, ...ownFiles] : ownFiles);
    } catch (error) {
      if (isOurs) removeQuietly(path);
      throw error;
    }
  }

  #archive(opened: OpenedArchive, title: string, ownFiles: readonly string[]): Archive {
    return {
      ...opened,
      title,
      async [Symbol.asyncDispose]() {
        for (const file of ownFiles) removeQuietly(file);
      },
    };
  }

  async indexLayers(layers: readonly ArchiveLayer[], options: IndexLayersOptions = {}): Promise<readonly (IndexedLayer | null)[]> {
    this.#check(options.signal);
    const results: (IndexedLayer | null)[] = layers.map(() => null);
    const settle = (blob: BlobSource, indexed: IndexedBlob): void => {
      layers.forEach((layer, at) => {
        if (layer.blob !== blob) return;
        results[at] = withMismatches(layer, indexed, options.verify ?? false);
        options.onLayer?.(layer, results[at] ?? null);
      });
    };
    for (const layer of layers) if (layer.blob === null) options.onLayer?.(layer, null);
    const tasks: IndexTask[] = [];
    for (const [blob, layer] of firstLayers(layers)) {
      const known = options.verify ? null : (this.#scanned.get(blob) ?? this.#cache?.read(blob) ?? null);
      if (known === null) tasks.push(this.#task(blob, layer, options.verify ?? false));
      else settle(blob, known);
    }
    await this.#run(tasks, options, settle);
    if (this.#cache?.written && this.#options.cacheFolder !== null) await trimCache(this.#options.cacheFolder, this.#maxBytes);
    return results;
  }

  #task(blob: BlobSource, layer: ArchiveLayer, verify: boolean): IndexTask {
    const folder = this.#options.cacheFolder;
    const cache = folder === null ? null : { folder, temporary: this.#folder.newPath('.idx') };
    return { blob, options: { verify, diffIdAlgorithm: algorithmOf(layer.diffId) }, cache };
  }

  /** Reads the blobs, the biggest first; what one of them throws stops the others. */
  async #run(tasks: IndexTask[], options: IndexLayersOptions, settle: (blob: BlobSource, indexed: IndexedBlob) => void): Promise<void> {
    if (tasks.length === 0) return;
    const total = tasks.reduce((sum, { blob }) => sum + blob.length, 0);
    const meter = new ProgressMeter('read', total, options.onProgress);
    const abort = new AbortController();
    const stop = (): void => abort.abort();
    options.signal?.addEventListener('abort', stop, { once: true });
    this.#ended.signal.addEventListener('abort', stop, { once: true });
    const { signal } = abort;
    const advance = (bytes: number): void => meter.advance(bytes);
    const run = async (task: IndexTask, work: Promise<IndexedBlob>): Promise<void> => {
      settle(task.blob, await work);
      if (task.cache !== null) this.#cache?.noteWritten();
    };
    tasks.sort((a, b) => cost(b) - cost(a));
    const pool = this.#pool;
    const onWorkers = pool === null ? [] : tasks.filter((task) => isWorthAWorker(task));
    const here = tasks.filter((task) => !onWorkers.includes(task));
    const works = onWorkers.map((task) => run(task, (pool as WorkerPool).run(task, signal, advance)));
    const inline = async (): Promise<void> => {
      for (const task of here) await run(task, runIndexTask(task, callerControl(signal, advance)));
    };
    try {
      await allOrStop([...works, inline()], stop);
    } finally {
      options.signal?.removeEventListener('abort', stop);
      this.#ended.signal.removeEventListener('abort', stop);
    }
  }

  async *readBody(layer: ArchiveLayer, indexed: IndexedLayer, member: number, options: BodyOptions = {}): AsyncGenerator<Uint8Array> {
    const { start = 0, length = Number.POSITIVE_INFINITY, signal } = options;
    this.#check(signal);
    await using bytes = this.#plain(layer, indexed, signal);
    for await (const chunk of readBodyBytes(bytes, indexed, member, start, start + length)) {
      this.#check(signal);
      yield chunk;
    }
  }

  async readHeader(
    layer: ArchiveLayer,
    indexed: IndexedLayer,
    member: number,
    options: HeaderOptions = {},
  ): Promise<{ readonly raw: RawMember; readonly bytes: Uint8Array; readonly bodyOffset: number }> {
    const { maxBytes = DEFAULT_HEADER_BYTES, signal } = options;
    this.#check(signal);
    if (!(member >= 0 && member < indexed.table.memberCount)) throw new LayerscopeError('NOT_FOUND', `the layer has no entry ${member}`);
    await using bytes = this.#plain(layer, indexed, signal);
    const offset = (indexed.table.headerBlock[member] as number) * BLOCK;
    const { raw, bodyOffset } = await findMember(bytes, offset, member);
    await using again = this.#plain(layer, indexed, signal);
    const wanted = Math.min(bodyOffset - offset, maxBytes);
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < wanted; ) {
      const piece = await again.read(offset + at, wanted - at);
      if (piece.length === 0) break;
      pieces.push(piece);
      at += piece.length;
    }
    return { raw, bytes: new Uint8Array(Buffer.concat(pieces)), bodyOffset };
  }

  async *listRaw(layer: ArchiveLayer, options: { signal?: AbortSignal } = {}): AsyncGenerator<RawMember> {
    this.#check(options.signal);
    yield* listRawMembers(blobOf(layer), options.signal);
  }

  #plain(layer: ArchiveLayer, indexed: IndexedLayer, signal: AbortSignal | undefined): PlainBytes {
    const blob = blobOf(layer);
    if (blob.compression === 'none') return new FilePlainBytes(blob);
    const spool = this.#spools.of(blob, indexed.tarBytes);
    if (spool.writeFailed) return new ForwardPlainBytes(blob, signal);
    return new SpooledPlainBytes(spool, signal, () => this.#spools.continueLater(spool, indexed.tarBytes));
  }

  #check(signal: AbortSignal | undefined): void {
    if (signal?.aborted || this.#ended.signal.aborted) throw cancelled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    await this.#spools.close();
    await this.#pool?.[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    throw systemError(error, path);
  }
}

/** The same, but ends with CANCELLED once nobody wants more, even while the source has nothing to give. */
async function* untilAborted(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const source = bytes[Symbol.asyncIterator]();
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(cancelled());
  });
  aborted.catch(() => undefined); // told by the race below, if anybody still listens
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for (;;) {
      const next = await Promise.race([source.next(), aborted]);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    // Not awaited: a source that hangs would hang us.
    void Promise.resolve(source.return?.()).catch(() => undefined);
  }
}

/** Throws BLOB_MISSING. */
function blobOf(layer: ArchiveLayer): BlobSource {
  if (layer.blob !== null) return layer.blob;
  throw new LayerscopeError('BLOB_MISSING', `layer ${layer.index} is ${layer.status}: its blob is not in the archive`);
}

/** Each blob once, with the first layer that it is of. */
function firstLayers(layers: readonly ArchiveLayer[]): Map<BlobSource, ArchiveLayer> {
  const first = new Map<BlobSource, ArchiveLayer>();
  for (const layer of layers) if (layer.blob !== null && !first.has(layer.blob)) first.set(layer.blob, layer);
  return first;
}

/** Bytes to get through, roughly: of a plain tar only the headers are read. */
function cost({ blob, options }: IndexTask): number {
  return blob.compression === 'none' && !options.verify ? blob.length / 64 : blob.length;
}

function isWorthAWorker({ blob, options }: IndexTask): boolean {
  return blob.length >= (blob.compression === 'none' && !options.verify ? SMALL_PLAIN_BYTES : SMALL_PACKED_BYTES);
}

/** Waits for all; where one fails, stops the others, waits for them too, and throws what failed first. */
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

/** The layer with what its descriptor and config state held against what was measured. */
function withMismatches(layer: ArchiveLayer, { layer: indexed, blobDigest }: IndexedBlob, verify: boolean): IndexedLayer {
  const findings: Finding[] = [];
  const digest = indexed.measured?.digest ?? blobDigest;
  if (layer.digest !== null && digest !== null && digest !== layer.digest) {
    findings.push(finding('digest-mismatch', `the blob is named ${layer.digest}, its content is ${digest}`));
  }
  const diffId = indexed.measured?.diffId ?? null;
  if (verify && layer.diffId !== null && diffId !== null && diffId !== layer.diffId) {
    findings.push(finding('diffid-mismatch', `the config says diffID ${layer.diffId}, the layer's tar is ${diffId}`));
  }
  return findings.length === 0 ? indexed : { ...indexed, findings: [...indexed.findings, ...findings] };
}
