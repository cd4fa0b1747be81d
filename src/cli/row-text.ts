import type { Stack } from '#changes';
import { type LayerTable, linkName } from '#format/layer';
import {
  decodeUtf8,
  displayPath,
  entryTypeName,
  escapePath,
  formatMode,
  formatTimestamp,
  NO_ENTRY,
  NO_LAYER,
  type RowTable,
  rowName,
  rowPath,
  toHex,
} from '#model';
import { jsonString } from './json-text.ts';

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

const MARKS: Readonly<Record<string, string>> = {
  directory: 'd',
  symlink: 'l',
  character: 'c',
  block: 'b',
  fifo: 'p',
  file: '-',
  hardlink: '-',
};

/** `drwxr-xr-x`, as ls prints type and mode. */
export function permissionText(type: string, mode: number): string {
  const letters = ['r', 'w', 'x', 'r', 'w', 'x', 'r', 'w', 'x'];
  const text = letters.map((letter, bit) => (mode & (0o400 >> bit) ? letter : '-'));
  if (mode & 0o4000) text[2] = text[2] === 'x' ? 's' : 'S';
  if (mode & 0o2000) text[5] = text[5] === 'x' ? 's' : 'S';
  if (mode & 0o1000) text[8] = text[8] === 'x' ? 't' : 'T';
  return (MARKS[type] ?? '?') + text.join('');
}

/** `2025-11-25 01:09:09`, UTC; years that four digits don't hold come as seconds. */
export function dateText(seconds: number): string {
  const time = new Date(Math.floor(seconds) * 1000);
  const year = time.getUTCFullYear();
  if (Number.isNaN(year) || year < 0 || year > 9999) return `@${Math.floor(seconds)}`;
  return time.toISOString().slice(0, 19).replace('T', ' ');
}

/** A row's name for people: a `/` behind folders, ` -> target` behind links. */
export function rowLabel(rows: RowTable, row: number, path: Uint8Array): string {
  const type = entryTypeName(rows.type[row] as number);
  const link = rows.links.get(row);
  const target = link === undefined ? '' : ` ${type === 'hardlink' ? '=>' : '->'} ${displayPath(link)}`;
  return `${displayPath(path)}${type === 'directory' ? '/' : ''}${target}`;
}
