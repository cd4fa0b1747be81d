// Access to our own files and folders despite their modes: an image may have a folder of mode 0, or a file that its owner may not read.
// Root isn't affected; for others, the mode is changed temporarily. No other user can replace a folder on the way.
import fs from 'node:fs';
import { errorCode } from './system-errors.ts';

/** Whether modes restrict this process at all. */
export const IS_RESTRICTED = process.getuid !== undefined && process.getuid() !== 0;

const LIST = 0o500;
const READ = 0o400;
const PASS = 0o100;

/** Runs `work` with extra mode bits set, then restores `mode`, the current one. */
function withBits<T>(at: Buffer, mode: number, bits: number, work: () => T): T {
  if (!IS_RESTRICTED || (mode & bits) === bits) return work();
  fs.chmodSync(at, (mode & 0o7777) | bits);
  try {
    return work();
  } finally {
    fs.chmodSync(at, mode & 0o7777);
  }
}

/** Makes a folder listable. Call the returned function, once everything below has been processed, to restore its mode. */
export function openFolder(at: Buffer, mode: number): () => void {
  if (!IS_RESTRICTED || (mode & LIST) === LIST) return () => {};
  fs.chmodSync(at, (mode & 0o7777) | LIST);
  return () => fs.chmodSync(at, mode & 0o7777);
}

/** Opens a regular file below a root for reading, whatever the modes of it and its folders. `path`: raw bytes, joined by `/`. */
export function openToRead(root: string, path: Uint8Array): number {
  const file = Buffer.concat([Buffer.from(`${root}/`), path]);
  const open = (): number => fs.openSync(file, fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0));
  try {
    return open();
  } catch (error) {
    if (!IS_RESTRICTED || errorCode(error) !== 'EACCES') throw error;
  }
  const passed = (end: number): number => {
    const slash = file.indexOf(0x2f, end);
    const at = slash < 0 ? file : file.subarray(0, slash);
    const { mode } = fs.lstatSync(at);
    return slash < 0 ? withBits(at, mode, READ, open) : withBits(at, mode, PASS, () => passed(slash + 1));
  };
  return passed(Buffer.byteLength(root));
}

/** Runs `work` with all folders and files below a root readable, then restores their modes. Links are not followed. */
export function withAllOpen<T>(root: string, work: () => T): T {
  if (!IS_RESTRICTED) return work();
  const shut: { readonly at: Buffer; readonly mode: number }[] = [];
  const open = (at: Buffer): void => {
    const stats = fs.lstatSync(at);
    const bits = stats.isDirectory() ? LIST : stats.isFile() ? READ : 0;
    if ((stats.mode & bits) !== bits) {
      // Other users' folders stay closed; `work` can't see inside.
      if (stats.uid !== process.getuid?.()) return;
      fs.chmodSync(at, (stats.mode & 0o7777) | bits);
      shut.push({ at, mode: stats.mode & 0o7777 });
    }
    if (!stats.isDirectory()) return;
    for (const name of fs.readdirSync(at, { encoding: 'buffer' })) open(Buffer.concat([at, Buffer.from('/'), name]));
  };
  try {
    open(Buffer.from(root));
    return work();
  } finally {
    for (const { at, mode } of shut.reverse()) fs.chmodSync(at, mode);
  }
}
