// Lets only one process write at a time. The lock is a file that names its holder: the process id and, if available, the start time,
// because ids are reused. If the holder is dead, the next writer breaks the lock, under a second lock, so that two writers that see the
// same dead holder don't break each other's new lock. Readers need no lock, because files are only replaced atomically.
import { createHash, randomBytes } from 'node:crypto';
import { lstat, lutimes, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isProcessThere, linkNew, PROCESS_PLACE, processBegan } from '#files';
import { displayText, LayerscopeError, throwIfCancelled } from '#model';
import { onDisk, readOwnFile } from './own-files.ts';

const POLL_MS = 25;
/** Writing or breaking a lock takes only a moment, so a process that began this long ago and hasn't finished was killed. */
const UNFINISHED_MS = 10_000;
/** How often a working holder updates the lock. */
const SIGN_MS = 5_000;
/** How long to wait for a holder that doesn't update the lock. It is stopped or hung by then, or its id belongs to another process. */
const WAIT_MS = 60_000;
const NOTICE_MS = 2_000;
const MOST_BYTES = 4_096;
const BREAKING = /^lock\.break\.[0-9a-f]{16}$/;

interface Holder {
  readonly pid: number;
  /** Start time in the system's units; null if unknown. */
  readonly began: string | null;
  /** The machine or container in which the id is valid: see {@link PROCESS_PLACE}. Older versions didn't write it. */
  readonly place?: string;
  readonly token: string;
}

/** Describes this process for lock and owner files. */
export function thisProcess(): { readonly pid: number; readonly began: string | null; readonly place: string } {
  return { pid: process.pid, began: processBegan(process.pid), place: PROCESS_PLACE };
}

/** Whether a lock or owner file was written on another machine or in another container, whose processes can't be looked up here. */
export function isElsewhere(words: unknown): boolean {
  const { place } = (words ?? {}) as Partial<Holder>;
  return typeof place === 'string' && place !== PROCESS_PLACE;
}

/**
 * Whether the process identified by a parsed lock or owner file is running; false if the file doesn't identify one. A process elsewhere
 * counts as running, because what a live process still uses must not be removed.
 */
export function isRunning(words: unknown): boolean {
  if (isElsewhere(words)) return true;
  const { pid, began } = (words ?? {}) as Partial<Holder>;
  return typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0 && isProcessThere({ pid, began: began ?? null });
}

/** A file that identifies this process, to be linked as the lock. */
interface Own {
  readonly path: string;
  readonly text: string;
}

interface Found {
  readonly text: string;
  /** The parsed text; null if it is incomplete. */
  readonly holder: unknown;
  /** Changes whenever the holder updates the lock. */
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

/** Measures how long files have stayed unchanged. Uses a monotonic clock, because file times may be in the future. */
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

/** Whether a lock's holder is dead. A lock that doesn't name a holder yet is still being written, unless the file is old. */
async function isAbandoned(file: string, { holder, mark }: Found, watch: Watch): Promise<boolean> {
  if (holder !== null) return !isRunning(holder);
  return watch.unchangedMs(file, mark) > UNFINISHED_MS && (await find(file))?.mark === mark;
}

export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once if the wait is long, with a message that names the holder. */
  readonly onWaiting?: ((message: string) => void) | undefined;
  /** How long to wait for a holder that doesn't update the lock, in ms. */
  readonly waitMs?: number | undefined;
  /** How long to wait before `onWaiting` is called, in ms. */
  readonly noticeMs?: number | undefined;
}

/**
 * Waits for a home's writer lock and takes it; the caller must dispose of it. Throws CANCELLED, and IO if the holder shows no sign of work.
 */
export async function lockForWriting(home: string, options: LockOptions = {}): Promise<AsyncDisposable> {
  const file = path.join(home, 'lock');
  const holder: Holder = { ...thisProcess(), token: randomBytes(8).toString('hex') };
  // The name identifies the process too, because others may read the file before it is completely written.
  const own = path.join(home, `lock.${holder.token}.${holder.pid}.${holder.began ?? '0'}.${PROCESS_PLACE}`);
  const text = JSON.stringify(holder);
  try {
    await onDisk(() => writeFile(own, text, { flag: 'wx', mode: 0o600 }));
    await waitForTurn(home, file, { path: own, text }, options);
  } finally {
    await rm(own, { force: true });
  }
  await removeDead(home);
  // Signals to waiting processes that the holder is still working.
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
  const { signal, onWaiting, waitMs = WAIT_MS, noticeMs = NOTICE_MS } = options;
  const watch = new Watch();
  const began = performance.now();
  for (let noticed = false; ; ) {
    throwIfCancelled(signal, 'cancelled while waiting for another writer');
    if (await onDisk(() => take(own, file))) return;
    const found = await find(file);
    if (found !== null && (await isAbandoned(file, found, watch))) await breakLock(file, found.text, own, watch);
    else if (watch.unchangedMs(file, found?.mark ?? '') > waitMs) throw await stuck(home, file, found);
    else await delay(POLL_MS);
    if (!noticed && onWaiting !== undefined && performance.now() - began > noticeMs) {
      noticed = true;
      onWaiting(`waiting for ${await wordsFor(found)}, which is writing to ${displayText(home)}`);
    }
  }
}

async function stuck(home: string, file: string, found: Found | null): Promise<LayerscopeError> {
  const who = await wordsFor(found);
  return new LayerscopeError(
    'IO',
    `${displayText(home)} is locked by ${who}, which shows no sign of work: end that process, or, if it is not writing to this store, remove ${displayText(file)}`,
  );
}

async function wordsFor(found: Found | null): Promise<string> {
  const { pid } = (found?.holder ?? {}) as Partial<Holder>;
  if (typeof pid !== 'number') return 'an unknown process';
  if (isElsewhere(found?.holder)) return `process ${pid} of another container or machine`;
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
  return `process ${pid}${name === '' ? '' : ` (${displayText(name.trim())})`}`;
}

/** Removes files of processes that were killed while waiting for a lock or breaking one. */
async function removeDead(home: string): Promise<void> {
  for (const name of await onDisk(() => readdir(home))) {
    if (BREAKING.test(name)) {
      const holder = (await find(path.join(home, name)))?.holder ?? null;
      if (holder !== null && !isRunning(holder)) await rm(path.join(home, name), { force: true });
      continue;
    }
    const [, pid, began, place] = /^lock\.[0-9a-f]{16}\.([0-9]+)\.([0-9]+)(?:\.([0-9a-f]{8}))?$/.exec(name) ?? [];
    if (pid === undefined || isRunning({ pid: Number(pid), began: began === '0' ? null : began, place })) continue;
    await rm(path.join(home, name), { force: true });
  }
}

/** Creates a lock atomically with a hard link or, if the file system has none, as a new file. Returns false if the lock already exists. */
async function take(own: Own, file: string): Promise<boolean> {
  const linked = await linkNew(own.path, file);
  if (linked !== 'unsupported') return linked === 'linked';
  try {
    await writeFile(file, own.text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes a dead holder's lock while holding a second lock, named after the content of the first, so that a late process can't remove a
 * newer lock by mistake. If the holder of the second lock is dead too, that lock is broken in the same way.
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
