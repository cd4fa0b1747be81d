import fs from 'node:fs';
import { openFolderItself, pathOfDescriptor } from '#archive';
import { IS_HELD_BACK } from './access.ts';
import { refuseMountPoints } from './mount-points.ts';
import { errorCode } from './system-errors.ts';

/** After so many entries others on this thread have a turn. */
const ENTRIES_A_TURN = 256;

/**
 * Removes a folder with all that is in it, or a file or link by itself, whatever modes folders have and whatever bytes names are of. What
 * isn't there is no error. Links are not followed, even one that another user puts in a folder's place meanwhile (on Linux). Throws EXISTS,
 * before anything is removed, if a file system is mounted in it.
 */
export async function removeTree(folder: string | Buffer): Promise<void> {
  // There modes shut nothing out, but programs that look at a new file do: `rm` waits for them.
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
    if (IS_HELD_BACK) open(at);
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
    // Another user's: what follows says so if it matters.
    if (errorCode(error) !== 'EPERM' && errorCode(error) !== 'EACCES') throw error;
  }
}

/** Another process may be removing the same. */
function remove(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}
