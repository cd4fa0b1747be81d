import { grouped, type Rest } from '#model';
import { isGone } from '#packages';
import { pairEqual } from './pair-equal.ts';
import type { Difference, Installed } from './types.ts';

/**
 * Compares the packages of the same places as seen at two neighbouring layers. Packages that are unchanged keep the layer that introduced
 * them, and are added to `stayed` with their counterparts below. If several versions are installed side by side, equal ones are paired
 * first; the others are paired in order, as upgrades. Throws what `rest` throws.
 */
export async function compareNeighbours(
  before: readonly Installed[],
  now: readonly Installed[],
  layer: number,
  stayed: Map<Installed, Installed>,
  rest: Rest,
): Promise<Difference[]> {
  const isHere = ({ found }: Installed): boolean => !isGone(found);
  const oldGroups = grouped(before.filter(isHere), ({ identity }) => identity);
  const newGroups = grouped(now, ({ identity }) => identity);
  const differences: Difference[] = [];
  for (const identity of new Set([...oldGroups.keys(), ...newGroups.keys()])) {
    await rest();
    const group = newGroups.get(identity) ?? [];
    const gone = group.find((each) => !isHere(each)) ?? null;
    const { pairs, before: olds, now: news } = pairEqual(oldGroups.get(identity) ?? [], group.filter(isHere), keyOf);
    for (const [old, same] of pairs) {
      same.since = old.since;
      stayed.set(same, old);
    }
    for (const [index, each] of news.entries()) {
      each.since = layer;
      const old = olds[index];
      if (old === undefined) {
        differences.push({ kind: 'added', now: each });
        continue;
      }
      if (old.found.version === each.found.version) each.since = old.since;
      differences.push({ kind: 'modified', now: each, before: old });
    }
    for (const old of olds.slice(news.length)) {
      differences.push({ kind: 'removed', before: old, status: gone?.found.status ?? null });
    }
  }
  return differences;
}

/** Returns a key that is equal for packages with the same version and status. */
function keyOf({ found }: Installed): string {
  return `${found.version}\0${found.status ?? ''}`;
}
