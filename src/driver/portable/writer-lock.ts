// One writer at a time, among processes. The lock is a file with who holds it: process id and, where the system tells, when that process
// began, as ids are used again. A lock whose holder is gone is broken by the next writer: under a second lock, so that two who see the
// same dead holder don't break each other's new one. Readers need no lock: what they see is replaced by whole files only.
import { createHash, randomBytes } from 'node:crypto';
import { link, lstat, lutimes, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isProcessThere, processBegan } from '#archive';
import { displayText, LayerscopeError } from '#model';
import { onDisk, readOwnFile } from './durable.ts';

const POLL_MS = 25;
/** Breaking a lock, and writing who holds one, take a moment: whoever began so long ago was killed. */
const UNFINISHED_MS = 10_000;
/** A holder at work shows it so often. */
const SIGN_MS = 5_000;
/** One that shows nothing for so long is stopped, hung, or a stranger to whom the system gave the process id. */
const WAIT_MS = 60_000;
const TELL_MS = 2_000;
const MOST_BYTES = 4_096;
const BREAKING = /^lock\.break\.[0-9a-f]{16}$/;

interface Holder {
  readonly pid: number;
  /** As the system counts it; null where it doesn't tell. */
  readonly began: string | null;
  readonly token: string;
}

/** This process, as a holder's file names it. */
export function thisProcess(): { readonly pid: number; readonly began: string | null } {
  return { pid: process.pid, began: processBegan(process.pid) };
}

/** Whether the process that such words name is there. Words that name none are of nobody. */
export function isThere(words: unknown): boolean {
  const { pid, began } = (words ?? {}) as Partial<Holder>;
  return typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0 && isProcessThere({ pid, began: began ?? null });
}

/** A file that says who this process is, to be linked where a lock belongs. */
interface Own {
  readonly path: string;
  readonly text: string;
}

interface Found {
  readonly text: string;
  /** What the text says; null where it isn't whole. */
  readonly holder: unknown;
  /** Changes while the holder lives and works. */
  readonly mark: string;
}

async function find(file: string): Promise<Found | null> {
  try {
    const { mtimeMs, ino } = await lstat(file);
    const text = (await readOwnFile(file, MOST_BYTES)).toString('utf8');
    return { text, holder: parsed(text), mark: `${ino}:${mtimeMs}:${text}` };
  } catch {
    return null;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** How long files have stayed as they are, by this process' own clock: the system's may be set back, and files may lie in its future. */
class Watch {
  readonly #seen = new Map<string, { readonly mark: string; readonly since: number }>();

  unchangedMs(file: string, mark: string): number {
    const known = this.#seen.get(file);
    const now = performance.now();
    if (known?.mark === mark) return now - known.since;
    this.#seen.set(file, { mark, since: now });
    return 0;
  }
}

/** Whether nobody is behind a lock any more. One that doesn't say yet who holds it is still being written, unless that was long ago. */
async function isAbandoned(file: string, { holder, mark }: Found, watch: Watch): Promise<boolean> {
  if (holder !== null) return !isThere(holder);
  return watch.unchangedMs(file, mark) > UNFINISHED_MS && (await find(file))?.mark === mark;
}

export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once where it takes long, with a sentence that says who is waited for. */
  readonly onWaiting?: ((message: string) => void) | undefined;
  /** How long a holder is waited for that gives no sign of life. */
  readonly waitMs?: number | undefined;
  readonly tellMs?: number | undefined;
}

/** Takes the writer's lock of a home, waiting for it. Throws CANCELLED; IO where its holder does nothing any more. Dispose of it. */
export async function lockForWriting(home: string, options: LockOptions = {}): Promise<AsyncDisposable> {
  const file = path.join(home, 'lock');
  const holder: Holder = { ...thisProcess(), token: randomBytes(8).toString('hex') };
  // The name says whose it is as well: the file is looked at by others before all of it is written.
  const own = path.join(home, `lock.${holder.token}.${holder.pid}.${holder.began ?? '0'}`);
  const text = JSON.stringify(holder);
  try {
    await onDisk(() => writeFile(own, text, { flag: 'wx', mode: 0o600 }));
    await waitForTurn(home, file, { path: own, text }, options);
  } finally {
    await rm(own, { force: true });
  }
  await removeDead(home);
  // Those who wait see that its holder is at work, however long that takes.
  const signs = setInterval(() => void lutimes(file, new Date(), new Date()).catch(() => {}), SIGN_MS);
  signs.unref();
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(signs);
      const known = await find(file);
      if (known?.text === text) await onDisk(() => rm(file));
    },
  };
}

