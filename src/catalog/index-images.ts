// Indexes images. Only what the catalog lacks is read and written; everything else is just looked up by name.
import type { Archive, ArchiveImage, ArchiveReader } from '#archive';
import { asLayerscopeError, displayText, isBareTag, isCancelled, throwIfCancelled } from '#model';
import { type CatalogFolder, CatalogWriteError, hashName } from './catalog-folder.ts';
import { ImageIndexer, type IndexedImage } from './image-indexer.ts';
import { type SubjectRow, SubjectRows } from './subject-rows.ts';

/** Something that may contain images: a file, a folder, or an image name. */
export interface Subject {
  /** Where the subject is: a file's absolute path, or the name. Stored in the catalog, and used to find the subject's rows. */
  readonly source: string;
  /** A string that changes if the content may have changed; null if that can't be known before the subject is opened. */
  readonly stamp: string | null;
  /** Opens the subject. The caller disposes of the archive. */
  open(): Promise<Archive>;
}

interface IndexProgress {
  readonly images: number;
  readonly newLayers: number;
  /** Total size of the files in the layers that were written. */
  readonly bytes: number;
}

export interface IndexOptions {
  /** Reads every byte, to find secrets and to compute a checksum of every file. */
  readonly scan?: boolean;
  /** Reads every byte, to check every digest. */
  readonly verify?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: IndexProgress) => void;
  /** Called for each image that couldn't be read, or was read only in part. Strings are safe to print. */
  readonly onError?: (error: IndexError) => void;
}

export interface IndexError {
  readonly source: string;
  readonly reference: string | null;
  readonly code: string;
  readonly message: string;
}

/** The result of a run. */
export interface IndexSummary {
  /** Number of files, folders and names. */
  readonly subjects: number;
  /** How many of the subjects hadn't changed since the last run. */
  readonly unchanged: number;
  /** Number of images, except those in unchanged subjects. */
  readonly images: number;
  /** How many of the images are new to the catalog. */
  readonly newImages: number;
  /** How many of the images couldn't be read. */
  readonly failed: number;
  /** Number of layers that were written. */
  readonly newLayers: number;
  /** Number of rows of these layers. */
  readonly newEntries: number;
  /** Total size of the files in these layers. */
  readonly newBytes: number;
}

/** Number of small images read at a time, so that one can be written while workers read the others. */
const IMAGES_AT_A_TIME = 6;
/** An image with more than this left to read, in compressed bytes, counts as two. */
const LARGE_BYTES = 16 * 1024 * 1024;
const SUBJECTS_AT_A_TIME = 3;

/**
 * Adds images to a catalog. An image that can't be read becomes a row with its error, and the others are still indexed. A run may be
 * stopped at any time and repeated. Several processes may index into the same folder at the same time. Throws CatalogWriteError if the
 * catalog can't be written, CANCELLED, and what `subjects` throws.
 */
export async function indexImages(
  catalog: CatalogFolder,
  reader: ArchiveReader,
  subjects: Iterable<Subject> | AsyncIterable<Subject>,
  options: IndexOptions = {},
): Promise<IndexSummary> {
  const run = new IndexRun(catalog, reader, options);
  await inTurns(SUBJECTS_AT_A_TIME, subjects, (subject) => run.subject(subject));
  return run.summary();
}

class IndexRun {
  readonly #catalog: CatalogFolder;
  readonly #options: IndexOptions;
  readonly #images: ImageIndexer;
  readonly #level: string;
  #subjects = 0;
  #unchanged = 0;
  #looked = 0;
  #failed = 0;
  readonly #waiting: { readonly image: ArchiveImage; readonly begin: (places: number) => void }[] = [];
  #free = IMAGES_AT_A_TIME;

  constructor(catalog: CatalogFolder, reader: ArchiveReader, options: IndexOptions) {
    this.#catalog = catalog;
    this.#options = options;
    const { scan = false, verify = false, signal } = options;
    this.#level = `${scan ? 's' : ''}${verify ? 'v' : ''}`;
    this.#images = new ImageIndexer(catalog, reader, { scan, verify, signal });
  }

