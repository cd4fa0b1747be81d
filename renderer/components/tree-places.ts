/** Positions of the visible rows within their tree, by index. */
export interface Places {
  /** Returns the row's level, 0 at the top. */
  level(index: number): number;
  /** Returns the row's position among its visible siblings, from 1. */
  position(index: number): number;
  /** Returns the number of visible siblings, including the row itself. */
  setSize(index: number): number;
}

/** Creates {@link Places}. Siblings are counted only once one of them is drawn, so rows that nobody scrolls to cost nothing. */
export function placesOf(rows: Uint32Array, parent: Int32Array): Places {
  // Position by index, from 1; 0: not counted yet.
  const position = new Uint32Array(rows.length);
  // Number of visible children, by folder; -1 is the top.
  const sizes = new Map<number, number>();
  const folderOf = (index: number): number => parent[rows[index] as number] as number;
  const countSiblings = (index: number): number => {
    const folder = folderOf(index);
    const known = sizes.get(folder);
    if (known !== undefined) return known;
    let count = 0;
    for (let at = folder < 0 ? 0 : rows.lastIndexOf(folder, index) + 1; at < rows.length; at++) {
      const above = folderOf(at);
      if (above === folder) position[at] = ++count;
      // Rows are in depth-first order: the parent of anything inside the folder is the folder or a later row.
      else if (above < folder) break;
    }
    sizes.set(folder, count);
    return count;
  };
  return {
    level(index) {
      let level = 0;
      for (let at = folderOf(index); at >= 0; at = parent[at] as number) level++;
      return level;
    },
    position(index) {
      countSiblings(index);
      return position[index] as number;
    },
    setSize: countSiblings,
  };
}
