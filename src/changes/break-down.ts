// Sums rows by kind of file, by folder and by layer, and finds the biggest files. Makes one pass over the columns, which takes about as
// long as computing a table's totals.

import { COUNTED, KIND, NO_LAYER, type RowTable, TYPE } from '#model';
import { extensionKey, extensionOf, FILE_TYPES, fileTypeBy } from './file-types.ts';
import { repeatsHidden } from './subtree-totals.ts';

/** Kind of row table. Determines which bytes the sums include. */
export type ScopeOfRows =
  /** All bytes of an image, including hidden ones ({@link wholeImage}). */
  | 'image'
  /** What layers wrote: the bytes of added and modified files. */
  | 'changes'
  /** The files of a view. */
  | 'view';

/** Sums of files. `bytes` counts visible files; `hiddenBytes` counts files that the image contains but no longer shows. */
interface FileSum {
  /** Visible files and hard links. */
  readonly files: number;
  readonly bytes: number;
  readonly hiddenBytes: number;
}

/** Sums of one kind of file. `type`: index in FILE_TYPES. */
interface TypeSum extends FileSum {
  readonly type: number;
  /** The extensions with the most bytes, at most four, in descending order. */
  readonly extensions: readonly string[];
}

/** Sums of one row and everything below it. `items`: the number of paths below it. */
export interface RowSum extends FileSum {
  readonly row: number;
  readonly items: number;
}

export interface Breakdown extends FileSum {
  readonly folders: number;
  /** Symbolic links, devices and pipes. */
  readonly others: number;
  /** Most bytes first, including hidden bytes; kinds without files are omitted. */
  readonly types: readonly TypeSum[];
  /** By extension, most bytes first; '' stands for no extension. */
  readonly extensions: readonly (FileSum & { readonly extension: string })[];
  /** Entries directly in the folder, most bytes first. */
  readonly parts: readonly RowSum[];
  /** Files, most bytes first. */
  readonly biggest: readonly RowSum[];
  /** Layers that wrote the visible files, lowest first. */
  readonly layers: readonly (FileSum & { readonly layer: number })[];
  /** The heaviest of the deepest folders that have at least half as many bytes as the heaviest top folder; -1: none. */
  readonly largestFolder: number;
  /** Like {@link largestFolder}, for hidden bytes; may also be a file. */
  readonly mostHidden: number;
  /** Which layers wrote and hid the hidden files at and below `mostHidden`; null if nothing is hidden. */
  readonly mostHiddenIn: HiddenIn | null;
  /** Bytes that changes hide in the layers below; 0 for an image or a view. */
  readonly hidesBytes: number;
  /** Bytes of `largestFolder` and `mostHidden`. */
  readonly largestBytes: number;
  readonly mostHiddenBytes: number;
}

/**
 * The layers that wrote hidden files, and those that hid them: the lowest and the highest of each. Only the latest hidden file at each path
 * counts.
 */
interface HiddenIn {
  readonly written: LayerSpan;
  readonly hidden: LayerSpan;
  /** What became of the paths: all were deleted, all are still there with other files, or some of each. */
  readonly fate: 'deleted' | 'changed' | 'mixed';
}

interface LayerSpan {
  readonly from: number;
  readonly to: number;
}

class Sum {
  files = 0;
  bytes = 0;
  hiddenBytes = 0;

  add(files: number, bytes: number, hidden: number): void {
    this.files += files;
    this.bytes += bytes;
    this.hiddenBytes += hidden;
  }

  get all(): number {
    return this.bytes + this.hiddenBytes;
  }

  plain(): FileSum {
    return { files: this.files, bytes: this.bytes, hiddenBytes: this.hiddenBytes };
  }
}

class SumOfType extends Sum {
  /** By extension key; 0: no extension. */
  readonly extensions = new Map<number, SumOfExtension>();
}

class SumOfExtension extends Sum {
  /** Any row with this extension, for its spelling. */
  readonly row: number;

  constructor(row: number) {
    super();
    this.row = row;
  }
}

