import { grouped } from '#model';

/** Two lists whose equal items were paired, in order. */
interface Pairing<T> {
  readonly pairs: readonly (readonly [before: T, now: T])[];
  /** Items without a partner, in their order. */
  readonly before: readonly T[];
  readonly now: readonly T[];
}

/** Pairs the items of two lists that have the same key. */
export function pairEqual<T>(before: readonly T[], now: readonly T[], keyOf: (item: T) => string): Pairing<T> {
  // A shortcut: in a comparison of tens of thousands of packages, nearly all lists have at most one item.
  if (before.length === 0 || now.length === 0) return { pairs: [], before, now };
  const byKey = grouped(before, keyOf);
  const counts = new Map<string, number>();
  const paired = new Set<T>();
  const pairs: (readonly [T, T])[] = [];
  const left: T[] = [];
  for (const each of now) {
    const key = keyOf(each);
    const count = counts.get(key) ?? 0;
    const partner = byKey.get(key)?.[count];
    if (partner === undefined) {
      left.push(each);
      continue;
    }
    counts.set(key, count + 1);
    paired.add(partner);
    pairs.push([partner, each]);
  }
  return { pairs, before: before.filter((each) => !paired.has(each)), now: left };
}
