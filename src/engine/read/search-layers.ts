import { changesOfEachLayer, type Stack } from '#changes';
import { filterSteps, type RowFilter, type RowMatches } from '#changes/filter';
import type { PathMatch, SearchReport } from '#contract';
import { createRest } from '#engine/turns';
import { escapePath, imagePathOfWindows, KIND, KIND_NAMES, type Rest, type RowTable, rowPath, throwIfCancelled } from '#model';

type Touch = PathMatch['touches'][number];

interface SearchOptions {
  readonly limit: number;
  /**
   * Whether, if no path of any layer contains the text itself, to match paths that contain its characters in order, but not next to each
   * other.
   */
  readonly scattered: boolean;
  /** Which paths come first: those that fit the text best or, with `size`, the largest. */
  readonly order?: 'best' | 'size' | undefined;
  readonly signal: AbortSignal;
}

/**
 * Finds paths that match in any layer, with the layers that touch each of them. The best come first ({@link rankOf}); of the same rank,
 * shorter paths do. With `order: 'size'`, sorts the paths by the size of their largest version in any layer, largest first. Returns at most
 * `limit` paths, but the totals cover all that match. `text` has the syntax of a RowFilter; in a Windows image it may begin with `C:\\`,
 * like paths in the container. Yields to the event loop while searching. Throws CANCELLED, TOO_LARGE.
 */
export async function searchLayers(stack: Stack, text: string, { scattered, ...options }: SearchOptions): Promise<SearchReport> {
  const onDrive = stack.caseInsensitive ? imagePathOfWindows(text) : null;
  const wanted = onDrive === null ? text : onDrive.join('/');
  const report = await search(stack, wanted, { ...options, scattered: false });
  const isDone = report.total > 0 || report.problem !== null || !scattered;
  return isDone ? report : search(stack, wanted, { ...options, scattered });
}

async function search(stack: Stack, text: string, { limit, scattered, order = 'best', signal }: SearchOptions): Promise<SearchReport> {
  const found = new Map<number, RowMatches['matches']>();
  const best = order === 'best' ? new BestPaths(text, limit) : null;
  const rest = createRest(signal);
  /** Size of each path's largest version, by {@link keyOf}. */
  const sizes = new Map<number, number>();
  let bytes = 0;
  throwIfCancelled(signal);
  for (const { layer, rows: table } of changesOfEachLayer(stack)) {
    const filter = { text, scattered, kinds: 15 & ~(1 << KIND.unchanged), minBytes: 0, types: 0 };
    const { matches, problem } = await filterInTurns(table, filter, rest);
    if (problem !== null) return { total: 0, bytes: 0, matches: [], problem };
    if (matches !== null) found.set(layer, matches);
    for (let row = 0; row < table.length; row++) {
      if (matches?.[row] !== 1) continue;
      if (row % ROWS_A_TURN === 0) await rest();
      const path = rowPath(table, row);
      const touch = touchOf(table, row, layer);
      const stored = storedBytes(touch);
      const key = keyOf(path);
      bytes += stored;
      if (best !== null) best.add(escapePath(path), key, touch);
      else sizes.set(key, Math.max(sizes.get(key) ?? 0, stored));
    }
  }
  if (best !== null) return { total: best.total, bytes, matches: best.matches(), problem: null };
  const matches = await largestPaths(stack, found, sizes, limit, rest);
  return { total: sizes.size, bytes, matches, problem: null };
}

/** Number of rows between checks of the clock. */
const ROWS_A_TURN = 64;

/**
 * Returns a 53-bit number for a path, always the same for a given path. A million paths could take gigabytes as strings, so only those that
 * are returned are kept as strings.
 */
function keyOf(path: Uint8Array): number {
  let one = 0x811c9dc5;
  let other = 0x9e3779b9;
  for (let at = 0; at < path.length; at++) {
    const byte = path[at] as number;
    one = Math.imul(one ^ byte, 0x01000193);
    other = Math.imul(other ^ byte, 0x85ebca6b);
  }
  return (one >>> 0) * 0x20_0000 + (other >>> 11);
}

function touchOf(table: RowTable, row: number, layer: number): Touch {
  return { layer, kind: KIND_NAMES[table.kind[row] as number] as Touch['kind'], size: table.size[row] as number };
}

/** Size of a layer's version of a path; 0 if the layer removes it. */
function storedBytes({ kind, size }: Touch): number {
  return kind === 'removed' ? 0 : size;
}

/** Size of the largest version in any of these layers. */
function largestVersion(touches: readonly Touch[]): number {
  return touches.reduce((most, touch) => Math.max(most, storedBytes(touch)), 0);
}

/**
 * Returns the paths with the largest versions, and all layers that touch them; paths of equal size are sorted by name. The paths are known
 * only after the last layer, so the layers that touch them are collected in a second pass.
 */
