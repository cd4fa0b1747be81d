import { decodeUtf8, displayText, escapePath, jsonString, type RowTable, rowName, rowPath, toHex, windowsPathOf } from '#model';

/** Formats the paths of rows. Caches the paths of folders, within a limit, because the paths of the rows below them start with them. */
export interface RowPaths {
  /** Returns the path, escaped by {@link escapePath}. */
  text(row: number): string;
  /** Returns the path for a terminal: escaped by {@link displayPath}. */
  shown(row: number): string;
  /**
   * Returns `"path":"…"`, then `"pathHex":"…"` if the path isn't UTF-8, and in a Windows image
   * `"windowsPath":"C:\\…"` for paths on the container's drive.
   */
  fields(row: number): string;
}

/** Maximum number of characters cached: in deep trees, each cached path repeats all its parents. */
const MAX_KEPT_TEXT = 8 * 1024 * 1024;

/** Creates a formatter for the paths of a table. `windows` says whether the table belongs to a Windows image. */
export function createRowPaths(rows: RowTable, windows: boolean): RowPaths {
  const plainName = plainNames(rows);
  const text = joinedNames(rows, (row) => plainName(row) ?? escapePath(rowName(rows, row)));
  // A slash is neither escaped nor a combining mark, so names can be escaped one by one.
  const shown = joinedNames(rows, (row) => plainName(row) ?? displayText(escapePath(rowName(rows, row))));
  const broken = new Uint8Array(rows.length); // 0: not yet known, 1: UTF-8, 2: not UTF-8
  const isBroken = (row: number): boolean => {
    if (row < 0) return false;
    if (broken[row] === 0) {
      const isUtf8 = plainName(row) !== null || decodeUtf8(rowName(rows, row)) !== null;
      broken[row] = isUtf8 && !isBroken(rows.parent[row] as number) ? 1 : 2;
    }
    return broken[row] === 2;
  };
  const fields = (row: number): string => {
    const path = `"path":${jsonString(text(row))}`;
    if (isBroken(row)) return `${path},"pathHex":"${toHex(rowPath(rows, row))}"`;
    const onDrive = windows ? windowsPathOf(decodeUtf8(rowPath(rows, row)) ?? '') : null;
    return onDrive === null ? path : `${path},"windowsPath":${jsonString(onDrive)}`;
  };
  return { text, shown, fields };
}

/** Joins the names of a row and its folders with `/`. */
function joinedNames(rows: RowTable, nameOf: (row: number) => string): (row: number) => string {
  const folders = new Map<number, string>();
  let keptText = 0;
  const keep = (row: number, path: string): void => {
    keptText += path.length;
    if (keptText > MAX_KEPT_TEXT) {
      folders.clear();
      keptText = path.length;
    }
    folders.set(row, path);
  };
  const pathOf = (row: number): string => {
    const isFolder = (rows.subtreeEnd[row] as number) > row + 1;
    const kept = isFolder ? folders.get(row) : undefined;
    if (kept !== undefined) return kept;
    const name = nameOf(row);
    const parent = rows.parent[row] as number;
    const path = parent < 0 ? name : `${pathOf(parent)}/${name}`;
    if (isFolder) keep(row, path);
    return path;
  };
  return pathOf;
}

const WINDOW_BYTES = 64 * 1024;

/**
 * Returns names that need no escaping, which are printable ASCII without backslashes; null for any other. Many names are decoded at once,
 * because decoding one takes longer than formatting the rest of its line.
 */
function plainNames({ names, nameStart }: RowTable): (row: number) => string | null {
  const bytes = Buffer.from(names.buffer, names.byteOffset, names.byteLength);
  let from = 0;
  let to = 0;
  let text = '';
  return (row) => {
    const start = nameStart[row] as number;
    const end = nameStart[row + 1] as number;
    for (let at = start; at < end; at++) {
      const byte = names[at] as number;
      if (byte < 0x20 || byte >= 0x7f || byte === 0x5c) return null;
    }
    if (start < from || end > to) {
      from = start;
      to = Math.max(end, Math.min(start + WINDOW_BYTES, names.length));
      text = bytes.toString('latin1', from, to);
    }
    return text.slice(start - from, end - from);
  };
}
