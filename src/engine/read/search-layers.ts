import { changesOf, type Stack } from '#changes';
import { filterSteps, type RowFilter, type RowMatches } from '#changes/filter';
import type { PathMatch, SearchReport } from '#contract';
import { escapePath, imagePathOfWindows, KIND, KIND_NAMES, type RowTable, rowPath, throwIfCancelled } from '#model';

type Touch = PathMatch['touches'][number];

/**
 * Finds paths that match in any layer, and the layers that touch them, sorted by path. `text` has the syntax of a RowFilter; in a Windows
 * image it may begin with `C:\`, like paths in the container. Yields to the event loop while searching. Throws CANCELLED.
 */
export async function searchLayers(
  stack: Stack,
  text: string,
  { limit, signal }: { readonly limit: number; readonly signal: AbortSignal },
): Promise<SearchReport> {
  const onDrive = stack.caseInsensitive ? imagePathOfWindows(text) : null;
  const wanted = onDrive === null ? text : onDrive.join('/');
  const found = new Map<string, Touch[]>();
  const others = new Set<string>();
  for (let layer = 0; layer < stack.layers.length; layer++) {
    throwIfCancelled(signal);
    const table = changesOf(stack, layer, layer);
    const filter = { text: wanted, kinds: 15 & ~(1 << KIND.unchanged), minBytes: 0, types: 0 };
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
      const known = found.get(path);
      if (known !== undefined) known.push(touch);
      else if (found.size < limit) found.set(path, [touch]);
      else others.add(path);
    }
  }
  const matches = [...found].map(([path, touches]) => ({ path, touches })).sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return { total: found.size + others.size, matches, problem: null };
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
