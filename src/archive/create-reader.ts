import { createHmac, randomBytes } from 'node:crypto';
import { type Stats, statSync } from 'node:fs';
import { asLayerscopeError, displayText, fileKind, LayerscopeError } from '#model';
import type { ArchiveReader } from './archive-reader.ts';
import { arrived } from './blob/arrival.ts';
import { readDevice, readPipe } from './blob/read-pipe.ts';
import { SourceFile, systemError } from './blob/source-file.ts';
import { bodiesOf } from './bodies/layer-bodies.ts';
import { LayerBytes } from './bodies/layer-bytes.ts';
import { listRawMembers } from './bodies/raw-list.ts';
import { findMember } from './bodies/raw-member.ts';
import { readBodyBytes } from './bodies/read-body.ts';
import { BlobCache } from './cache/blob-cache.ts';
import { CacheLimit, DEFAULT_CACHE_BYTES } from './cache/cache-trim.ts';
import { IndexCache, removeQuietly } from './cache/index-cache.ts';
import { userKey } from './cache/user-key.ts';
import { cancelled } from './control/work-control.ts';
import { PrivateFolder } from './files/private-folder.ts';
import { SUM_KEY_BYTES } from './indexing/body-sum.ts';
import { LayerReading } from './indexing/layer-reading.ts';
import { isSameEntry } from './indexing/lazy-reading.ts';
import { defaultWorkerUrl, WorkerPool } from './indexing/worker-pool.ts';
import { type OpenedArchive, openChainFiles, titleOf } from './open/open-archive.ts';
import { openFetchedImage } from './open/open-fetched.ts';
import { openFolder } from './open/open-folder.ts';
import { layersOfParts, openContent, openParts } from './open/open-parts.ts';
import { inPlaceOf, OtherImage, partsProblem, withFallback } from './open/other-image.ts';
import { receive } from './open/receive.ts';
import { TarOpener } from './open/tar-opener.ts';
import { blobOf, contentsNotKept, PlainOpener } from './plain-opener.ts';
import type { ContentFolder, FetchedContent, ImageParts } from './source-types.ts';
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
  StreamOptions,
} from './types.ts';

type BodyOptions = NonNullable<Parameters<ArchiveReader['readBody']>[3]>;
type HeaderOptions = NonNullable<Parameters<ArchiveReader['readHeader']>[3]>;

const BLOCK = 512;
const DEFAULT_HEADER_BYTES = 8192;

/** Creates a reader; see {@link ArchiveReader}. Files and workers are created only when needed. */
export function createReader(options: ReaderOptions): ArchiveReader {
  return new FileReader(options);
}

class FileReader implements ArchiveReader {
  readonly #folder: PrivateFolder;
  readonly #cache: IndexCache | null;
  readonly #spools: SpoolStore;
  /** Null if blobs aren't cached. */
  readonly #blobs: BlobCache | null;
  readonly #pool: WorkerPool | null;
  readonly #layers: LayerReading;
  readonly #scanned = new WeakMap<BlobSource, IndexedBlob>();
  /** Other ways to read the images that were opened in parts, keyed by their layers' blobs. */
  readonly #others = new WeakMap<BlobSource, OtherImage>();
  readonly #listedOnly = new WeakSet<BlobSource>();
  readonly #ended = new AbortController();
  readonly #plains: PlainOpener;
  readonly #cacheLimit: CacheLimit | null;