  summary(): IndexSummary {
    const { newImages, newLayers, newEntries, bytes } = this.#images;
    return {
      subjects: this.#subjects,
      unchanged: this.#unchanged,
      images: this.#looked,
      newImages,
      failed: this.#failed,
      newLayers,
      newEntries,
      newBytes: bytes,
    };
  }

  async subject({ source, stamp, open }: Subject): Promise<void> {
    throwIfCancelled(this.#options.signal);
    this.#subjects++;
    const mark = stamp === null ? null : `${hashName(source)}-${hashName(stamp, this.#level)}`;
    if (mark !== null && this.#catalog.hasMark(mark)) {
      this.#unchanged++;
      return;
    }
    const rows = new SubjectRows(this.#catalog, source);
    try {
      await using archive = await open();
      await this.#archive(archive, rows);
    } catch (error) {
      this.#fail(rows, error);
    }
    rows.finish();
    // A subject with errors is tried again next time.
    if (mark !== null && !rows.hasErrors) this.#catalog.mark(mark);
  }

  async #archive(archive: Archive, rows: SubjectRows): Promise<void> {
    const problem = archive.findings.find(({ severity, image }) => severity === 'error' && image === undefined);
    if (problem !== undefined) this.#row(rows, { image: null, reference: null, error: { code: problem.code, message: problem.message } });
    const done = archive.images.map(async (image) => {
      const places = await this.#enter(image);
      try {
        await this.#image(archive, image, rows);
      } finally {
        this.#free += places;
        this.#beginNext();
      }
    });
    const settled = await Promise.allSettled(done);
    for (const each of settled) if (each.status === 'rejected') throw each.reason;
  }

  async #image(archive: Archive, image: ArchiveImage, rows: SubjectRows): Promise<void> {
    throwIfCancelled(this.#options.signal);
    this.#looked++;
    const named = image.tags.length > 0 ? image.tags : [archive.source?.reference ?? null];
    let found: IndexedImage | null = null;
    let error: SubjectRow['error'] = null;
    try {
      found = await this.#images.index(archive, image, (id) => named.every((reference) => rows.has(image, reference, id)));
      error = found.error;
    } catch (thrown) {
      error = this.#reason(thrown);
    }
    for (const reference of named) {
      const isTag = reference !== null && isBareTag(archive.format, reference);
      this.#row(rows, { image, reference, isTag, found, error });
    }
    this.#options.onProgress?.({ images: this.#looked, newLayers: this.#images.newLayers, bytes: this.#images.bytes });
  }

  #row(rows: SubjectRows, row: SubjectRow): void {
    rows.add(row);
    if (row.error === null) return;
    this.#failed++;
    this.#options.onError?.({ source: rows.source, reference: row.reference, ...row.error });
  }

  #fail(rows: SubjectRows, thrown: unknown): void {
    this.#row(rows, { image: null, reference: null, error: this.#reason(thrown) });
  }

  /** Returns the error for an image that couldn't be read. Rethrows errors that end the whole run. */
  #reason(thrown: unknown): { readonly code: string; readonly message: string } {
    if (thrown instanceof CatalogWriteError || isCancelled(thrown)) throw thrown;
    const { code, message } = asLayerscopeError(thrown);
    return { code, message: displayText(message) };
  }

  /** Waits until the image may be read. Returns how many of the {@link IMAGES_AT_A_TIME} places it takes. */
  #enter(image: ArchiveImage): Promise<number> {
    return new Promise((begin) => {
      this.#waiting.push({ image, begin });
      this.#beginNext();
    });
  }

  #beginNext(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const places = this.#images.unreadBytes(next.image) > LARGE_BYTES ? 2 : 1;
      if (places > this.#free) return;
      this.#free -= places;
      this.#waiting.shift();
      next.begin(places);
    }
  }
}

/** Calls `each` for all items, `count` at a time. The first error is thrown, after the running calls have ended. */
async function inTurns<T>(count: number, items: Iterable<T> | AsyncIterable<T>, each: (item: T) => Promise<void>): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for await (const item of items) {
    if (failures.length > 0) break;
    const call = each(item)
      .catch((error: unknown) => {
        failures.push(error);
      })
      .finally(() => running.delete(call));
    running.add(call);
    if (running.size >= count) await Promise.race(running);
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}