/**
 * Adds up a row and everything below it; -1: the whole table. Each list has at most `limit` entries. A body with several names is counted
 * once, as in the totals of a table.
 */
export function breakDown(
  table: RowTable,
  scope: ScopeOfRows,
  { row: at = -1, limit }: { readonly row?: number; readonly limit: number },
): Breakdown {
  const end = at < 0 ? table.length : (table.subtreeEnd[at] as number);
  const own = ownBytes(table, scope, at < 0 ? 0 : at, end);
  const whole = new Sum();
  const types = FILE_TYPES.map(() => new SumOfType());
  const layers = new Map<number, Sum>();
  const biggest = new Largest(limit);
  let folders = 0;
  let others = 0;
  let hidesBytes = 0;
  for (let row = Math.max(at, 0); row < end; row++) {
    const isShown = table.kind[row] !== KIND.removed && (scope !== 'changes' || table.kind[row] !== KIND.unchanged);
    const type = table.type[row];
    const isFile = type === TYPE.file || type === TYPE.hardlink;
    if (scope === 'changes' && !repeatsHidden(table, row)) hidesBytes += table.hiddenBytes[row] as number;
    if (isShown && type === TYPE.directory && row !== at) folders++;
    else if (isShown && !isFile && type !== TYPE.directory) others++;
    const bytes = own.bytes[row - own.from] as number;
    // A path that is no longer a file may still have hidden bytes: those of a former file.
    const hidden = own.hidden[row - own.from] as number;
    const files = isFile && isShown ? 1 : 0;
    if (files === 0 && hidden === 0) continue;
    whole.add(files, bytes, hidden);
    const key = extensionKey(table, row);
    const ofType = types[fileTypeBy(table, row, key)] as SumOfType;
    ofType.add(files, bytes, hidden);
    let ofExtension = ofType.extensions.get(key);
    if (ofExtension === undefined) {
      ofExtension = new SumOfExtension(row);
      ofType.extensions.set(key, ofExtension);
    }
    ofExtension.add(files, bytes, hidden);
    if (files > 0 && table.layer[row] !== NO_LAYER) sumOf(layers, table.layer[row] as number).add(1, bytes, 0);
    biggest.offer(row, bytes + hidden);
  }
  const rowSum = (row: number): RowSum => {
    const { files, bytes, hiddenBytes } = sumBelow(table, own, scope, row);
    return { row, files, bytes, hiddenBytes, items: (table.subtreeEnd[row] as number) - row - 1 };
  };
  const parts = new Largest(limit);
  const below = subtreeSums(table, own, end);
  for (let row = at + 1; row < end; row = table.subtreeEnd[row] as number) parts.offer(row, below.all[row - own.from] as number);
  const largestFolder = heaviest(
    table,
    at,
    end,
    (row) => (table.subtreeEnd[row] as number) > row + 1,
    (row) => below.all[row - own.from] as number,
  );
  const mostHidden = heaviest(
    table,
    at,
    end,
    () => true,
    (row) => below.hidden[row - own.from] as number,
  );
  return {
    ...whole.plain(),
    folders,
    others,
    types: types
      .map((sum, type) => ({ type, sum }))
      .filter(({ sum }) => sum.files > 0 || sum.hiddenBytes > 0)
      .sort((a, b) => b.sum.all - a.sum.all || b.sum.files - a.sum.files || a.type - b.type)
      .map(({ type, sum }) => ({ type, ...sum.plain(), extensions: commonest(table, sum) })),
    extensions: byExtension(table, types, limit),
    parts: parts.rows().map(rowSum),
    biggest: biggest.rows().map(rowSum),
    layers: [...layers].sort(([a], [b]) => a - b).map(([layer, sum]) => ({ layer, ...sum.plain() })),
    hidesBytes,
    largestFolder,
    mostHidden,
    mostHiddenIn: mostHidden < 0 ? null : hiddenIn(table, mostHidden),
    largestBytes: largestFolder < 0 ? 0 : (below.all[largestFolder - own.from] as number),
    mostHiddenBytes: mostHidden < 0 ? 0 : (below.hidden[mostHidden - own.from] as number),
  };
}

