// Compares the contents of files with equal sizes, which an index alone can't tell apart. Each pair is read once, however many rows show
// it. Both sides are read in parallel, in the order of one side's layers.

import { BodyComparer, type LayerBytes } from '#archive';
import { type EntryAt, resolveEntryBody } from '#changes';
import { FLAG } from '#format/layer';
import { CONTENT_BITS, DIFFERS, KIND, LayerscopeError, NO_ENTRY, NO_LAYER, type RowTable } from '#model';
import type { LoadedImage } from '../image/types.ts';
import { layersWithoutSums, packedBytes, takeSums } from './missing-sums.ts';

interface CompareProgress {
  readonly phase: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of bytes compared so far, counted on one side, or with the stored bytes read so far to compute checksums. */
  readonly onProgress?: ((progress: CompareProgress) => void) | undefined;
}

/** Whether and how file contents are compared. */
export interface ContentOptions extends ReadOptions {
  /** If false, no bytes are compared and files of equal size are `unread`. */
  readonly reads?: boolean;
  /**
   * Wraps the reading, if there is anything to read. `totalBytes` counts one side or, if checksums must be computed, stored bytes. Must
   * call `read` once.
   */
  readonly runRead?: (totalBytes: number, read: (options: ReadOptions) => Promise<void>) => Promise<void>;
}

/** Two bodies of equal size, and the rows that show them. */
interface Pair {
  readonly a: EntryAt;
  readonly b: EntryAt;
  readonly bytes: number;
  readonly rows: number[];
}

/** Results of pairs already compared within one image. They stay valid, because layers never change. */
const known = new WeakMap<LoadedImage, Map<string, boolean>>();

/**
 * Resolves `unread` in `differs`, in place: `content` if the bytes differ, `rewritten` if they don't. Damaged or truncated files stay
 * `unread`. The rows come from a comparison of `a` with `b`, or from changes of one image, passed as both. Throws IO, CANCELLED.
 */
export async function readContents(
  a: LoadedImage,
  b: LoadedImage,
  { rows, differs }: { readonly rows: RowTable; readonly differs: Uint16Array },
  options: ContentOptions = {},
): Promise<void> {
  const { runRead = (_, read) => read(options) } = options;
  const memo = a === b ? (known.get(a) ?? new Map<string, boolean>()) : new Map<string, boolean>();
  if (a === b) known.set(a, memo);
  const settle = (pair: Pair, isSame: boolean): void => {
    for (const row of pair.rows) {
      differs[row] = ((differs[row] as number) & ~CONTENT_BITS) | (isSame ? DIFFERS.rewritten : DIFFERS.content);
    }
  };
  const pairs: Pair[] = [];
  for (const [key, pair] of unreadPairs(a, b, rows, differs)) {
    const isSame = memo.get(key);
    if (isSame === undefined) pairs.push(pair);
    else settle(pair, isSame);
  }
  if (pairs.length === 0) return;
  pairs.sort((x, y) => x.b.layer - y.b.layer || x.b.member - y.b.member);
  // Equal checksums are enough for changes of one image; two images are compared byte by byte.
  const sumless = a === b ? layersWithoutSums(a, pairs) : [];
  const totalBytes = sumless.length > 0 ? packedBytes(a, sumless) : bytesOf(pairs);
  const keep = (pair: Pair, isSame: boolean | null): void => {
    if (isSame === null) return;
    settle(pair, isSame);
    memo.set(pairKey(pair.a, pair.b), isSame);
  };
  await runRead(totalBytes, async (readOptions) => {
    let left: readonly Pair[] = pairs;
    if (sumless.length > 0) {
      const report = (doneBytes: number): void => readOptions.onProgress?.({ phase: 'reading layers', doneBytes, totalBytes });
      const taken = await takeSums(a, sumless, { signal: readOptions.signal, onBytes: report });
      left = pairs.filter((pair) => {
        const isSame = taken.isSame(pair.a, pair.b);
        keep(pair, isSame);
        return isSame === null;
      });
    }
    await using reading = new PairReading(a, b, readOptions, bytesOf(left));
    for (const pair of left) keep(pair, await reading.isSame(pair));
  });
}

