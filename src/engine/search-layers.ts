import { changesOf, filterRows, type Stack } from '#changes';
import type { PathMatch, SearchReport } from '#contract';
import { escapePath, KIND, KIND_NAMES, LayerscopeError, rowPath } from '#model';

type Touch = PathMatch['touches'][number];

/**
 * Paths that a text finds in any layer, with the layers that touch them, by their names. The text is that of a RowFilter. Lets others
 * have their turn between layers. Throws CANCELLED.
 */
export async function searchLayers(
  stack: Stack,
  text: string,
  { limit, signal }: { readonly limit: number; readonly signal: AbortSignal },
): Promise<SearchReport> {
  const found = new Map<string, Touch[]>();
  const others = new Set<string>();
  for (let layer = 0; layer < stack.layers.length; layer++) {
    if (signal.aborted) throw new LayerscopeError('CANCELLED', 'cancelled');
    const table = changesOf(stack, layer, layer);
    const { matches, problem } = filterRows(table, { text, kinds: 15 & ~(1 << KIND.unchanged), minBytes: 0, types: 0 });
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
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  const matches = [...found].map(([path, touches]) => ({ path, touches })).sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return { total: found.size + others.size, matches, problem: null };
}
