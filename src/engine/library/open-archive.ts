import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Archive, IndexedLayer } from '#archive';
import type { ArchiveSummary, RewrittenReport, StoredRef } from '#contract';
import { displayText, LayerscopeError, layerRange, throwIfCancelled } from '#model';
import type { LoadedImage } from '../image/types.ts';
import type { PackedWeights } from '../slim/what-if-reports.ts';
import { archiveSummary, wasScanned } from './archive-summary.ts';

export interface OpenArchiveFacts {
  readonly archiveId: string;
  readonly archive: Archive;
  readonly path: string | null;
  readonly isPart: boolean;
  readonly title: string;
  readonly stored?: StoredRef | undefined;
  readonly sizeBytes: number;
}

/** An open archive: what has been read from it, and the work in progress on it. */
export class OpenArchive {
  readonly archiveId: string;
  readonly archive: Archive;
  /** File or folder that the archive was opened from; null for an image opened by name. */
  readonly path: string | null;
  /** Whether the archive is only a part of `path`, such as one image of a store. */
  readonly isPart: boolean;
  readonly #title: string;
  readonly #stored: StoredRef | undefined;
  readonly #sizeBytes: number;
  readonly #loaded: (LoadedImage | null)[];
  readonly #rewritten = new Map<number, RewrittenReport>();
  readonly #weights = new Map<number, Map<string, number | { readonly obstacle: string }>>();
  readonly #arrived: (IndexedLayer | null | undefined)[][];
  readonly #ending = new AbortController();
  readonly #uses = new Set<Promise<unknown>>();
  #closed: Promise<void> | null = null;
  #release: () => Promise<void> = async () => {};

  constructor({ archiveId, archive, path, isPart, title, stored, sizeBytes }: OpenArchiveFacts) {
    this.archiveId = archiveId;
    this.archive = archive;
    this.path = path;
    this.isPart = isPart;
    this.#title = title;
    this.#stored = stored;
    this.#sizeBytes = sizeBytes;
    this.#loaded = archive.images.map(() => null);
    this.#arrived = archive.images.map(() => []);
  }