async function largestPaths(
  stack: Stack,
  found: ReadonlyMap<number, RowMatches['matches']>,
  sizes: ReadonlyMap<number, number>,
  limit: number,
  rest: Rest,
): Promise<readonly PathMatch[]> {
  // If more paths than fit are as large as the smallest one returned, the first by name are returned.
  const ordered = Float64Array.from(sizes.values()).sort();
  const least = ordered.at(-limit) ?? 0;
  const above = ordered.length - firstAbove(ordered, least);
  const larger = new Map<string, Touch[]>();
  const equal = new FirstPaths(limit - above);
  for (const { layer, rows: table } of changesOfEachLayer(stack)) {
    const matches = found.get(layer);
    for (let row = 0; row < table.length; row++) {
      if (matches?.[row] !== 1) continue;
      if (row % ROWS_A_TURN === 0) await rest();
      const bytes = rowPath(table, row);
      const size = sizes.get(keyOf(bytes)) ?? 0;
      if (size < least) continue;
      const path = escapePath(bytes);
      const touch = touchOf(table, row, layer);
      if (size === least) equal.add(path, touch);
      else add(larger, path, touch);
    }
  }
  const matches = [...larger, ...equal.paths()].map(([path, touches]) => ({ path, size: largestVersion(touches), touches }));
  return matches.sort((a, b) => b.size - a.size || (a.path < b.path ? -1 : 1)).slice(0, limit);
}

function add(paths: Map<string, Touch[]>, path: string, touch: Touch): void {
  const known = paths.get(path);
  if (known === undefined) paths.set(path, [touch]);
  else known.push(touch);
}

/** The index of the first number above `least`, in a sorted list. */
function firstAbove(sorted: Float64Array, least: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) > least) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Keeps the first `limit` of the added paths by name, each with all its touches. */
class FirstPaths {
  readonly #limit: number;
  #kept = new Map<string, Touch[]>();
  /** Of the paths that the previous clean-up kept, the last by name. */
  #last: string | null = null;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(path: string, touch: Touch): void {
    // A path after the last one kept can't be among the first ones, and may have been dropped before, so it isn't added.
    if (this.#last !== null && path > this.#last) return;
    add(this.#kept, path, touch);
    if (this.#kept.size < 4 * this.#limit + 64) return;
    this.#kept = new Map(this.paths());
    this.#last = [...this.#kept.keys()].at(-1) ?? '';
  }

  paths(): [string, Touch[]][] {
    return [...this.#kept].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, this.#limit);
  }
}

interface Ranked {
  readonly path: string;
  readonly key: number;
  readonly rank: number;
  readonly touches: Touch[];
}

/**
 * Keeps the best paths that were added. Exceeds the limit only between clean-ups, so that an image with a million matches takes little
 * memory.
 */
class BestPaths {
  readonly #text: string;
  readonly #limit: number;
  /** Paths that were dropped, by {@link keyOf}. */
  readonly #others = new Set<number>();
  #best = new Map<string, Ranked>();
  /** The worst of the paths that the previous clean-up kept. */
  #worst: Ranked | null = null;

  constructor(text: string, limit: number) {
    this.#text = text.toLowerCase().replace(/^\/|\/$/g, '');
    this.#limit = limit;
  }

  add(path: string, key: number, touch: Touch): void {
    const known = this.#best.get(path);
    if (known !== undefined) {
      known.touches.push(touch);
      return;
    }
    const ranked = { path, key, rank: rankOf(path.toLowerCase(), this.#text), touches: [touch] };
    // A path worse than the worst one kept can't be among the best, and may have been dropped before, so it is only counted.
    if (this.#worst !== null && order(ranked, this.#worst) > 0) {
      this.#others.add(key);
      return;
    }
    this.#best.set(path, ranked);
    if (this.#best.size >= 4 * this.#limit) this.#drop();
  }

  /** Number of distinct paths that were added. */
  get total(): number {
    return this.#best.size + this.#others.size;
  }

  matches(): PathMatch[] {
    return this.#sorted()
      .slice(0, this.#limit)
      .map(({ path, touches }) => ({ path, size: largestVersion(touches), touches }));
  }

  #sorted(): Ranked[] {
    return [...this.#best.values()].sort(order);
  }

  #drop(): void {
    const sorted = this.#sorted();
    for (const { key } of sorted.slice(this.#limit)) this.#others.add(key);
    const kept = sorted.slice(0, this.#limit);
    this.#best = new Map(kept.map((ranked) => [ranked.path, ranked]));
    this.#worst = kept.at(-1) ?? null;
  }
}

/** Sorts by rank, then by length. Paths of the worst rank, which include all matches of a pattern, are sorted by path alone. */
function order(a: Ranked, b: Ranked): number {
  return a.rank - b.rank || (a.rank < WORST ? a.path.length - b.path.length : 0) || (a.path < b.path ? -1 : 1);
}

const WORST = 5;

/**
 * Ranks a path against a text, both in lower case: 0 if the text is the path or its name, 1 if the name begins with it, 2 if a word in the
 * name does, 3 if the name contains it, 4 if a folder begins with it, otherwise 5. If the text contains slashes, only its last part is
 * matched with the name.
 */
function rankOf(path: string, text: string): number {
  const whole = `/${path}`;
  if (whole.endsWith(`/${text}`)) return 0;
  const name = whole.lastIndexOf('/') + 1;
  const isInName = (part: string, at: number) => at >= 0 && at + part.length > name;
  if (isInName(`/${text}`, whole.lastIndexOf(`/${text}`))) return 1;
  if (!isInName(text, whole.lastIndexOf(text))) return whole.includes(`/${text}`) ? 4 : WORST;
  for (let at = whole.indexOf(text, Math.max(0, name - text.length)); at >= 0; at = whole.indexOf(text, at + 1)) {
    if (isInName(text, at) && !/[\p{L}\p{N}]/u.test(whole[at - 1] ?? '')) return 2;
  }
  return 3;
}

async function filterInTurns(table: RowTable, filter: RowFilter, rest: Rest): Promise<RowMatches> {
  for (const steps = filterSteps(table, filter); ; ) {
    await rest();
    const { done, value } = steps.next();
    if (done) return value;
  }
}
