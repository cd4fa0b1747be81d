import fs from 'node:fs';
import { IS_HELD_BACK } from './access.ts';
import { errorCode } from './system-errors.ts';

/** After so many entries others on this thread have a turn. */
const ENTRIES_A_TURN = 256;

/**
 * Removes a folder with all that is in it, or a file or link by itself, whatever modes folders have and whatever bytes names are of. What
 * isn't there is no error. Links are not followed.
 */
export async function removeTree(folder: string | Buffer): Promise<void> {
  // There modes shut nothing out, but programs that look at a new file do: `rm` waits for them.
  if (process.platform === 'win32') return fs.promises.rm(folder, { recursive: true, force: true, maxRetries: 3 });
  const top = typeof folder === 'string' ? Buffer.from(folder) : folder;
  const stats = fs.lstatSync(top, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isDirectory()) fs.rmSync(top, { force: true });
  else await new Removal().folder(top);
}

class Removal {
  #count = 0;

  async folder(at: Buffer): Promise<void> {
    if (IS_HELD_BACK) open(at);
    for (const entry of fs.readdirSync(at, { withFileTypes: true, encoding: 'buffer' })) {
      const below = Buffer.concat([at, Buffer.from('/'), entry.name]);
      if (entry.isDirectory()) await this.folder(below);
      else remove(() => fs.unlinkSync(below));
      if (++this.#count % ENTRIES_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    remove(() => fs.rmdirSync(at));
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
