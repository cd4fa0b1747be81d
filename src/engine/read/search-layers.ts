import { changesOf, type Stack } from '#changes';
import { filterSteps, type RowFilter, type RowMatches } from '#changes/filter';
import type { PathMatch, SearchReport } from '#contract';
import { escapePath, imagePathOfWindows, KIND, KIND_NAMES, type RowTable, rowPath, throwIfCancelled } from '#model';

type Touch = PathMatch['touches'][number];

interface SearchOptions {
  readonly limit: number;
  /** Whether letters of the text may be scattered over a path, if no path of any layer has the text itself. */
  readonly scattered: boolean;
  readonly signal: AbortSignal;
}

/**
 * Finds paths that match in any layer, and the layers that touch them, best first: paths and names that are the text, then those with a
 * part that begins with it, then the rest; each sorted by path. `text` has the syntax of a RowFilter; in a Windows image it may begin with
 * `C:\`, like paths in the container. Yields to the event loop while searching. Throws CANCELLED.
 */
export async function searchLayers(stack: Stack, text: string, { limit, scattered, signal }: SearchOptions): Promise<SearchReport> {
  const onDrive = stack.caseInsensitive ? imagePathOfWindows(text) : null;
  const wanted = onDrive === null ? text : onDrive.join('/');
  const report = await search(stack, wanted, { limit, scattered: false, signal });
  const isDone = report.total > 0 || report.problem !== null || !scattered;
  return isDone ? report : search(stack, wanted, { limit, scattered, signal });
}

async function search(stack: Stack, text: string, { limit, scattered, signal }: SearchOptions): Promise<SearchReport> {
  const found: readonly Map<string, Touch[]>[] = Array.from({ length: RANKS }, () => new Map());
  const others = new Set<string>();
  for (let layer = 0; layer < stack.layers.length; layer++) {
    throwIfCancelled(signal);
    const table = changesOf(stack, layer, layer);
    const filter = { text, scattered, kinds: 15 & ~(1 << KIND.unchanged), minBytes: 0, types: 0 };
    const { matches, problem } = await filterInTurns(table, filter, signal);
    if (problem !== null) return { total: 0, matches: [], problem };
    for (let row = 0; row < table.length; row++) {
      if (matches?.[row] !== 1) continue;
      const path = escapePath(rowPath(table, row));
      const touch: Touch = {
        layer,
        kind: KIND_NAMES[table.kind[row] as number] as Touch['kind'],
        size: table.size[row] as number,
      };
      const equals = found[rankOf(path, text)] as Map<string, Touch[]>;
      const known = equals.get(path);
      if (known !== undefined) known.push(touch);
      else if (equals.size < limit) equals.set(path, [touch]);
      else others.add(path);
    }
  }
  const total = found.reduce((sum, { size }) => sum + size, others.size);
  return { total, matches: found.flatMap(byPath).slice(0, limit), problem: null };
}

const RANKS = 3;

/** How well a path fits a text, ignoring case: 0 if it or its name is the text, 1 if one of its parts begins with it, else 2. */
function rankOf(path: string, text: string): number {
  const letters = `/${text.toLowerCase().replace(/^\/|\/$/g, '')}`;
  const whole = `/${path.toLowerCase()}`;
  if (whole.endsWith(letters)) return 0;
  return whole.includes(letters) ? 1 : 2;
}

function byPath(found: ReadonlyMap<string, readonly Touch[]>): PathMatch[] {
  const matches = [...found].map(([path, touches]) => ({ path, touches }));
  return matches.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** Longest time between two yields. */
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
