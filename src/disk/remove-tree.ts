import fs from 'node:fs';
import { IS_RESTRICTED } from './access.ts';
import { errorCode } from './system-errors.ts';

/** Entries after which other work on this thread gets a turn. */
const ENTRIES_A_TURN = 256;

/**
 * Removes a folder with its contents, or a file or link, whatever the modes of folders and the bytes of names. It is not an error if
 * nothing is there. Links are not followed.
 */
export async function removeTree(folder: string | Buffer): Promise<void> {
  // On Windows modes don't matter, but programs that scan new files block removal for a while: `rm` retries.
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
    if (IS_RESTRICTED) open(at);
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