  summary(): ArchiveSummary {
    return archiveSummary({
      archiveId: this.archiveId,
      title: displayText(this.#title),
      folder: folderOf(this.path, this.#title),
      stored: this.#stored,
      sizeBytes: this.#sizeBytes,
      archive: this.archive,
      loaded: this.#loaded,
      arrived: this.#arrived,
    });
  }

  isLoaded(image: number): boolean {
    return this.#loaded[image] !== null && this.#loaded[image] !== undefined;
  }

  /** Whether the digests of the image's layers were checked. */
  isVerified(image: number): boolean {
    return this.#loaded[image]?.layers.some((layer) => layer !== null && layer.measured !== null) ?? false;
  }

  /** Whether the files of the image's layers were searched for secrets. */
  isScanned(image: number): boolean {
    return wasScanned(this.#loaded[image]);
  }

  arrive(image: number, layer: number, indexed: IndexedLayer | null): void {
    const layers = this.#arrived[image];
    if (layers !== undefined) layers[layer] = indexed;
  }

  setLoaded(image: number, loaded: LoadedImage): void {
    this.#loaded[image] = loaded;
    this.#arrived[image] = [];
  }

  /** Files that layers of the image rewrite with identical bytes; null until the search has run. */
  rewritten(image: number): RewrittenReport | null {
    return this.#rewritten.get(image) ?? null;
  }

  setRewritten(image: number, rewritten: RewrittenReport): void {
    this.#rewritten.set(image, rewritten);
  }

  /** The sizes of the image's what-ifs that were packed, or what prevented packing them. */
  weights(image: number): PackedWeights {
    return this.#weights.get(image) ?? new Map();
  }

  /** Records the result of packing a what-if. `text` identifies the what-if; see whatIfText. */
  setWeight(image: number, text: string, weight: number | { readonly obstacle: string }): void {
    const known = this.#weights.get(image) ?? new Map();
    this.#weights.set(image, known.set(text, weight));
  }

  /** Returns a loaded image. Throws NOT_FOUND if the image or one of `layers` doesn't exist, or the image isn't loaded yet. */
  loaded(image: number, ...layers: readonly number[]): LoadedImage {
    const known = this.archive.images[image];
    if (known === undefined) throw new LayerscopeError('NOT_FOUND', `no image ${image}`);
    for (const layer of layers)
      if (layer >= known.layers.length) throw new LayerscopeError('NOT_FOUND', `no layer ${layer}: ${layerRange(known.layers.length)}`);
    const loaded = this.#loaded[image];
    if (!loaded) throw new LayerscopeError('NOT_FOUND', `the layers of image ${image} have not been read yet`);
    return loaded;
  }

  /** Runs `work` on the archive. The archive is not disposed of before the work ends; closing it aborts the work. */
  async use<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const onAbort = (): void => controller.abort();
    const signals = [signal, this.#ending.signal];
    for (const each of signals) {
      throwIfCancelled(each);
      each.addEventListener('abort', onAbort);
    }
    const use = work(controller.signal);
    this.#uses.add(use);
    try {
      return await use;
    } finally {
      this.#uses.delete(use);
      for (const each of signals) each.removeEventListener('abort', onAbort);
    }
  }

  /** Like {@link use}, for a stream: the archive stays open until the last piece has been read or the consumer stops reading. */
  async *during(signal: AbortSignal, bytes: (signal: AbortSignal) => AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let finish = (): void => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let use: Promise<void> = finished;
    const controlled = await new Promise<AbortSignal>((resolve, reject) => {
      use = this.use(signal, (each) => {
        resolve(each);
        return finished;
      });
      use.catch(reject);
    });
    const pieces = bytes(controlled)[Symbol.asyncIterator]();
    const end = async (): Promise<void> => {
      await pieces.return?.();
      finish();
    };
    // A slow or abandoned consumer must not hold up closing.
    let isHeld = false;
    controlled.addEventListener('abort', () => isHeld && void end());
    try {
      for (;;) {
        const { done, value } = await pieces.next();
        if (done === true) return;
        isHeld = true;
        yield value;
        isHeld = false;
        throwIfCancelled(controlled);
      }
    } finally {
      await end();
      await use;
    }
  }

  /** Sets a callback that runs once the archive is disposed of; immediately if it already has been. */
  onClosed(release: () => Promise<void>): void {
    if (this.#closed === null) this.#release = release;
    else void this.#closed.then(release);
  }

  /** Aborts running work, waits for it and disposes of the archive. Later calls return the same promise. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#ending.abort();
    await Promise.allSettled(this.#uses); // each caller gets its own result or error
    await this.archive[Symbol.asyncDispose]();
    await this.#release();
  }
}

/** Returns the size of an archive's file in bytes; for a folder or an image opened by name, the total size of its layers and artifacts. */
export async function archiveBytes(path: string | null, archive: Archive): Promise<number> {
  if (path !== null) {
    const { size, isDirectory } = await stat(path).then((stats) => ({ size: stats.size, isDirectory: stats.isDirectory() }));
    if (!isDirectory) return size;
  }
  const blobs = new Map<string, number>();
  for (const { layers } of archive.images) {
    for (const { blob } of layers) if (blob !== null) blobs.set(`${blob.path}\0${blob.start}`, blob.length);
  }
  let bytes = 0;
  for (const length of blobs.values()) bytes += length;
  for (const artifact of archive.artifacts) bytes += artifact.bytes;
  return bytes;
}

/**
 * Returns the name of a file's folder; undefined if the file's name isn't the archive's title. That is the case for uploads, which are kept
 * in one of the program's own folders.
 */
function folderOf(file: string | null, title: string): string | undefined {
  if (file === null || path.basename(file) !== title) return undefined;
  return displayText(path.basename(path.dirname(file)));
}
