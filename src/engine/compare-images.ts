import type { BlobSource } from '#archive';
import { buildStack, compareViews, type EntryAt, keepRows, resolveEntryBody } from '#changes';
import { DIFFERS, KIND, LayerscopeError, NO_ENTRY, NO_LAYER, type RowTable, TYPE } from '#model';
import type { LoadedImage } from './types.ts';

/** An image as seen at one of its layers; -1 is before the first. */
export interface ImageView {
  readonly loaded: LoadedImage;
  readonly layer: number;
}

/**
 * An image as if it began at `from`: the layers below are not there, and those from it on say by themselves what they bring. Bodies that
 * are hard links to a file of a layer below can't be told.
 */
export function aloneFrom(loaded: LoadedImage, from: number): LoadedImage {
  if (from <= 0) return loaded;
  const tables = loaded.layers.map((layer, index) => (index < from ? null : (layer?.table ?? null)));
  return { ...loaded, stack: buildStack(tables, { caseInsensitive: loaded.image.os === 'windows' }) };
}

/** The side of a comparison that a request names. Throws BAD_REQUEST where it begins above its end. */
export function viewOf(
  loaded: LoadedImage,
  { since = 0, layer }: { readonly since?: number | undefined; readonly layer: number },
): ImageView {
  if (since > layer) throw new LayerscopeError('BAD_REQUEST', 'a range of layers begins above its end');
  return { loaded: aloneFrom(loaded, since), layer };
}

export interface CompareOptions {
  readonly signal?: AbortSignal;
  /** Called with the bytes compared so far, of each side. */
  readonly onProgress?: (progress: CompareProgress) => void;
  /** Has bodies read, where there are any to read: so many bytes of each side. Given: it is to call `read`, once. */
  readonly around?: (totalBytes: number, read: (options: ReadOptions) => Promise<void>) => Promise<void>;
}

