// One writer at a time, among processes. The lock is a file with who holds it: process id and, where the system tells, when that process
// began, as ids are used again. A lock whose holder is gone is broken by the next writer: under a second lock, so that two who see the
// same dead holder don't break each other's new one. Readers need no lock: what they see is replaced by whole files only.
import { randomBytes } from 'node:crypto';
import { link, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LayerscopeError } from '#model';
import { onDisk } from './durable.ts';

const POLL_MS = 25;
/** Breaking a lock, and writing who holds one, take a moment: whoever began so long ago was killed. */
const UNFINISHED_MS = 10_000;

interface Holder {
  readonly pid: number;
  /** As the system counts it; null where it doesn't tell. */
  readonly began: string | null;
  readonly token: string;
}

/** When a process began: field 22 of /proc/PID/stat. Null where there is no /proc, or no such process. */
async function beganOf(pid: number): Promise<string | null> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces and parentheses itself.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

async function isAlive({ pid, began }: Pick<Holder, 'pid' | 'began'>): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = await beganOf(pid);
  return began === null || now === null || now === began;
}

/** This process, as a holder's file names it. */
export async function thisProcess(): Promise<{ readonly pid: number; readonly began: string | null }> {
  return { pid: process.pid, began: await beganOf(process.pid) };
}

/** Whether the process that such words name is there. Words that name none are of nobody. */
export async function isThere(words: unknown): Promise<boolean> {
  const { pid, began } = (words ?? {}) as Partial<Holder>;
  return typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0 && (await isAlive({ pid, began: began ?? null }));
}

async function readHolder(file: string): Promise<{ text: string; holder: unknown } | null> {
  try {
    const text = await readFile(file, 'utf8');
    try {
      return { text, holder: JSON.parse(text) };
    } catch {
      return { text, holder: null };
    }
  } catch {
    return null;
  }
}

/** Whether nobody is behind a lock any more. One that doesn't say yet who holds it is still being written, unless that was long ago. */
async function isAbandoned(file: string, { text, holder }: { readonly text: string; readonly holder: unknown }): Promise<boolean> {
  if (holder !== null) return !(await isThere(holder));
  const since = await stat(file).catch(() => null);
  return since !== null && Date.now() - since.mtimeMs > UNFINISHED_MS && (await readHolder(file))?.text === text;
}

/** Takes the writer's lock of a home, waiting for it. Throws CANCELLED, and what the system says. Dispose of it. */
export async function lockForWriting(home: string, signal: AbortSignal | undefined): Promise<AsyncDisposable> {
  const file = path.join(home, 'lock');
  const holder: Holder = { ...(await thisProcess()), token: randomBytes(8).toString('hex') };
  // The name says whose it is as well: the file is looked at by others before all of it is written.
  const own = path.join(home, `lock.${holder.token}.${holder.pid}.${holder.began ?? '0'}`);
  const text = JSON.stringify(holder);
  try {
    await onDisk(() => writeFile(own, text, { flag: 'wx' }));
    for (;;) {
      if (signal?.aborted) throw new LayerscopeError('CANCELLED', 'cancelled while another writer was waited for');
      if (await take(own, file, text)) break;
      const known = await readHolder(file);
      if (known !== null && (await isAbandoned(file, known))) await breakLock(home, file, known.text);
      else await delay(POLL_MS);
    }
  } finally {
    await rm(own, { force: true });
  }
  await removeDead(home);
  return {
    [Symbol.asyncDispose]: async () => {
      const known = await readHolder(file);
      if (known?.text === text) await onDisk(() => rm(file));
    },
  };
}

/** What processes left that were killed while they waited. */
async function removeDead(home: string): Promise<void> {
  for (const name of await onDisk(() => readdir(home))) {
    const [, pid, began] = /^lock\.[0-9a-f]{16}\.([0-9]+)\.([0-9]+)$/.exec(name) ?? [];
    if (pid === undefined || (await isThere({ pid: Number(pid), began: began === '0' ? null : began }))) continue;
    await rm(path.join(home, name), { force: true });
  }
}

/** A lock appears whole or not at all: by a hard link; where the file system has none, by a new file. */
async function take(own: string, file: string, text: string): Promise<boolean> {
  try {
    await link(own, file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
  }
  try {
    await writeFile(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function breakLock(home: string, file: string, seen: string): Promise<void> {
  const breaking = path.join(home, 'lock.break');
  try {
    await writeFile(breaking, '', { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const since = await stat(breaking).catch(() => null);
    if (since !== null && Date.now() - since.mtimeMs > UNFINISHED_MS) await rm(breaking, { force: true });
    await delay(POLL_MS);
    return;
  }
  try {
    if ((await readHolder(file))?.text === seen) await rm(file, { force: true });
  } finally {
    await rm(breaking, { force: true });
  }
}
