// Restricts a process to images in certain folders, because whoever sends its requests isn't trusted with the rest. A path is checked
// before it is opened. A link may replace the file after that check, so each file is checked again once it is open.
import { fstatSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import { displayText, LayerscopeError } from '#model';

/** Key of the folders in the environment data, which threads started later get a copy of. */
const KEY = 'layerscope: readable folders';

/** Restricts this process, for good, to images in these folders. Must be called before it starts threads. */
export function restrictReading(folders: readonly string[]): void {
  setEnvironmentData(KEY, folders.map(realOf));
}

/** If the process is restricted, also allows one of the program's own folders, such as the cache. */
export function alsoRead(folder: string): void {
  const folders = readable();
  if (folders !== null) setEnvironmentData(KEY, [...folders, realOf(folder)]);
}

/** Throws PERMISSION if the process is restricted and the open file or folder isn't in one of its folders; also the system's errors. */
export function refuseUnreadable(descriptor: number, file: string): void {
  const folders = readable();
  if (folders === null) return;
  const real = realpathSync(file);
  if (folders.some((folder) => isInside(folder, real)) && isSame(descriptor, real)) return;
  throw new LayerscopeError('PERMISSION', `${displayText(file)} is outside the named folders`);
}

/** Whether `file` is `folder` or in it. Compares text only. */
export function isInside(folder: string, file: string): boolean {
  const between = path.relative(folder, file);
  return between !== '..' && !between.startsWith(`..${path.sep}`) && !path.isAbsolute(between);
}

function isSame(descriptor: number, file: string): boolean {
  const [opened, there] = [fstatSync(descriptor, { bigint: true }), statSync(file, { bigint: true })];
  return opened.dev === there.dev && opened.ino === there.ino;
}

function readable(): readonly string[] | null {
  const folders: unknown = getEnvironmentData(KEY);
  return Array.isArray(folders) ? (folders as readonly string[]) : null;
}

function realOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return path.resolve(folder);
  }
}
