import fs from 'node:fs';
import { openFolderItself, pathOfDescriptor } from '#archive';
import { IS_RESTRICTED } from './access.ts';
import { refuseMountPoints } from './mount-points.ts';
import { errorCode } from './system-errors.ts';

/** Entries after which other work on this thread gets a turn. */
const ENTRIES_A_TURN = 256;

/**
 * Removes a folder with its contents, or a file or link, whatever the modes of folders and the bytes of names. It is not an error if
 * nothing is there. Links are not followed, not even one that another user puts in a folder's place meanwhile (on Linux). Throws EXISTS,
 * before removing anything, if a file system is mounted in it.
 */
export async function removeTree(folder: string | Buffer): Promise<void> {
  // On Windows modes don't matter, but programs that scan new files block removal for a while: `rm` retries.
  if (process.platform === 'win32') return fs.promises.rm(folder, { recursive: true, force: true, maxRetries: 3 });
  const top = typeof folder === 'string' ? Buffer.from(folder) : folder;
  const stats = fs.lstatSync(top, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isDirectory()) {
    remove(() => fs.unlinkSync(top));
    return;
  }
  refuseMountPoints(top.toString());
  await new Removal().folder(top);
}

class Removal {
  #count = 0;

  async folder(at: Buffer): Promise<void> {
    if (IS_RESTRICTED) open(at);
    const descriptor = openOrGone(at);
    if (descriptor === null) return;
    try {
      const inside = Buffer.from(pathOfDescriptor(descriptor) ?? at);
      for (const entry of fs.readdirSync(inside, { withFileTypes: true, encoding: 'buffer' })) {
        const below = Buffer.concat([inside, Buffer.from('/'), entry.name]);
        if (entry.isDirectory()) await this.folder(below);
        else remove(() => fs.unlinkSync(below));
        if (++this.#count % ENTRIES_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      fs.closeSync(descriptor);
    }
    remove(() => fs.rmdirSync(at));
  }
}

/** Null if it was removed or replaced meanwhile: whatever has its name now isn't what was to be removed. */
function openOrGone(at: Buffer): number | null {
  try {
    return openFolderItself(at);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errorCode(error) ?? '')) return null;
    throw error;
  }
}

function open(at: Buffer): void {
  try {
    fs.chmodSync(at, 0o700);
  } catch (error) {
    // Another user's folder: what follows reports it if it matters.
    if (errorCode(error) !== 'EPERM' && errorCode(error) !== 'EACCES') throw error;
  }
}

/** Another process may be removing the same tree. */
function remove(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}
