import type { RowPaths } from '#engine';
import { displayPath, type RowTable, TYPE } from '#model';

const MARKS: Readonly<Record<string, string>> = {
  directory: 'd',
  symlink: 'l',
  character: 'c',
  block: 'b',
  fifo: 'p',
  file: '-',
  hardlink: '-',
};

/** Formats type and mode as in `ls -l`: `drwxr-xr-x`. */
export function permissionText(type: string, mode: number): string {
  // A symbolic link has all permissions on any system, whatever the header says.
  if (type === 'symlink') return 'lrwxrwxrwx';
  const letters = (shift: number, set: string, special: boolean): string => {
    const isRunnable = (mode & (1 << shift)) !== 0;
    const last = special ? (isRunnable ? set : set.toUpperCase()) : isRunnable ? 'x' : '-';
    return (mode & (4 << shift) ? 'r' : '-') + (mode & (2 << shift) ? 'w' : '-') + last;
  };
  return (
    (MARKS[type] ?? '?') +
    letters(6, 's', (mode & 0o4000) !== 0) +
    letters(3, 's', (mode & 0o2000) !== 0) +
    letters(0, 't', (mode & 0o1000) !== 0)
  );
}

/** Formats a time as `2025-11-25 01:09:09` in UTC; as seconds if the year doesn't have four digits. */
export function dateText(seconds: number): string {
  const whole = Math.floor(seconds);
  const day = Math.floor(whole / DAY_SECONDS);
  let date = dates.get(day);
  if (date === undefined) {
    if (dates.size >= MAX_DATES) dates.clear();
    date = dateOf(day);
    dates.set(day, date);
  }
  if (date === null) return `@${whole}`;
  const second = whole - day * DAY_SECONDS;
  return `${date} ${twoDigits(Math.floor(second / 3600))}:${twoDigits(Math.floor(second / 60) % 60)}:${twoDigits(second % 60)}`;
}

const DAY_SECONDS = 86_400;
/** Cached: the files of an image share a few dates, and formatting a date takes longer than formatting the rest of a line. */
const dates = new Map<number, string | null>();
const MAX_DATES = 1_000;

/** Formats a date as `2025-11-25`; null if the year doesn't have four digits. `day`: days since 1970. */
function dateOf(day: number): string | null {
  const date = new Date(day * DAY_SECONDS * 1000);
  const year = date.getUTCFullYear();
  return Number.isNaN(year) || year < 0 || year > 9999 ? null : date.toISOString().slice(0, 10);
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** Formats a row's name for display: `/` after a folder, ` -> target` after a link. */
export function rowLabel(rows: RowTable, row: number, paths: RowPaths): string {
  const path = paths.shown(row);
  const type = rows.type[row];
  if (type === TYPE.file) return path;
  const link = rows.links.get(row);
  const target = link === undefined ? '' : ` ${type === TYPE.hardlink ? '=>' : '->'} ${displayPath(link)}`;
  return `${path}${type === TYPE.directory ? '/' : ''}${target}`;
}
