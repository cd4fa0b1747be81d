import { createReadStream, type Stats, statSync } from 'node:fs';
import { displayText, LayerscopeError } from '#model';
import type { ArchiveReader } from './archive-reader.ts';
import { readPipe } from './blob/read-pipe.ts';
import { SourceFile, systemError } from './blob/source-file.ts';
import { bodiesOf } from './bodies/layer-bodies.ts';
import { LayerBytes } from './bodies/layer-bytes.ts';
import { FilePlainBytes, ForwardPlainBytes, type PlainBytes, SpooledPlainBytes } from './bodies/plain-bytes.ts';
import { listRawMembers } from './bodies/raw-list.ts';
import { findMember } from './bodies/raw-member.ts';
import { readBodyBytes } from './bodies/read-body.ts';
import { DEFAULT_CACHE_BYTES } from './cache/cache-trim.ts';
import { IndexCache, removeQuietly } from './cache/index-cache.ts';
import { abortable } from './control/abortable.ts';
import { ProgressMeter } from './control/progress-meter.ts';
import { cancelled } from './control/work-control.ts';
import { PrivateFolder } from './files/private-folder.ts';
import { LayerReading } from './indexing/layer-reading.ts';
import { defaultWorkerUrl, WorkerPool } from './indexing/worker-pool.ts';
import { type OpenedArchive, openChainFiles, titleOf } from './open/open-archive.ts';
import { openFolder } from './open/open-folder.ts';
import { TarOpener } from './open/tar-opener.ts';
import { NewFile } from './spool/new-file.ts';
import { SpoolStore } from './spool/spool-store.ts';
import type {
  Archive,
  ArchiveLayer,
  BlobSource,
  ChainFiles,
  IndexedBlob,
  IndexedLayer,
  IndexLayersOptions,
  LayerBodies,
  OpenOptions,
  RawMember,
  ReaderOptions,
} from './types.ts';

type BodyOptions = NonNullable<Parameters<ArchiveReader['readBody']>[3]>;
type HeaderOptions = NonNullable<Parameters<ArchiveReader['readHeader']>[3]>;

const BLOCK = 512;
const DEFAULT_HEADER_BYTES = 8192;

/** Creates a reader; see {@link ArchiveReader}. It creates no files and starts no workers until they are needed. */
export function createReader(options: ReaderOptions): ArchiveReader {
  return new FileReader(options);
}

class FileReader implements ArchiveReader {
  readonly #folder: PrivateFolder;
  readonly #cache: IndexCache | null;
  readonly #spools: SpoolStore;
  readonly #pool: WorkerPool | null;
  readonly #layers: LayerReading;
  readonly #scanned = new WeakMap<BlobSource, IndexedBlob>();
  readonly #ended = new AbortController();

  constructor(options: ReaderOptions) {
    const { cacheFolder } = options;
    const maxCacheBytes = options.cacheBytes ?? DEFAULT_CACHE_BYTES;
    this.#folder = new PrivateFolder(cacheFolder);
    this.#cache = cacheFolder === null ? null : new IndexCache(cacheFolder, () => this.#folder.newPath('.idx'));
    this.#spools = new SpoolStore(cacheFolder, maxCacheBytes, this.#folder);
    const script = options.workerUrl ?? (options.workers > 0 ? defaultWorkerUrl() : null);
    this.#pool = options.workers > 0 && script !== null ? new WorkerPool(script, options.workers) : null;
    this.#layers = new LayerReading({
      cache: this.#cache,
      cacheFolder,
      maxCacheBytes,
      folder: this.#folder,
      pool: this.#pool,
      scanned: this.#scanned,
      ended: this.#ended.signal,
    });
  }

  async open(path: string, options: OpenOptions = {}): Promise<Archive> {
    this.#check(options.signal);
    const stats = statOf(path);
    const title = titleOf(path);
    if (stats.isDirectory()) {
      const newPath = (): string => this.#folder.newPath('.member');
      return this.#archive(openFolder(path, newPath, options.followLinks ?? false), title, []);
    }
    if (stats.isFIFO()) return this.openStream(readPipe(path), title, options);
    if (stats.isCharacterDevice()) return this.openStream(createReadStream(path), title, options);
    if (!stats.isFile()) throw new LayerscopeError('NOT_AN_IMAGE', `${displayText(path)} is neither a file nor a folder`);
    return this.#openTar(path, title, false, options);
  }

  async openStream(bytes: AsyncIterable<Uint8Array>, title: string, options: OpenOptions = {}): Promise<Archive> {
    const path = this.#folder.newPath('.in');
    const meter = new ProgressMeter('receive', null, options.onProgress);
    try {
      using file = new NewFile(path);
      this.#check(options.signal);
      for await (const chunk of abortable(bytes, options.signal)) {
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

  async openLayers(chain: ChainFiles): Promise<Archive> {
    this.#check(undefined);
    const { ownFiles: _none, ...opened } = openChainFiles(chain);
    return {
      ...opened,
      title: chain.title,
      async [Symbol.asyncDispose]() {
        await chain.onClose?.();
      },
    };
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

  #archive({ ownFiles: laidOut, ...opened }: OpenedArchive, title: string, ownFiles: readonly string[]): Archive {
    return {
      ...opened,
      title,
      async [Symbol.asyncDispose]() {
        for (const file of [...ownFiles, ...laidOut()]) removeQuietly(file);
      },
    };
  }

  async indexLayers(layers: readonly ArchiveLayer[], options: IndexLayersOptions = {}): Promise<readonly (IndexedLayer | null)[]> {
    this.#check(options.signal);
    return this.#layers.read(layers, options);
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

  openLayer(layer: ArchiveLayer, indexed: IndexedLayer, { signal }: { signal?: AbortSignal } = {}): LayerBytes {
    this.#check(signal);
    return new LayerBytes(indexed.table, this.#plain(layer, indexed, signal));
  }

  openBodies(layer: ArchiveLayer, indexed: IndexedLayer, { signal }: { signal?: AbortSignal } = {}): LayerBodies {
    this.#check(signal);
    return bodiesOf(this.#plain(layer, indexed, signal), indexed);
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
    if (spool === null || spool.failed) return new ForwardPlainBytes(blob, signal);
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

/** Throws BLOB_MISSING. */
function blobOf(layer: ArchiveLayer): BlobSource {
  if (layer.blob !== null) return layer.blob;
  throw new LayerscopeError('BLOB_MISSING', `layer ${layer.index} is ${layer.status}: its blob is not in the archive`);
}