  constructor(options: ReaderOptions) {
    const { cacheFolder } = options;
    const maxCacheBytes = options.cacheBytes ?? DEFAULT_CACHE_BYTES;
    this.#cacheLimit = cacheFolder === null ? null : new CacheLimit(cacheFolder, maxCacheBytes);
    this.#folder = new PrivateFolder(cacheFolder);
    let sums = options.sumKey ?? null;
    const sumKey = (): Uint8Array => {
      sums ??= ownSumKey(cacheFolder);
      return sums;
    };
    this.#cache = cacheFolder === null ? null : new IndexCache(cacheFolder, { temporary: () => this.#folder.newPath('.idx'), sumKey });
    this.#spools = new SpoolStore(cacheFolder, maxCacheBytes, this.#folder);
    this.#blobs = cacheFolder === null ? null : new BlobCache(cacheFolder, maxCacheBytes, () => this.#folder.newPath('.blob'));
    const script = options.workerUrl ?? (options.workers > 0 ? defaultWorkerUrl() : null);
    this.#pool = options.workers > 0 && script !== null ? new WorkerPool(script, options.workers) : null;
    this.#plains = new PlainOpener({
      cache: this.#cache,
      blobs: this.#blobs,
      spools: this.#spools,
      others: this.#others,
      listedOnly: this.#listedOnly,
    });
    this.#layers = new LayerReading({
      cache: this.#cache,
      cacheFolder,
      cacheLimit: this.#cacheLimit,
      folder: this.#folder,
      pool: this.#pool,
      callerReads: options.callerReads ?? false,
      scanned: this.#scanned,
      sumKey,
      ended: this.#ended.signal,
    });
  }

  async open(path: string, options: OpenOptions = {}): Promise<Archive> {
    this.#check(options.signal);
    const stats = statOf(path);
    const title = titleOf(path);
    if (stats.isDirectory()) {
      const newPath = (): string => this.#folder.newPath('.member');
      return this.#archive(
        namingFolder(path, () => openFolder(path, newPath, options.followLinks ?? false)),
        title,
        [],
      );
    }
    if (stats.isFIFO()) return this.openStream(readPipe(path), title, options);
    if (stats.isCharacterDevice()) return this.openStream(readDevice(path), title, { ...options, isDevice: true });
    if (!stats.isFile()) throw new LayerscopeError('NOT_AN_IMAGE', `${displayText(path)} is ${fileKind(stats)}, not a file or folder`);
    return this.#openTar(path, title, false, options);
  }

  async openStream(bytes: AsyncIterable<Uint8Array>, title: string, options: StreamOptions = {}): Promise<Archive> {
    const path = this.#folder.newPath('.in');
    const scan = await receive({ bytes, title, path, options, check: () => this.#check(options.signal) }).catch((error: unknown) => {
      removeQuietly(path);
      throw error;
    });
    const notListed = new LayerscopeError('DAMAGED', 'a layer could not be listed while it was received');
    const archive = await this.#openTar(path, title, true, options).catch((error: unknown) => {
      // The error may only be due to the skipped bytes: a document may have been among them.
      throw options.isForListing && !scan.isWholeWith(new Set()) ? notListed : error;
    });
    const known = new Set<IndexedBlob>();
    for (const { blob } of archive.images.flatMap(({ layers }) => layers)) {
      const indexed = blob === null || blob.path !== path ? null : scan.indexOf(blob);
      if (blob === null || indexed === null) continue;
      known.add(indexed);
      this.#scanned.set(blob, indexed);
      if (options.isForListing) this.#listedOnly.add(blob);
    }
    if (options.isForListing && !scan.isWholeWith(known)) {
      await archive[Symbol.asyncDispose]();
      throw notListed;
    }
    return archive;
  }

  async openFetched(content: FetchedContent): Promise<Archive> {
    this.#check(undefined);
    const newPath = (): string => this.#folder.newPath('.blob');
    const { opened, close } = openFetchedImage(content, newPath, this.#blobs);
    const { ownFiles, ...shown } = opened;
    return {
      ...shown,
      title: content.title,
      source: content.source,
      async [Symbol.asyncDispose]() {
        for (const file of [...close(), ...ownFiles()]) removeQuietly(file);
        content.onClose?.();
      },
    };
  }

  keptDocument(digest: string): Uint8Array | null {
    return this.#blobs?.readDocument(digest) ?? null;
  }

  keepDocument(digest: string, bytes: Uint8Array): void {
    this.#blobs?.keepDocument(digest, bytes);
  }

  keptReport(key: string): string | null {
    return this.#cache?.readReport(key) ?? null;
  }

  keepReport(key: string, report: string): void {
    this.#cache?.writeReport(key, report);
  }

  async openParts(parts: ImageParts, { signal, onProgress }: Pick<OpenOptions, 'signal' | 'onProgress'> = {}): Promise<Archive> {
    this.#check(signal);
    const options = { ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) };
    const indexed = await this.#layers.read(layersOfParts(parts), options);
    const other = parts.instead === undefined ? null : new OtherImage(parts);
    const problem = other === null ? null : partsProblem(parts, indexed);
    const whole = problem === null ? null : await other?.open(problem.reason, options);
    if (problem !== null && whole) return inPlaceOf(parts, whole, problem);
    const opened = openParts(parts, indexed);
    for (const { blob, index } of opened.images[0]?.layers ?? []) {
      const layer = indexed[index];
      if (blob !== null && layer) this.#scanned.set(blob, { layer, blobDigest: null });
      if (blob !== null && other !== null) this.#others.set(blob, other);
    }
    const archive = this.#archive(opened, parts.title, []);
    if (other === null) return { ...archive, source: parts.source };
    return {
      ...archive,
      source: withFallback(parts.source, () => other.reason),
      async [Symbol.asyncDispose]() {
        await other[Symbol.asyncDispose]();
        await archive[Symbol.asyncDispose]();
      },
    };
  }

  async openContent(content: ContentFolder): Promise<Archive> {
    this.#check(undefined);
    const opened = openContent(content, () => this.#folder.newPath('.member'));
    return { ...this.#archive(opened, content.title, []), source: content.source };
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
    const isWhole = options.verify === true || options.scan === true;
    if (isWhole && layers.some(({ blob }) => blob !== null && this.#listedOnly.has(blob))) throw contentsNotKept();
    const others = isWhole ? layers.filter(({ blob }) => blob !== null && this.#others.has(blob)) : [];
    if (others.length === 0) return this.#layers.read(layers, options);
    return this.#readWithOthers(layers, options);
  }

  /** Reads whole layers. Layers whose files on disk have changed or can't be read are read another way, if there is one. */
  async #readWithOthers(layers: readonly ArchiveLayer[], options: IndexLayersOptions): Promise<readonly (IndexedLayer | null)[]> {
    const { signal, onProgress, onLayer } = options;
    const control = { signal, onProgress };
    let results: readonly (IndexedLayer | null)[];
    let refused: string | null = null;
    try {
      results = await this.#layers.read(layers, options);
    } catch (error) {
      const { code, message } = asLayerscopeError(error);
      if (code !== 'PERMISSION') throw error;
      refused = message;
      results = layers.map(() => null);
    }
    const settled = [...results];
    for (const [at, layer] of layers.entries()) {
      const other = layer.blob === null ? undefined : this.#others.get(layer.blob);
      const changed = results[at]?.findings.filter(({ code }) => code === 'changed-on-disk' || code === 'damaged-blob') ?? [];
      const reason = refused ?? changed[0]?.message;
      if (reason === undefined) continue;
      const found = (await other?.layer(layer, reason, control)) ?? null;
      if (found === null && refused !== null) throw new LayerscopeError('PERMISSION', refused);
      if (found === null) continue;
      const { onLayer: _onLayer, ...rest } = options;
      const [again = null] = await this.#layers.read([found], rest);
      settled[at] = again === null ? null : { ...again, findings: [...again.findings, ...changed] };
      onLayer?.(layer, settled[at] ?? null);
    }
    return settled;
  }

  async *readBody(layer: ArchiveLayer, indexed: IndexedLayer, member: number, options: BodyOptions = {}): AsyncGenerator<Uint8Array> {
    const { start = 0, length = Number.POSITIVE_INFINITY, signal } = options;
    this.#check(signal);
    await using bytes = this.#plains.open(layer, indexed, signal, true);
    for await (const chunk of readBodyBytes(bytes, indexed, member, start, start + length)) {
      this.#check(signal);
      yield chunk;
    }
  }

  openLayer(layer: ArchiveLayer, indexed: IndexedLayer, { signal }: { signal?: AbortSignal } = {}): LayerBytes {
    this.#check(signal);
    return new LayerBytes(indexed.table, this.#plains.open(layer, indexed, signal));
  }

  openBodies(layer: ArchiveLayer, indexed: IndexedLayer, { signal }: { signal?: AbortSignal } = {}): LayerBodies {
    this.#check(signal);
    return bodiesOf(this.#plains.open(layer, indexed, signal), indexed);
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
    const whole = await this.#withHeaders(layer, indexed, member, signal);
    await using bytes = this.#plains.open(layer, whole, signal, true);
    const offset = (whole.table.headerBlock[member] as number) * BLOCK;
    const { raw, bodyOffset } = await findMember(bytes, offset, member);
    await using again = this.#plains.open(layer, whole, signal, true);
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
    yield* listRawMembers(await arrived(blobOf(layer)), options.signal);
  }

  /**
   * Returns the layer with its tar's own headers: reads the tar if `indexed` was made from a table of contents. Throws DAMAGED if the tar
   * has a different entry in the member's place.
   */
  async #withHeaders(layer: ArchiveLayer, indexed: IndexedLayer, member: number, signal: AbortSignal | undefined): Promise<IndexedLayer> {
    if (indexed.table.provenance === 'tar') return indexed;
    const [whole] = await this.#layers.read([layer], { isWhole: true, ...(signal === undefined ? {} : { signal }) });
    if (!whole || !isSameEntry(indexed.table, whole.table, member))
      throw new LayerscopeError('DAMAGED', `layer ${layer.index} has a different entry than its table of contents lists`);
    return whole;
  }

  #check(signal: AbortSignal | undefined): void {
    if (signal?.aborted || this.#ended.signal.aborted) throw cancelled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    await this.#spools.close();
    const newBytes = (this.#blobs?.writtenBytes ?? 0) + (this.#cache?.takeNewBytes() ?? 0);
    await this.#cacheLimit?.wrote(newBytes, true);
    await this.#pool?.[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

/** Returns this user's key for checksums. It stays the same between runs if it can be stored in the cache folder. */
function ownSumKey(cacheFolder: string | null): Uint8Array {
  const key = cacheFolder === null ? null : userKey(cacheFolder, true);
  return key === null ? randomBytes(SUM_KEY_BYTES) : createHmac('sha512', key).update('checksums of bodies').digest();
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    throw systemError(error, path);
  }
}

/** Runs `open`, and adds the folder's name to a NOT_AN_IMAGE error. */
function namingFolder<T>(folder: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof LayerscopeError) || error.code !== 'NOT_AN_IMAGE') throw error;
    throw new LayerscopeError(error.code, `${displayText(folder)}: ${error.message}`, { cause: error });
  }
}
