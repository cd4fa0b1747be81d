/** Groups and their children as rows of one tree, by row number: a group's row comes before its children's. */
export interface TwoLevels {
  readonly groups: number;
  readonly parent: Int32Array;
  /** Returns a row's group, and the index of the child within it; -1 for the group itself. */
  at(row: number): { readonly group: number; readonly child: number };
  rowOf(group: number): number;
  childrenOf(group: number): number;
  /** Returns the visible rows, given which groups are open. */
  inSight(open: ReadonlySet<number>): Uint32Array;
}

/** Creates the tree from each group's number of children. */
export function twoLevels(children: readonly number[]): TwoLevels {
  const starts = new Uint32Array(children.length);
  let total = 0;
  for (const [group, count] of children.entries()) {
    starts[group] = total;
    total += 1 + count;
  }
  const parent = new Int32Array(total);
  for (const [group, count] of children.entries()) {
    const start = starts[group] as number;
    parent[start] = -1;
    parent.fill(start, start + 1, start + 1 + count);
  }
  const groupOf = (row: number): number => {
    let low = 0;
    let high = children.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= row) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  return {
    groups: children.length,
    parent,
    at(row) {
      const group = groupOf(row);
      return { group, child: row - (starts[group] as number) - 1 };
    },
    rowOf: (group) => starts[group] as number,
    childrenOf: (group) => children[group] ?? 0,
    inSight(open) {
      let count = children.length;
      for (const group of open) count += children[group] ?? 0;
      const rows = new Uint32Array(count);
      let at = 0;
      for (const [group, size] of children.entries()) {
        const start = starts[group] as number;
        rows[at++] = start;
        if (open.has(group)) for (let child = 1; child <= size; child++) rows[at++] = start + child;
      }
      return rows;
    },
  };
}
