import { isGone } from '#packages';
import type { Difference, Installed } from './types.ts';

/**
 * Compares the packages of the same places as seen at two neighbouring layers, and lets those that stayed keep the layer that brought
 * them. Several versions may be installed side by side: equal ones are paired first, the others are upgrades in their order. `stayed`: gets
 * what each package that is the same as below was there.
 */
export function compareNeighbours(
  before: readonly Installed[],
  now: readonly Installed[],
  layer: number,
  stayed: Map<Installed, Installed>,
): Difference[] {
  const groups = new Map<string, { readonly before: Installed[]; readonly now: Installed[]; gone: Installed | null }>();
  const groupOf = (identity: string) => {
    const known = groups.get(identity) ?? { before: [], now: [], gone: null };
    groups.set(identity, known);
    return known;
  };
  for (const each of before) if (!isGone(each.found)) groupOf(each.identity).before.push(each);
  for (const each of now) {
    const group = groupOf(each.identity);
    if (isGone(each.found)) group.gone ??= each;
    else group.now.push(each);
  }
  const differences: Difference[] = [];
  for (const group of groups.values()) {
    const { olds, news } = unpaired(group.before, group.now, stayed);
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
      differences.push({ kind: 'removed', before: old, status: group.gone?.found.status ?? null });
    }
  }
  return differences;
}

/** What remains when equal versions with equal states are paired. */
function unpaired(
  before: readonly Installed[],
  now: readonly Installed[],
  stayed: Map<Installed, Installed>,
): { olds: Installed[]; news: Installed[] } {
  const keyOf = ({ found }: Installed): string => `${found.version}\0${found.status ?? ''}`;
  const byKey = new Map<string, Installed[]>();
  for (const old of before) byKey.set(keyOf(old), [...(byKey.get(keyOf(old)) ?? []), old]);
  const news: Installed[] = [];
  for (const each of now) {
    const old = byKey.get(keyOf(each))?.shift();
    if (old === undefined) {
      news.push(each);
      continue;
    }
    each.since = old.since;
    stayed.set(each, old);
  }
  return { olds: [...byKey.values()].flat(), news };
}
