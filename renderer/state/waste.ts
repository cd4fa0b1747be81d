import type { WastedFileReport, WasteKindReport, WasteReport } from '#contract';

/** The bytes hidden by one cause, and the file that has the most of them. */
export interface CauseLine {
  readonly cause: WasteReport['groups'][number]['cause'];
  readonly bytes: number;
  /** Null if the cause's files are all too small to be listed. */
  readonly largest: WastedFileReport | null;
  /** The next ones that are listed, largest first. */
  readonly next: readonly WastedFileReport[];
  /** Number of other files than the largest, and their bytes. */
  readonly others: number;
  readonly otherBytes: number;
}

/** Returns the causes that hide bytes, most bytes first, as in the report. */
export function causeLines({ groups, files }: WasteReport): readonly CauseLine[] {
  return groups
    .filter(({ bytes }) => bytes > 0)
    .map(({ cause, bytes, files: count }) => {
      const [largest = null, ...next] = files.filter((file) => file.cause === cause);
      const { wastedBytes = 0 } = largest ?? {};
      return { cause, bytes, largest, next, others: largest === null ? 0 : count - 1, otherBytes: bytes - wastedBytes };
    });
}

/** Whether files were overwritten, and none of them is yet known to be rewritten with the same content. */
export function mayBeRewritten({ groups }: WasteReport): boolean {
  const has = (cause: CauseLine['cause']) => groups.some((group) => group.cause === cause);
  return has('overwritten') && !has('rewritten');
}

/** Returns the layers that wrote the hidden bytes. Leaves out the layer that hid them, unless no other layer wrote any. */
export function writersOf({ layers, hiddenBy }: WastedFileReport): readonly number[] {
  const below = layers.filter((layer) => layer < hiddenBy);
  return below.length === 0 ? layers : below;
}

/** A file or place in a list of waste. */
export interface WasteLine {
  readonly key: string;
  /** The path as escapePath prints it; null for many small places together. */
  readonly path: string | null;
  readonly bytes: number;
  /** The layer in which the file or place is shown. */
  readonly layer: number;
  readonly writers: readonly number[];
  /** The layer that hid the file; null if none did. */
  readonly hider: number | null;
  /** A path with the same content, escaped. */
  readonly sameAs: string | null;
}

/** Returns the listed files of a cause as lines, largest first, as in the report. */
export function fileLines({ files }: WasteReport, cause: CauseLine['cause']): readonly WasteLine[] {
  return files
    .filter((file) => file.cause === cause)
    .map((file) => {
      const { path, wastedBytes, hiddenBy } = file;
      const writers = writersOf(file);
      return { key: path, path, bytes: wastedBytes, layer: writers[0] ?? 0, writers, hider: hiddenBy, sameAs: null };
    });
}

/** Returns the places of one kind of waste as lines. */
export function placeLines(places: WasteKindReport['places']): readonly WasteLine[] {
  return places.map(({ path, layer, bytes, removedIn = null, of = null }) => ({
    key: `${layer} ${path}`,
    path,
    bytes,
    layer,
    writers: [layer],
    hider: removedIn,
    sameAs: of,
  }));
}

/** The column by which lines are sorted, and in which direction. */
export interface WasteOrder {
  readonly by: 'bytes' | 'path';
  readonly descending: boolean;
}

export const FIRST_WASTE_ORDER: WasteOrder = { by: 'bytes', descending: true };

/**
 * Returns the order after a column's heading is clicked: the first click sorts by size with the largest first, or by name in ascending
 * order; the next click reverses that.
 */
export function nextWasteOrder(order: WasteOrder, by: WasteOrder['by']): WasteOrder {
  return { by, descending: order.by === by ? !order.descending : by === 'bytes' };
}

/** Returns the lines, sorted. The line for many small places has no path; it comes last when sorted by name in ascending order. */
export function sortedWaste(lines: readonly WasteLine[], { by, descending }: WasteOrder): readonly WasteLine[] {
  const compare = (a: WasteLine, b: WasteLine) => (by === 'bytes' ? a.bytes - b.bytes : byPath(a.path, b.path));
  return [...lines].sort((a, b) => (descending ? compare(b, a) : compare(a, b)));
}

function byPath(a: string | null, b: string | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a < b ? -1 : a > b ? 1 : 0;
}
