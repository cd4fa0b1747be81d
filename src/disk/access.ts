// Files and folders of our own that their modes shut to us too: an image's folder of mode 0, a file that its owner may not read. Root
// passes them anyway; others open them for as long as it takes. Every folder on the way is one that no other user can replace.
import fs from 'node:fs';
import { errorCode } from './system-errors.ts';

/** Whether modes hold this process back at all. */
export const IS_HELD_BACK = process.getuid !== undefined && process.getuid() !== 0;

const LIST = 0o500;
const READ = 0o400;
const PASS = 0o100;

/** Runs `work` with more of a mode's bits, and puts the mode back; `mode`: as it is. */
function withBits<T>(at: Buffer, mode: number, bits: number, work: () => T): T {
  if (!IS_HELD_BACK || (mode & bits) === bits) return work();
  fs.chmodSync(at, (mode & 0o7777) | bits);
  try {
    return work();
  } finally {
    fs.chmodSync(at, mode & 0o7777);
  }
}

/** Opens a folder to be listed; call what is returned when all below it has been dealt with. */
export function openFolder(at: Buffer, mode: number): () => void {
  if (!IS_HELD_BACK || (mode & LIST) === LIST) return () => {};
  fs.chmodSync(at, (mode & 0o7777) | LIST);
  return () => fs.chmodSync(at, mode & 0o7777);
}

/** A descriptor to read a regular file below a root, whatever its mode and those of the folders above it. `path`: raw, joined by `/`. */
export function openToRead(root: string, path: Uint8Array): number {
  const file = Buffer.concat([Buffer.from(`${root}/`), path]);
  const open = (): number => fs.openSync(file, fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0));
  try {
    return open();
  } catch (error) {
    if (!IS_HELD_BACK || errorCode(error) !== 'EACCES') throw error;
  }
  const passed = (end: number): number => {
    const slash = file.indexOf(0x2f, end);
    const at = slash < 0 ? file : file.subarray(0, slash);
    const { mode } = fs.lstatSync(at);
    return slash < 0 ? withBits(at, mode, READ, open) : withBits(at, mode, PASS, () => passed(slash + 1));
  };
  return passed(Buffer.byteLength(root));
}

/** Runs `work` with every folder and file below a root open to be read; modes are put back. Links are not followed. */
export function withAllOpen<T>(root: string, work: () => T): T {
  if (!IS_HELD_BACK) return work();
  const shut: { readonly at: Buffer; readonly mode: number }[] = [];
  const open = (at: Buffer): void => {
    const stats = fs.lstatSync(at);
    const bits = stats.isDirectory() ? LIST : stats.isFile() ? READ : 0;
    if ((stats.mode & bits) !== bits) {
      // Another user's stays shut: `work` doesn't see into it.
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
