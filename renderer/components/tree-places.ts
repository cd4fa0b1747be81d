/** Where rows in sight stand in their tree; asked by their index. */
export interface Places {
  /** 0 at the top. */
  level(index: number): number;
  /** Among its siblings in sight, from 1. */
  position(index: number): number;
  /** Siblings in sight, itself included. */
  setSize(index: number): number;
}

/** One pass that counts children; all else is looked up for the few rows that are drawn. */
export function placesOf(rows: Uint32Array, parent: Int32Array): Places {
  const position = new Uint32Array(rows.length);
  // Children in sight by folder, the top first.
  const count = new Uint32Array(parent.length + 1);
  for (let index = 0; index < rows.length; index++) {
    const folder = (parent[rows[index] as number] as number) + 1;
    const place = (count[folder] as number) + 1;
    count[folder] = place;
    position[index] = place;
  }
  const folderOf = (index: number): number => parent[rows[index] as number] as number;
  return {
    level(index) {
      let level = 0;
      for (let at = folderOf(index); at >= 0; at = parent[at] as number) level++;
      return level;
    },
    position: (index) => position[index] as number,
    setSize: (index) => count[folderOf(index) + 1] as number,
  };
}
