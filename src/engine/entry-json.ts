// JSON of entries and rows, as the command line prints it and the window saves it: cli.md of the contract says what stands in it.
import type { Stack } from '#changes';
import { type LayerTable, linkName } from '#format/layer';
import {
  decodeUtf8,
  entryTypeName,
  escapePath,
  formatMode,
  formatTimestamp,
  jsonString,
  NO_ENTRY,
  NO_LAYER,
  type RowTable,
  rowName,
  rowPath,
  toHex,
} from '#model';

/** Texts of rows' paths; those of folders are kept, since every row below begins with them. */
export interface RowPaths {
  /** Escaped as {@link escapePath} does. */
  text(row: number): string;
  /** `,"pathHex":"…"` where the path isn't UTF-8, else nothing. */
  hexField(row: number): string;
}

export function createRowPaths(rows: RowTable): RowPaths {
  const folders: (string | undefined)[] = new Array(rows.length);
  const broken = new Uint8Array(rows.length); // 1: UTF-8, 2: not
  const isBroken = (row: number): boolean => {
    if (row < 0) return false;
    if (broken[row] === 0) broken[row] = isBroken(rows.parent[row] as number) || decodeUtf8(rowName(rows, row)) === null ? 2 : 1;
    return broken[row] === 2;
  };
  const text = (row: number): string => {
    const kept = folders[row];
    if (kept !== undefined) return kept;
    const name = escapePath(rowName(rows, row));
    const parent = rows.parent[row] as number;
    const path = parent < 0 ? name : `${text(parent)}/${name}`;
    if ((rows.subtreeEnd[row] as number) > row + 1) folders[row] = path;
    return path;
  };
  return { text, hexField: (row) => (isBroken(row) ? `,"pathHex":"${toHex(rowPath(rows, row))}"` : '') };
}

/** JSON of what entries are: `"type":…,"size":…,"mode":…,"uid":…,"gid":…,"mtime":…` and `linkname`, without braces. */
export interface EntryFields {
  of(layer: number, entry: number): string;
}

const IMPLIED_FOLDER = '"type":"directory","size":0,"mode":"0755","uid":0,"gid":0,"mtime":"0.000000000"';

export function createEntryFields({ layers }: Pick<Stack, 'layers'>): EntryFields {
  const owners: string[][] = layers.map(() => []);
  const ownerOf = (table: LayerTable, layer: number, meta: number): string => {
    const kept = owners[layer]?.[meta];
    if (kept !== undefined) return kept;
    const value = table.metas[meta];
    const text = `"mode":"${formatMode(value?.mode ?? 0)}","uid":${value?.uid ?? 0},"gid":${value?.gid ?? 0}`;
    const ofLayer = owners[layer];
    if (ofLayer !== undefined) ofLayer[meta] = text;
    return text;
  };
  return {
    of(layer, entry) {
      const table = layer === NO_LAYER || entry === NO_ENTRY ? null : layers[layer];
      if (table === null || table === undefined) return IMPLIED_FOLDER;
      const link = linkName(table, entry);
      const linkField = link === null ? '' : `,"linkname":${jsonString(escapePath(link))}`;
      return `"type":"${entryTypeName(table.type[entry] as number)}","size":${table.size[entry]},${ownerOf(table, layer, table.meta[entry] as number)},"mtime":"${memberTime(table, entry)}"${linkField}`;
    },
  };
}

export function memberTime(table: LayerTable, member: number): string {
  return formatTimestamp(table.mtimeSeconds[member] as number, table.mtimeNanos[member] ?? 0);
}