function sumOf(sums: Map<number, Sum>, key: number): Sum {
  const known = sums.get(key);
  if (known !== undefined) return known;
  const made = new Sum();
  sums.set(key, made);
  return made;
}

interface OwnBytes {
  /** The row at index 0 of the columns. */
  readonly from: number;
  readonly bytes: Float64Array;
  readonly hidden: Float64Array;
}

/** Bytes of each row, excluding the rows below it. */
function ownBytes(table: RowTable, scope: ScopeOfRows, from: number, end: number): OwnBytes {
  const bytes = new Float64Array(end - from);
  const hidden = new Float64Array(end - from);
  for (let row = from; row < end; row++) {
    const isCounted = table.kind[row] !== KIND.removed && ((table.counted[row] as number) & COUNTED.now) !== 0;
    if (isCounted) bytes[row - from] = table.size[row] as number;
    if (scope === 'image') hidden[row - from] = table.hiddenBytes[row] as number;
  }
  return { from, bytes, hidden };
}

/** Bytes of each row, including the rows below it: all bytes, and only the hidden ones. */
function subtreeSums(
  table: RowTable,
  { from, bytes, hidden }: OwnBytes,
  end: number,
): { readonly all: Float64Array; readonly hidden: Float64Array } {
  const all = bytes.map((each, at) => each + (hidden[at] as number));
  const allHidden = hidden.slice();
  for (let row = end - 1; row > from; row--) {
    const above = (table.parent[row] as number) - from;
    if (above < 0) continue;
    all[above] = (all[above] as number) + (all[row - from] as number);
    allHidden[above] = (allHidden[above] as number) + (allHidden[row - from] as number);
  }
  return { all, hidden: allHidden };
}

/** Returns which layers wrote and hid what is hidden at and below a row of a whole image. */
function hiddenIn(table: RowTable, top: number): HiddenIn | null {
  let [from, to, hiddenFrom, hiddenTo] = [NO_LAYER, 0, NO_LAYER, 0];
  let deleted = 0;
  let changed = 0;
  for (let row = top; row < (table.subtreeEnd[top] as number); row++) {
    const hider = table.hiddenBy[row] as number;
    if ((table.hiddenBytes[row] as number) <= 0 || hider === NO_LAYER) continue;
    const isDeleted = table.kind[row] === KIND.removed;
    const layer = (isDeleted ? table.layer[row] : table.previousLayer[row]) as number;
    if (layer === NO_LAYER) continue;
    if (isDeleted) deleted++;
    else changed++;
    from = Math.min(from, layer);
    to = Math.max(to, layer);
    hiddenFrom = Math.min(hiddenFrom, hider);
    hiddenTo = Math.max(hiddenTo, hider);
  }
  if (deleted + changed === 0) return null;
  return {
    written: { from, to },
    hidden: { from: hiddenFrom, to: hiddenTo },
    fate: changed === 0 ? 'deleted' : deleted === 0 ? 'changed' : 'mixed',
  };
}

function sumBelow(table: RowTable, own: OwnBytes, scope: ScopeOfRows, top: number): Sum {
  const sum = new Sum();
  for (let row = top; row < (table.subtreeEnd[top] as number); row++) {
    const isFile = table.type[row] === TYPE.file || table.type[row] === TYPE.hardlink;
    const isShown = table.kind[row] !== KIND.removed && (scope !== 'changes' || table.kind[row] !== KIND.unchanged);
    sum.add(isFile && isShown ? 1 : 0, own.bytes[row - own.from] as number, own.hidden[row - own.from] as number);
  }
  return sum;
}

function commonest(table: RowTable, { extensions }: SumOfType): string[] {
  return [...extensions]
    .filter(([key]) => key !== 0)
    .sort(([, a], [, b]) => b.all - a.all || a.row - b.row)
    .slice(0, 4)
    .map(([, { row }]) => extensionOf(table, row));
}

