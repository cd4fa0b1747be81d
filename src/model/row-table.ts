import type { RowColumns } from './row-columns.ts';

/**
 * Changes, a view or a comparison as columns: one row per path, in depth-first order, siblings by the bytes of their names. The root itself
 * isn't a row. Unchanged folders that lead to other rows are included, with kind `unchanged`. Sizes are in bytes. All columns are plain
 * typed arrays, which pass through structured clone, workers and the wire unchanged.
 */
export interface RowTable extends RowColumns {
  readonly length: number;
  /** Offsets in `names`, one more than there are rows: the name of row r is names[nameStart[r] .. nameStart[r+1]]. */
  readonly nameStart: Uint32Array;
  /** The last path component of each row: raw bytes, concatenated. */
  readonly names: Uint8Array;
  /** Raw link targets of symlinks and hard links, by row. Few rows are links. */
  readonly links: ReadonlyMap<number, Uint8Array>;
}

export const KIND = { unchanged: 0, added: 1, modified: 2, removed: 3 } as const;
export const KIND_NAMES = ['unchanged', 'added', 'modified', 'removed'] as const;
export type KindName = (typeof KIND_NAMES)[number];

export const DIFFERS = {
  content: 1, // the bytes of a file are known to differ
  type: 2,
  mode: 4,
  owner: 8,
  time: 16,
  attributes: 32,
  link: 64,
  rewritten: 128, // no difference: the layer contains the file again with the same bytes
  unread: 256, // a file with the same size as before whose bytes were not compared or could not be read
  device: 512, // device numbers
} as const;

/** The bits about a file's content, of which at most one is set. */
export const CONTENT_BITS = DIFFERS.content | DIFFERS.rewritten | DIFFERS.unread;

const DIFFERENCE_WORDS = Object.entries(DIFFERS).filter(([, bit]) => (bit & (DIFFERS.rewritten | DIFFERS.unread)) === 0);

/** Describes what has changed, in words. `rewritten` and `unread` are not differences. */
export function differenceWords(bits: number): string[] {
  return DIFFERENCE_WORDS.filter(([, bit]) => bits & bit).map(([word]) => word);
}

/** Like {@link differenceWords}, for display: begins with `rewritten` or `unread` if that bit is set. */
export function changeWords(bits: number): string[] {
  const first = (bits & DIFFERS.rewritten) !== 0 ? ['rewritten'] : (bits & DIFFERS.unread) !== 0 ? ['unread'] : [];
  return [...first, ...differenceWords(bits)];
}

/** The sides whose sums include the row's bytes. */
export const COUNTED = {
  now: 1, // `size`, if the row wasn't removed
  before: 2, // `previousSize`, or `size` of a removed row
} as const;

export const REASON = { none: 0, whiteout: 1, opaque: 2, replaced: 3 } as const;
export const REASON_NAMES = ['none', 'whiteout', 'opaque', 'replaced'] as const;

export const NO_LAYER = 0xffff;
export const NO_ENTRY = 0xffff_ffff;

/** Returns the last path component of a row: raw bytes, as a view rather than a copy. */
export function rowName(table: RowTable, row: number): Uint8Array {
  return table.names.subarray(table.nameStart[row], table.nameStart[row + 1]);
}

/** Returns the full path of a row: raw bytes joined by `/`. */
export function rowPath(table: RowTable, row: number): Uint8Array<ArrayBuffer> {
  let length = -1;
  for (let at = row; at >= 0; at = table.parent[at] as number) length += rowName(table, at).length + 1;
  const path = new Uint8Array(Math.max(length, 0));
  let end = path.length;
  for (let at = row; at >= 0; at = table.parent[at] as number) {
    const name = rowName(table, at);
    path.set(name, end - name.length);
    end -= name.length;
    if (end > 0) path[--end] = 0x2f;
  }
  return path;
}