async function waitForTurn(home: string, file: string, own: Own, options: LockOptions): Promise<void> {
  const { signal, onWaiting, waitMs = WAIT_MS, tellMs = TELL_MS } = options;
  const watch = new Watch();
  const began = performance.now();
  for (let told = false; ; ) {
    if (signal?.aborted) throw new LayerscopeError('CANCELLED', 'cancelled while another writer was waited for');
    if (await onDisk(() => take(own, file))) return;
    const found = await find(file);
    if (found !== null && (await isAbandoned(file, found, watch))) await breakLock(file, found.text, own, watch);
    else if (watch.unchangedMs(file, found?.mark ?? '') > waitMs) throw await stuck(home, file, found);
    else await delay(POLL_MS);
    if (!told && onWaiting !== undefined && performance.now() - began > tellMs) {
      told = true;
      onWaiting(`waiting for ${await wordsFor(found)}, which is writing into ${displayText(home)}`);
    }
  }
}

async function stuck(home: string, file: string, found: Found | null): Promise<LayerscopeError> {
  const who = await wordsFor(found);
  return new LayerscopeError(
    'IO',
    `${displayText(home)} is locked by ${who}, which shows no sign of work: end that process, or, if it is no writer of this store, remove ${displayText(file)}`,
  );
}

async function wordsFor(found: Found | null): Promise<string> {
  const { pid } = (found?.holder ?? {}) as Partial<Holder>;
  if (typeof pid !== 'number') return 'an unknown process';
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
  return `process ${pid}${name === '' ? '' : ` (${displayText(name.trim())})`}`;
}

/** What processes left that were killed while they waited, or while they broke a lock. */
async function removeDead(home: string): Promise<void> {
  for (const name of await onDisk(() => readdir(home))) {
    if (BREAKING.test(name)) {
      const holder = (await find(path.join(home, name)))?.holder ?? null;
      if (holder !== null && !isThere(holder)) await rm(path.join(home, name), { force: true });
      continue;
    }
    const [, pid, began] = /^lock\.[0-9a-f]{16}\.([0-9]+)\.([0-9]+)$/.exec(name) ?? [];
    if (pid === undefined || isThere({ pid: Number(pid), began: began === '0' ? null : (began ?? null) })) continue;
    await rm(path.join(home, name), { force: true });
  }
}

/** A lock appears whole or not at all: by a hard link; where the file system has none, by a new file. */
async function take(own: Own, file: string): Promise<boolean> {
  try {
    await link(own.path, file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
  }
  try {
    await writeFile(file, own.text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes a lock of the dead, under a second one whose name is of that lock alone: whoever comes late with what it saw earlier removes nothing
 * that came since. The second is of the dead perhaps, too, and is then removed in the same way.
 */
async function breakLock(file: string, seen: string, own: Own, watch: Watch): Promise<void> {
  const hash = createHash('sha256').update(seen).digest('hex').slice(0, 16);
  const breaking = path.join(path.dirname(file), `lock.break.${hash}`);
  if (await onDisk(() => take(own, breaking))) {
    try {
      if ((await find(file))?.text === seen) await rm(file, { force: true });
    } finally {
      await rm(breaking, { force: true });
    }
    return;
  }
  const found = await find(breaking);
  if (found !== null && (await isAbandoned(breaking, found, watch))) await breakLock(breaking, found.text, own, watch);
  else await delay(POLL_MS);
}
