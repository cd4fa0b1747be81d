import type { BlobSource } from '#archive';
import { buildStack, compareViews, countBodies, keepRows } from '#changes';
import { DIFFERS, KIND, LayerscopeError, type RowTable, TYPE } from '#model';
import type { LoadedImage } from '../image/types.ts';
import { type ContentOptions, readContents } from './read-contents.ts';

/** An image as seen at one of its layers; -1 is before the first. */
export interface ImageView {
  readonly loaded: LoadedImage;
  readonly layer: number;
  /** The request named layers of the image, so its config isn't compared. */
  readonly isPart?: boolean;
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
export function viewOf(loaded: LoadedImage, { since, layer }: { readonly since?: number | undefined; readonly layer: number }): ImageView {
  if ((since ?? 0) > layer) throw new LayerscopeError('BAD_REQUEST', 'a range of layers begins above its end');
  return { loaded: aloneFrom(loaded, since ?? 0), layer, isPart: since !== undefined };
}

export interface CompareOptions extends ContentOptions {
  /** Bits of DIFFERS: what differs in these only is no difference. */
  readonly ignore?: number;
}

/** A comparison's rows, and what differs in each. */
export interface Comparison {
  readonly rows: RowTable;
  /** For each row, bits of DIFFERS: as in the table, with what reading both bodies told. */
  readonly differs: Uint16Array;
  /** For each row, 1 where there is a difference to tell. */
  readonly counts: Uint8Array;
}

/**
 * Compares two file systems, each as seen at a layer, to the last byte: two files of the same size that don't come from the same
 * layer are both read, unless their checksums differ. A body that can't be read to its end is `unread`, which is listed as a
 * difference. Throws NOT_FOUND for a layer that isn't there, IO, CANCELLED.
 */
export async function compareImages(a: ImageView, b: ImageView, options: CompareOptions = {}): Promise<Comparison> {
  const { reads = true, ignore = 0 } = options;
  const rows = compareViews(a.loaded.stack, a.layer, b.loaded.stack, b.layer, {
    isSameLayer: (one, two) => isSameLayer(a.loaded, one, b.loaded, two),
    ...(reads ? {} : { sums: 'ignored' as const }),
  });
  const differs = rows.differs.slice();
  if (reads) await readContents(a.loaded, b.loaded, { rows, differs }, options);
  const none = DIFFERS.rewritten | ignore;
  const counts = new Uint8Array(rows.length);
  for (let row = 0; row < rows.length; row++) {
    const kind = rows.kind[row];
    // A folder's time alone is no difference.
    const silent = rows.type[row] === TYPE.directory ? none | DIFFERS.time : none;
    counts[row] = kind === KIND.unchanged || (kind === KIND.modified && ((differs[row] as number) & ~silent) === 0) ? 0 : 1;
  }
  countBodies({ stack: a.loaded.stack, layer: a.layer }, { stack: b.loaded.stack, layer: b.layer }, rows, counts);
  return { rows, differs, counts };
}

/** A comparison as a table: rows that differ, with what does, and the folders that lead to them. */
export function differencesOf({ rows, differs, counts }: Comparison): RowTable {
  const kind = rows.kind.map((each, row) => (counts[row] === 0 ? KIND.unchanged : each));
  return keepRows({ ...rows, kind, differs }, counts);
}

/**
 * Two layers whose content is known to be the same: one range of one file, or bytes that were hashed to one digest. What a manifest calls
 * them is no proof. A damaged one is nothing but itself.
 */
function isSameLayer(a: LoadedImage, one: number, b: LoadedImage, two: number): boolean {
  const left = a.image.layers[one];
  const right = b.image.layers[two];
  if (left === undefined || right === undefined) return false;
  if (left.blob !== null && right.blob !== null && isSameBlob(left.blob, right.blob)) return true;
  const [first, second] = [a.layers[one], b.layers[two]];
  if (first?.status !== 'present' || second?.status !== 'present') return false;
  return first.blobDigest !== undefined && first.blobDigest === second.blobDigest;
}

/** The same bytes of the same file, be it opened once or twice. */
function isSameBlob(a: BlobSource, b: BlobSource): boolean {
  return a === b || (a.cacheKey !== '' && a.cacheKey === b.cacheKey);
}
