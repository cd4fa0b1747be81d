/** Items with the same layers and command. */
export interface Group<T> {
  readonly key: string;
  readonly items: readonly T[];
}

/** Groups items by a key. Groups, and the items of each, keep their order. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): readonly Group<T>[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups].map(([key, grouped]) => ({ key, items: grouped }));
}
