/** By index in the rows in sight. */
export interface Places {
  /** 0 at the top. */
  readonly level: Uint16Array;
  /** From 1. */
  readonly position: Uint32Array;
  readonly setSize: Uint32Array;
}

/** Level, place among its siblings and their number, of every row in sight: one pass, no objects. */
export function placesOf(rows: Uint32Array, parent: Int32Array): Places {
  const level = new Uint16Array(rows.length);
  const position = new Uint32Array(rows.length);
  const setSize = new Uint32Array(rows.length);
  // Of the folders above the row that is looked at: their row, how many children were met, and the index of the last of them.
  const above: number[] = [];
  const met: number[] = [0];
  const last: number[] = [-1];
  const previous = new Int32Array(rows.length);
  const close = (depth: number) => {
    for (let at = last[depth] as number; at >= 0; at = previous[at] as number) setSize[at] = met[depth] as number;
  };
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] as number;
    const folder = parent[row] as number;
    while (above.length > 0 && above[above.length - 1] !== folder) {
      close(above.length);
      above.pop();
      met.pop();
      last.pop();
    }
    const depth = above.length;
    level[index] = depth;
    met[depth] = (met[depth] as number) + 1;
    position[index] = met[depth] as number;
    previous[index] = last[depth] as number;
    last[depth] = index;
    above.push(row);
    met.push(0);
    last.push(-1);
  }
  for (let depth = above.length; depth >= 0; depth--) close(depth);
  return { level, position, setSize };
}
