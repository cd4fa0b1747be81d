import { buildStack, compareViews, countBodies, keepRows } from '#changes';
import { DIFFERS, KIND, type LayerReport, LayerscopeError, type RowTable, TYPE } from '#model';
import type { LoadedImage } from '../image/types.ts';
import { type ContentOptions, readContents } from './read-contents.ts';

/** An image as seen at one of its layers; -1 is the empty view below layer 0. */
export interface ImageView {
  readonly loaded: LoadedImage;
  readonly layer: number;
  /** Whether the request named layers of the image; if so, its config isn't compared. */
  readonly isPart?: boolean;
  /** The first layer of the range, if the request named one. `loaded.stack` then starts there. */
  readonly since?: number | undefined;
}

/**
 * Returns the image as if it started at layer `from`, without the layers below. Hard links to files of the layers below then have no
 * contents.
 */
export function aloneFrom(loaded: LoadedImage, from: number): LoadedImage {
  if (from <= 0) return loaded;
  const tables = loaded.layers.map((layer, index) => (index < from ? null : (layer?.table ?? null)));
  return { ...loaded, stack: buildStack(tables, { caseInsensitive: loaded.stack.caseInsensitive }) };
}

/** Returns the side of a comparison that a request names. Throws BAD_REQUEST if `since` is above `layer`. */
export function viewOf(loaded: LoadedImage, { since, layer }: { readonly since?: number | undefined; readonly layer: number }): ImageView {
  if ((since ?? 0) > layer) throw new LayerscopeError('BAD_REQUEST', 'a range of layers starts above its end');
  return { loaded: aloneFrom(loaded, since ?? 0), layer, isPart: since !== undefined, since };
}

export interface CompareOptions extends ContentOptions {
  /** Bits of DIFFERS to ignore. */
  readonly ignore?: number;
}

/** The rows of a comparison, and how each one differs. */
export interface Comparison {
  readonly rows: RowTable;
  /** Bits of DIFFERS by row: those of the table, refined by comparing contents. */
  readonly differs: Uint16Array;
  /** 1 for each row that is reported as a difference. */
  readonly counts: Uint8Array;
}

/**
 * Compares two file systems, each as seen at a layer, byte by byte: files of equal size from different layers are both read, unless their
 * checksums differ. A file that can't be read to its end is `unread`, which is listed as a difference. Throws NOT_FOUND if a layer doesn't
 * exist, IO, CANCELLED.
 */
export async function compareImages(a: ImageView, b: ImageView, options: CompareOptions = {}): Promise<Comparison> {
  const { reads = true, ignore = 0 } = options;
  const rows = compareViews(a.loaded.stack, a.layer, b.loaded.stack, b.layer, {
    twinOf: twinsOf(a.loaded, b.loaded),
    ...(reads ? {} : { sums: 'ignored' as const }),
  });
  const differs = rows.differs.slice();
  if (reads) await readContents(a.loaded, b.loaded, { rows, differs }, options);
  const none = DIFFERS.rewritten | ignore;
  const counts = new Uint8Array(rows.length);
  for (let row = 0; row < rows.length; row++) {
    const kind = rows.kind[row];
    // A folder that differs only in its time isn't listed.
    const silent = rows.type[row] === TYPE.directory ? none | DIFFERS.time : none;
    counts[row] = kind === KIND.unchanged || (kind === KIND.modified && ((differs[row] as number) & ~silent) === 0) ? 0 : 1;
  }
  countBodies({ stack: a.loaded.stack, layer: a.layer }, { stack: b.loaded.stack, layer: b.layer }, rows, counts);
  return { rows, differs, counts };
}

/** Returns the rows that differ, and their parent folders, as a table. */
export function differencesOf({ rows, differs, counts }: Comparison): RowTable {
  const kind = rows.kind.map((each, row) => (counts[row] === 0 ? KIND.unchanged : each));
  return keepRows({ ...rows, kind, differs }, counts);
}

/** Returns a function that finds the lowest layer of A with the same content as a layer of B; -1 if there is none. */
function twinsOf(a: LoadedImage, b: LoadedImage): (layer: number) => number {
  const lowest = new Map<unknown, number>();
  for (const layer of a.image.layers.keys()) for (const key of contentKeys(a, layer)) if (!lowest.has(key)) lowest.set(key, layer);
  return (layer) => {
    const twins = contentKeys(b, layer).flatMap((key) => lowest.get(key) ?? []);
    return twins.length === 0 ? -1 : Math.min(...twins);
  };
}

/**
 * Returns keys of a layer's content: two layers that have one in common are known to have the same content, because they are the same range
 * of a file, or have the same computed digest. A digest stated in a manifest proves nothing. A damaged layer equals only itself.
 */
function contentKeys({ image, layers }: LoadedImage, layer: number): readonly unknown[] {
  const blob = image.layers[layer]?.blob ?? null;
  const keys: unknown[] = [];
  // The same range of the same file may have been opened twice.
  if (blob !== null) keys.push(blob, ...(blob.cacheKey === '' ? [] : [`blob ${blob.cacheKey}`]));
  const loaded = layers[layer];
  if (loaded?.status === 'present' && loaded.blobDigest !== undefined) keys.push(`content ${loaded.blobDigest}`);
  return keys;
}

/**
 * Whether a layer is missing or damaged on one side only, so that finding no differences proves nothing. Layers that are missing on both
 * sides are compared by what the manifests say.
 */
export function hasUnreadLayers(a: ImageView, b: ImageView): boolean {
  const hasOthers = (one: ImageView, other: ImageView): boolean => {
    const known = new Set(layersOf(other).flatMap(({ index }) => keysOf(other.loaded, index)));
    return layersOf(one).some(({ index, status }) => status !== 'present' && !keysOf(one.loaded, index).some((key) => known.has(key)));
  };
  return hasOthers(a, b) || hasOthers(b, a);
}

function layersOf({ loaded, layer, since = 0 }: ImageView): readonly LayerReport[] {
  return loaded.report.layers.slice(since, layer + 1);
}

/** Returns the keys of a layer's content or, without its blob, those of what the manifest says of it. */
function keysOf(loaded: LoadedImage, index: number): readonly unknown[] {
  const layer = loaded.image.layers[index];
  if (!layer || layer.blob !== null) return contentKeys(loaded, index);
  const { diffId, digest } = layer;
  return [...(diffId === null ? [] : [`diffId ${diffId}`]), ...(digest === null ? [] : [`digest ${digest}`])];
}