function bytesOf(pairs: readonly Pair[]): number {
  return pairs.reduce((sum, { bytes }) => sum + bytes, 0);
}

function pairKey(a: EntryAt, b: EntryAt): string {
  return `${a.layer}/${a.member}/${b.layer}/${b.member}`;
}

function unreadPairs(a: LoadedImage, b: LoadedImage, rows: RowTable, differs: Uint16Array): ReadonlyMap<string, Pair> {
  const pairs = new Map<string, Pair>();
  for (let row = 0; row < rows.length; row++) {
    if (rows.kind[row] !== KIND.modified || ((differs[row] as number) & DIFFERS.unread) === 0) continue;
    const before = bodyOf(a, rows.previousLayer[row] as number, rows.previousEntry[row] as number);
    const now = bodyOf(b, rows.layer[row] as number, rows.entry[row] as number);
    if (before === null || now === null || isCut(a, before) || isCut(b, now)) continue;
    const key = pairKey(before, now);
    const pair = pairs.get(key);
    if (pair !== undefined) pair.rows.push(row);
    else pairs.set(key, { a: before, b: now, bytes: b.stack.layers[now.layer]?.size[now.member] ?? 0, rows: [row] });
  }
  return pairs;
}

function bodyOf({ stack }: LoadedImage, layer: number, member: number): EntryAt | null {
  return layer === NO_LAYER || member === NO_ENTRY ? null : resolveEntryBody(stack, { layer, member });
}

function isCut({ stack }: LoadedImage, { layer, member }: EntryAt): boolean {
  return ((stack.layers[layer]?.flags[member] ?? 0) & FLAG.truncated) !== 0;
}

/** After these errors a file stays `unread`; its other differences are still listed. */
const UNREADABLE: ReadonlySet<string> = new Set(['TRUNCATED', 'DAMAGED', 'BAD_TAR', 'BLOB_MISSING']);

/** Compares pairs one after another, keeping their layers open. */
class PairReading implements AsyncDisposable {
  readonly #a: LoadedImage;
  readonly #b: LoadedImage;
  readonly #options: ReadOptions;
  readonly #totalBytes: number;
  readonly #comparer = new BodyComparer();
  readonly #open = new Map<LoadedImage, Map<number, LayerBytes>>();
  #doneBytes = 0;

  constructor(a: LoadedImage, b: LoadedImage, options: ReadOptions, totalBytes: number) {
    this.#a = a;
    this.#b = b;
    this.#options = options;
    this.#totalBytes = totalBytes;
  }

  /** Whether two bodies are identical; null if either can't be read or differs from its layer's table of contents. */
  async isSame({ a, b, bytes }: Pair): Promise<boolean | null> {
    const before = this.#doneBytes;
    const report = (): void =>
      this.#options.onProgress?.({ phase: 'comparing files', doneBytes: this.#doneBytes, totalBytes: this.#totalBytes });
    report();
    try {
      return await this.#comparer.isSame(
        { layer: this.#layer(this.#a, a.layer), member: a.member },
        { layer: this.#layer(this.#b, b.layer), member: b.member },
        {
          signal: this.#options.signal,
          onBytes: (count) => {
            this.#doneBytes += count;
            report();
          },
        },
      );
    } catch (error) {
      if (error instanceof LayerscopeError && UNREADABLE.has(error.code)) return null;
      throw error;
    } finally {
      this.#doneBytes = before + bytes;
    }
  }

  #layer(image: LoadedImage, index: number): LayerBytes {
    const ofImage = this.#open.get(image) ?? new Map<number, LayerBytes>();
    this.#open.set(image, ofImage);
    const opened = ofImage.get(index);
    if (opened !== undefined) return opened;
    const layer = image.image.layers[index];
    const indexed = image.layers[index];
    if (layer === undefined || !indexed) throw new LayerscopeError('BLOB_MISSING', `layer ${index} could not be read`);
    const { signal } = this.#options;
    const bytes = image.reader.openLayer(layer, indexed, signal === undefined ? {} : { signal });
    ofImage.set(index, bytes);
    return bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const ofImage of this.#open.values()) for (const layer of ofImage.values()) await layer[Symbol.asyncDispose]();
    this.#open.clear();
  }
}
