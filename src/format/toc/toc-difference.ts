import { FLAG, type LayerTable, linkName, type MemberMeta, NO_NODE, nodePath } from '#format/layer';
import { compareBytes, displayPath, TYPE } from '#model';

const MODE_BITS = 0o7777;
const ROLE = FLAG.whiteout | FLAG.opaque | FLAG.rawOnly;
/** Prefix of Windows attributes, which only a tar contains: a TOC lists only extended attributes. */
const WINDOWS = 'MSWINDOWS.';
const EMPTY = new Uint8Array(0);

/**
 * Compares a layer's TOC with its tar. Returns a clause about the first difference, or null if there is none. Times may differ by less than
 * a second, because TOCs state whole seconds.
 */
export function tocDifference(toc: LayerTable, tar: LayerTable): string | null {
  const rows = Math.min(toc.memberCount, tar.memberCount);
  for (let row = 0; row < rows; row++) {
    const what = rowDifference(toc, tar, row);
    if (what !== null) return `entry ${row + 1} of the layer, ${pathOf(tar, row)}, ${what}`;
  }
  if (toc.memberCount === tar.memberCount) return null;
  const [more, where] = tar.memberCount > rows ? [tar, 'is not listed'] : [toc, 'is listed, but is not in the layer'];
  return `entry ${rows + 1}, ${pathOf(more, rows)}, ${where}`;
}

function rowDifference(toc: LayerTable, tar: LayerTable, row: number): string | null {
  if (compareBytes(path(toc, row), path(tar, row)) !== 0 || ((flags(toc, row) ^ flags(tar, row)) & ROLE) !== 0)
    return `is listed as ${pathOf(toc, row)}`;
  if (toc.type[row] !== tar.type[row]) return 'is listed as something else';
  if (toc.size[row] !== tar.size[row]) return `is listed with ${toc.size[row]} bytes, it has ${tar.size[row]}`;
  if (compareBytes(linkName(toc, row) ?? EMPTY, linkName(tar, row) ?? EMPTY) !== 0) return 'is listed with another target';
  const seconds = (toc.mtimeSeconds[row] as number) - (tar.mtimeSeconds[row] as number);
  if (seconds !== 0 && !(seconds === 1 && (tar.mtimeNanos[row] ?? 0) > 0)) return 'is listed with another time';
  return metaDifference(metaOf(toc, row), metaOf(tar, row), toc.type[row] as number);
}

function metaDifference(toc: MemberMeta, tar: MemberMeta, type: number): string | null {
  if (((toc.mode ^ tar.mode) & MODE_BITS) !== 0) return 'is listed with another mode';
  if (toc.uid !== tar.uid || toc.gid !== tar.gid) return 'is listed with another owner';
  const isDevice = type === TYPE.character || type === TYPE.block;
  if (isDevice && (toc.devMajor !== tar.devMajor || toc.devMinor !== tar.devMinor)) return 'is listed as another device';
  return attributesOf(toc) === attributesOf(tar) ? null : 'is listed with other attributes';
}

function attributesOf({ attributes }: MemberMeta): string {
  return JSON.stringify(Object.entries(attributes ?? {}).filter(([name]) => !name.startsWith(WINDOWS)));
}

function metaOf(table: LayerTable, row: number): MemberMeta {
  return table.metas[table.meta[row] as number] as MemberMeta;
}

function flags(table: LayerTable, row: number): number {
  return table.flags[row] as number;
}

function path(table: LayerTable, row: number): Uint8Array {
  const node = table.node[row] as number;
  return node === NO_NODE ? EMPTY : nodePath(table, node);
}

function pathOf(table: LayerTable, row: number): string {
  return displayPath(path(table, row));
}
