import { displayPath, entryTypeName, type RowTable } from '#model';

const MARKS: Readonly<Record<string, string>> = {
  directory: 'd',
  symlink: 'l',
  character: 'c',
  block: 'b',
  fifo: 'p',
  file: '-',
  hardlink: '-',
};

/** `drwxr-xr-x`: type and mode as in `ls -l`. */
export function permissionText(type: string, mode: number): string {
  // A symbolic link has all permissions on any system, whatever its header says.
  if (type === 'symlink') return 'lrwxrwxrwx';
  const letters = ['r', 'w', 'x', 'r', 'w', 'x', 'r', 'w', 'x'];
  const text = letters.map((letter, bit) => (mode & (0o400 >> bit) ? letter : '-'));
  if (mode & 0o4000) text[2] = text[2] === 'x' ? 's' : 'S';
  if (mode & 0o2000) text[5] = text[5] === 'x' ? 's' : 'S';
  if (mode & 0o1000) text[8] = text[8] === 'x' ? 't' : 'T';
  return (MARKS[type] ?? '?') + text.join('');
}

/** `2025-11-25 01:09:09`, UTC; as seconds if the year doesn't have four digits. */
export function dateText(seconds: number): string {
  const time = new Date(Math.floor(seconds) * 1000);
  const year = time.getUTCFullYear();
  if (Number.isNaN(year) || year < 0 || year > 9999) return `@${Math.floor(seconds)}`;
  return time.toISOString().slice(0, 19).replace('T', ' ');
}

/** A row's name for people: `/` after a folder, ` -> target` after a link. */
export function rowLabel(rows: RowTable, row: number, path: Uint8Array): string {
  const type = entryTypeName(rows.type[row] as number);
  const link = rows.links.get(row);
  const target = link === undefined ? '' : ` ${type === 'hardlink' ? '=>' : '->'} ${displayPath(link)}`;
  return `${displayPath(path)}${type === 'directory' ? '/' : ''}${target}`;
}
