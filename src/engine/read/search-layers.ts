import { changesOf, type Stack } from '#changes';
import { filterSteps, type RowFilter, type RowMatches } from '#changes/filter';
import type { PathMatch, SearchReport } from '#contract';
import { escapePath, imagePathOfWindows, KIND, KIND_NAMES, type RowTable, rowPath, throwIfCancelled } from '#model';

type Touch = PathMatch['touches'][number];

interface SearchOptions {
  readonly limit: number;
  /**
   * Whether to match paths that contain the letters of the text apart from each other, if no path of any layer contains the text itself.
   */
  readonly scattered: boolean;
  /** Which paths come first: those that fit the text best or, with `size`, the largest. */
  readonly order?: 'best' | 'size' | undefined;
  readonly signal: AbortSignal;
}

/**
 * Finds paths that match in any layer, and the layers that touch them, best first ({@link rankOf}), shorter ones before longer ones of the
 * same rank. With `order: 'size'`, the paths whose largest version in any layer is largest come first. Returns at most `limit` paths; the
 * sums are those of all. `text` has the syntax of a RowFilter; in a Windows image it may begin with `C:\\`, like paths in the container.
 * Yields to the event loop while searching. Throws CANCELLED.
 */
export async function searchLayers(stack: Stack, text: string, { scattered, ...options }: SearchOptions): Promise<SearchReport> {
  const onDrive = stack.caseInsensitive ? imagePathOfWindows(text) : null;
  const wanted = onDrive === null ? text : onDrive.join('/');
  const report = await search(stack, wanted, { ...options, scattered: false });
  const isDone = report.total > 0 || report.problem !== null || !scattered;
  return isDone ? report : search(stack, wanted, { ...options, scattered });
}

async function search(stack: Stack, text: string, { limit, scattered, order = 'best', signal }: SearchOptions): Promise<SearchReport> {
  const found: RowMatches['matches'][] = [];
  const best = order === 'best' ? new BestPaths(text, limit) : null;
  const sizes = new Map<string, number>();
  let bytes = 0;
  for (let layer = 0; layer < stack.layers.length; layer++) {
    throwIfCancelled(signal);
    const table = changesOf(stack, layer, layer);
    const filter = { text, scattered, kinds: 15 & ~(1 << KIND.unchanged), minBytes: 0, types: 0 };
    const { matches, problem } = await filterInTurns(table, filter, signal);
    if (problem !== null) return { total: 0, bytes: 0, matches: [], problem };
    found.push(matches);
    for (let row = 0; row < table.length; row++) {
      if (matches?.[row] !== 1) continue;
      const path = escapePath(rowPath(table, row));
      const touch = touchOf(table, row, layer);
      const stored = storedBytes(touch);
      bytes += stored;
      if (best !== null) best.add(path, touch);
      else sizes.set(path, Math.max(sizes.get(path) ?? 0, stored));
    }
  }
  if (best !== null) return { total: best.total, bytes, matches: best.matches(), problem: null };
  return { total: sizes.size, bytes, matches: touchesOf(stack, found, largest(sizes, limit), signal), problem: null };
}

function touchOf(table: RowTable, row: number, layer: number): Touch {
  return { layer, kind: KIND_NAMES[table.kind[row] as number] as Touch['kind'], size: table.size[row] as number };
}

/** Bytes that a layer has of a path: none of one that it removes. */
function storedBytes({ kind, size }: Touch): number {
  return kind === 'removed' ? 0 : size;
}

/** The largest of the versions that layers have. */
function largestVersion(touches: readonly Touch[]): number {
  return touches.reduce((most, touch) => Math.max(most, storedBytes(touch)), 0);
}

/** Returns the paths of the largest sizes, of equal ones in the order of their names. */
function largest(sizes: ReadonlyMap<string, number>, limit: number): readonly string[] {
  const sorted = [...sizes.keys()].sort((a, b) => (sizes.get(b) as number) - (sizes.get(a) as number) || (a < b ? -1 : 1));
  return sorted.slice(0, limit);
}

/** Returns paths with all layers that touch them. Which are the largest is known only after the last layer, so that they are collected then. */
function touchesOf(stack: Stack, found: readonly RowMatches['matches'][], paths: readonly string[], signal: AbortSignal): PathMatch[] {
  const touches = new Map<string, Touch[]>(paths.map((path) => [path, []]));
  for (const [layer, matches] of found.entries()) {
    throwIfCancelled(signal);
    const table = changesOf(stack, layer, layer);
    for (let row = 0; row < table.length; row++) {
      if (matches?.[row] === 1) touches.get(escapePath(rowPath(table, row)))?.push(touchOf(table, row, layer));
    }
  }
  return [...touches].map(([path, own]) => ({ path, size: largestVersion(own), touches: own }));
}

interface Ranked {
  readonly path: string;
  readonly rank: number;
  readonly touches: Touch[];
}

/**
 * Keeps the best paths that were added. It exceeds the limit only between clean-ups, so that an image with a million matches takes little
 * memory.
 */
class BestPaths {
  readonly #text: string;
  readonly #limit: number;
  readonly #others = new Set<string>();
  #best = new Map<string, Ranked>();
  /** The worst path kept by the last clean-up. */
  #worst: Ranked | null = null;

  constructor(text: string, limit: number) {
    this.#text = text.toLowerCase().replace(/^\/|\/$/g, '');
    this.#limit = limit;
  }

  add(path: string, touch: Touch): void {
    const known = this.#best.get(path);
    if (known !== undefined) {
      known.touches.push(touch);
      return;
    }
    const ranked = { path, rank: rankOf(path.toLowerCase(), this.#text), touches: [touch] };
    // Paths dropped before were worse than the current worst too.
    if (this.#worst !== null && order(ranked, this.#worst) > 0) {
      this.#others.add(path);
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
    for (const { path } of sorted.slice(this.#limit)) this.#others.add(path);
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

/** Longest time between two yields, in milliseconds. */
const TURN_MS = 10;

async function filterInTurns(table: RowTable, filter: RowFilter, signal: AbortSignal): Promise<RowMatches> {
  const steps = filterSteps(table, filter);
  for (let turnEnds = 0; ; ) {
    if (performance.now() >= turnEnds) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      turnEnds = performance.now() + TURN_MS;
    }
    throwIfCancelled(signal);
    const { done, value } = steps.next();
    if (done) return value;
  }
}