export interface CompareProgress {
  readonly phase: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

type ReadOptions = Pick<CompareOptions, 'signal' | 'onProgress'>;

/** One difference: a row of the comparison's table and what differs there. */
export interface Comparison {
  readonly rows: RowTable;
  /** For each row, bits of DIFFERS: as in the table, without `content` where both bodies turned out to be the same bytes. */
  readonly differs: Uint16Array;
  /** For each row, 1 where there is a difference to tell. */
  readonly counts: Uint8Array;
}

interface Undecided {
  readonly row: number;
  readonly a: EntryAt;
  readonly b: EntryAt;
}

function bodyOf({ loaded }: ImageView, layer: number, member: number): EntryAt | null {
  return layer === NO_LAYER || member === NO_ENTRY ? null : resolveEntryBody(loaded.stack, { layer, member });
}

function sizeOf({ loaded }: ImageView, body: EntryAt): number {
  return loaded.stack.layers[body.layer]?.size[body.member] ?? 0;
}

/** Rows whose bodies have the same size and aren't known to be the same or not. */
function undecidedRows(a: ImageView, b: ImageView, rows: RowTable): Undecided[] {
  const undecided: Undecided[] = [];
  for (let row = 0; row < rows.length; row++) {
    if (rows.kind[row] !== KIND.modified || ((rows.differs[row] as number) & DIFFERS.content) === 0) continue;
    const type = rows.type[row] as number;
    if (type !== TYPE.file && type !== TYPE.hardlink) continue;
    const before = bodyOf(a, rows.previousLayer[row] as number, rows.previousEntry[row] as number);
    const now = bodyOf(b, rows.layer[row] as number, rows.entry[row] as number);
    if (before !== null && now !== null && sizeOf(a, before) === sizeOf(b, now)) undecided.push({ row, a: before, b: now });
  }
  // In the order of one side's tars: each layer is gone through once.
  return undecided.sort((x, y) => x.b.layer - y.b.layer || x.b.member - y.b.member);
}

function readBody({ loaded }: ImageView, body: EntryAt, signal: AbortSignal | undefined): AsyncIterator<Uint8Array> {
  const layer = loaded.image.layers[body.layer];
  const indexed = loaded.layers[body.layer];
  if (layer === undefined || !indexed) throw new LayerscopeError('BLOB_MISSING', `layer ${body.layer} could not be read`);
  return loaded.reader.readBody(layer, indexed, body.member, signal === undefined ? {} : { signal })[Symbol.asyncIterator]();
}

/** Are two bodies the same bytes? Reads both side by side, no further than the first difference. */
async function sameBytes(a: AsyncIterator<Uint8Array>, b: AsyncIterator<Uint8Array>, onBytes: (count: number) => void): Promise<boolean> {
  let left: Uint8Array = new Uint8Array();
  let right: Uint8Array = new Uint8Array();
  try {
    for (;;) {
      while (left.length === 0) {
        const { done, value } = await a.next();
        if (done) break;
        left = value;
      }
      while (right.length === 0) {
        const { done, value } = await b.next();
        if (done) break;
        right = value;
      }
      if (left.length === 0 || right.length === 0) return left.length === right.length;
      const length = Math.min(left.length, right.length);
      if (Buffer.compare(left.subarray(0, length), right.subarray(0, length)) !== 0) return false;
      onBytes(length);
      left = left.subarray(length);
      right = right.subarray(length);
    }
  } finally {
    await a.return?.();
    await b.return?.();
  }
}

/**
 * Compares two file systems, each as seen at a layer, to the last byte: where two files have the same size and don't come from
 * the same layer, both are read. Throws NOT_FOUND for a layer that isn't there, TRUNCATED and DAMAGED for a body that can't be
 * read to its end, CANCELLED.
 */
export async function compareImages(a: ImageView, b: ImageView, options: CompareOptions = {}): Promise<Comparison> {
  const { signal, onProgress, around = (_, read) => read({ ...(signal && { signal }), ...(onProgress && { onProgress }) }) } = options;
  const rows = compareViews(a.loaded.stack, a.layer, b.loaded.stack, b.layer, {
    isSameLayer: (one, two) => isSameLayer(a.loaded, one, b.loaded, two),
  });
  const differs = rows.differs.slice();
  const undecided = undecidedRows(a, b, rows);
  const totalBytes = undecided.reduce((sum, { b: body }) => sum + sizeOf(b, body), 0);
  const read = async ({ signal, onProgress }: ReadOptions) => {
    let sumBefore = 0;
    for (const { row, a: before, b: now } of undecided) {
      let doneBytes = sumBefore;
      const onBytes = (count: number) => {
        signal?.throwIfAborted();
        doneBytes += count;
        onProgress?.({ phase: 'comparing files', doneBytes, totalBytes });
      };
      onBytes(0);
      const isSame = await sameBytes(readBody(a, before, signal), readBody(b, now, signal), onBytes);
      if (isSame) differs[row] = (differs[row] as number) & ~DIFFERS.content;
      sumBefore += sizeOf(b, now);
    }
  };
  if (undecided.length > 0) await around(totalBytes, read);
  const counts = new Uint8Array(rows.length);
  for (let row = 0; row < rows.length; row++) {
    const kind = rows.kind[row];
    counts[row] = kind === KIND.unchanged || (kind === KIND.modified && differs[row] === 0) ? 0 : 1;
  }
  return { rows, differs, counts };
}

/** A comparison as a table: rows that differ, with what does, and the folders that lead to them. */
export function differencesOf({ rows, differs, counts }: Comparison): RowTable {
  const kind = rows.kind.map((each, row) => (counts[row] === 0 ? KIND.unchanged : each));
  return keepRows({ ...rows, kind, differs }, counts);
}

/**
 * Two layers whose content is the same by what names it: the file and the range that it is, diffID or digest. A damaged one is
 * nothing but itself.
 */
function isSameLayer(a: LoadedImage, one: number, b: LoadedImage, two: number): boolean {
  const left = a.image.layers[one];
  const right = b.image.layers[two];
  if (left === undefined || right === undefined) return false;
  if (left.blob !== null && right.blob !== null && isSameBlob(left.blob, right.blob)) return true;
  if (a.layers[one]?.status !== 'present' || b.layers[two]?.status !== 'present') return false;
  return (left.diffId !== null && left.diffId === right.diffId) || (left.digest !== null && left.digest === right.digest);
}

/** The same bytes of the same file, be it opened once or twice. */
function isSameBlob(a: BlobSource, b: BlobSource): boolean {
  return a === b || (a.cacheKey !== '' && a.cacheKey === b.cacheKey);
}