/** Merges the sums by extension, because files with the same extension may be of several kinds. */
function byExtension(table: RowTable, types: readonly SumOfType[], limit: number): Breakdown['extensions'] {
  const sums = new Map<number, SumOfExtension>();
  for (const { extensions } of types) {
    for (const [key, { row, files, bytes, hiddenBytes }] of extensions) {
      const sum = sums.get(key) ?? new SumOfExtension(row);
      sum.add(files, bytes, hiddenBytes);
      sums.set(key, sum);
    }
  }
  return [...sums]
    .filter(([, { files, hiddenBytes }]) => files > 0 || hiddenBytes > 0)
    .map(([key, sum]) => ({ extension: key === 0 ? '' : extensionOf(table, sum.row), ...sum.plain() }))
    .sort((a, b) => b.bytes + b.hiddenBytes - a.bytes - a.hiddenBytes || b.files - a.files || (a.extension < b.extension ? -1 : 1))
    .slice(0, limit);
}

/** Share of the heaviest top row's bytes that a deeper row must have to be returned instead. */
const MOST = 0.5;

/**
 * Returns the heaviest of the deepest rows that still have {@link MOST} of the heaviest top row's bytes; -1: no row has any. The top row
 * alone isn't helpful: `usr` says little about where the bytes are.
 */
function heaviest(table: RowTable, at: number, end: number, isAllowed: (row: number) => boolean, weight: (row: number) => number): number {
  let most = 0;
  for (let row = at + 1; row < end; row = table.subtreeEnd[row] as number) if (isAllowed(row)) most = Math.max(most, weight(row));
  if (most === 0) return -1;
  const isHeavy = (row: number) => isAllowed(row) && weight(row) >= most * MOST;
  const heavy: number[] = [];
  for (let row = at + 1; row < end; row = isHeavy(row) ? row + 1 : (table.subtreeEnd[row] as number)) if (isHeavy(row)) heavy.push(row);
  // In depth-first order, a heavy row is one of the deepest if the next heavy row isn't below it.
  return heavy
    .filter((row, place) => (heavy[place + 1] ?? end) >= (table.subtreeEnd[row] as number))
    .reduce((best, row) => (best < 0 || weight(row) > weight(best) ? row : best), -1);
}

/** Keeps the heaviest rows in a binary heap, the lightest on top. Among equals, earlier rows stay. */
class Largest {
  readonly #limit: number;
  readonly #rows: number[] = [];
  readonly #weights: number[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  offer(row: number, weight: number): void {
    if (weight <= 0 || this.#limit <= 0) return;
    if (this.#rows.length < this.#limit) {
      this.#rows.push(row);
      this.#weights.push(weight);
      for (let at = this.#rows.length - 1; at > 0 && this.#isLess(at, (at - 1) >> 1); at = (at - 1) >> 1) this.#swap(at, (at - 1) >> 1);
      return;
    }
    if (weight <= (this.#weights[0] as number)) return;
    this.#rows[0] = row;
    this.#weights[0] = weight;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) if (child < this.#rows.length && this.#isLess(child, least)) least = child;
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  /** Returns the rows, heaviest first. */
  rows(): number[] {
    return this.#rows
      .map((row, at) => ({ row, weight: this.#weights[at] as number }))
      .sort((a, b) => b.weight - a.weight || a.row - b.row)
      .map(({ row }) => row);
  }

  /** Whether the row at `a` is dropped before the one at `b`: it weighs less, or it weighs the same and comes later in the table. */
  #isLess(a: number, b: number): boolean {
    const [one, other] = [this.#weights[a] as number, this.#weights[b] as number];
    return one < other || (one === other && (this.#rows[a] as number) > (this.#rows[b] as number));
  }

  #swap(a: number, b: number): void {
    for (const list of [this.#rows, this.#weights]) [list[a], list[b]] = [list[b] as number, list[a] as number];
  }
}
