// Other programs change working copies, so their changes are counted periodically, and a copy on screen is reopened.
import type { StoreReport } from '#contract';
import { appStore, connectedClient, getApp, setApp } from '../app-state.ts';
import { select } from '../choosing.ts';
import { isRunning } from '../jobs.ts';
import { closeArchive } from '../opening.ts';
import { type CopyState, copyKey } from './stores.ts';

interface OpenCopy {
  readonly storeId: string;
  readonly id: string;
  jobId: string;
  /** The stamp that was known when the copy was opened, if any. */
  stamp: string | null;
}

const opened = new Map<string, OpenCopy>();
/** Minimum pause between two counts while a copy is open. Counting takes at most a fifth of the time. */
const PAUSE_MS = 1_500;
/** The same while none is open. */
const LONG_PAUSE_MS = 4_000;
let counting: Promise<number> | null = null;

/** Remembers the job that opens a stored item, if the item is a working copy. */
export function followCopy(storeId: string, id: string, jobId: string): void {
  const layer = getApp()
    .stores?.find((store) => store.storeId === storeId)
    ?.layers.find((each) => each.id === id);
  if (layer?.isReadWrite === true)
    opened.set(copyKey(storeId, id), { storeId, id, jobId, stamp: getApp().copies.get(copyKey(storeId, id))?.stamp ?? null });
}

/** Counts the changes of all working copies in portable stores; in other stores this would be too slow. Returns the time it took, in ms. */
export function countCopies(): Promise<number> {
  counting ??= countAll(getApp().stores ?? []).finally(() => {
    counting = null;
  });
  return counting;
}

async function countAll(stores: readonly StoreReport[]): Promise<number> {
  const began = performance.now();
  const found = new Map<string, CopyState>();
  for (const { storeId, driver, layers } of stores) {
    if (driver !== 'portable') continue;
    for (const { id, isReadWrite, state } of layers) {
      if (!isReadWrite || (state !== 'ready' && state !== 'mounted')) continue;
      const counted = await countOne(storeId, id);
      if (counted !== null) found.set(copyKey(storeId, id), counted);
    }
  }
  const tookMs = performance.now() - began;
  const { copies } = getApp();
  const isSame = copies.size === found.size && [...found].every(([key, { stamp }]) => copies.get(key)?.stamp === stamp);
  if (!isSame) setApp({ copies: found });
  for (const [key, copy] of opened) await showChanged(key, copy, found.get(key));
  return tookMs;
}

async function countOne(storeId: string, name: string): Promise<CopyState | null> {
  try {
    const client = await connectedClient();
    const { total, sizeBytes, stamp } = await client.call('store.changes', { storeId, name, limit: 1 });
    return { changes: total, sizeBytes: sizeBytes ?? 0, stamp };
  } catch {
    // The copy may no longer exist, as the next report of the stores will show.
    return null;
  }
}

/** Reopens a working copy whose changes differ from those on screen, and shows it in place of the old one. */
async function showChanged(key: string, copy: OpenCopy, now: CopyState | undefined): Promise<void> {
  const job = getApp().jobs.jobs.find(({ jobId }) => jobId === copy.jobId);
  if (job === undefined || isRunning(job) || now === undefined) return;
  const before = job.archiveId;
  if (before === null || !(getApp().archives ?? []).some(({ archiveId }) => archiveId === before)) {
    opened.delete(key);
    return;
  }
  if (copy.stamp === now.stamp) return;
  // A copy without changes that was opened before its first count is already up to date on screen.
  const isShown = copy.stamp === null && now.changes === 0;
  copy.stamp = now.stamp;
  if (isShown) return;
  const client = await connectedClient();
  const { jobId } = await client.call('store.open', { storeId: copy.storeId, name: copy.id });
  const after = await archiveOf(jobId);
  if (after === null) return;
  copy.jobId = jobId;
  const { selection } = getApp();
  if (selection.archiveId === before) select({ ...selection, archiveId: after }, { replace: true });
  await closeArchive(before);
}

/** Waits until a job has ended and its archive is listed, and returns the archive's id; null if the job failed. */
export function archiveOf(jobId: string): Promise<string | null> {
  return new Promise((resolve) => {
    const look = (): boolean => {
      const { jobs, archives } = getApp();
      const job = jobs.jobs.find((each) => each.jobId === jobId);
      if (job === undefined || isRunning(job)) return false;
      if (job.state === 'done' && !(archives ?? []).some(({ archiveId }) => archiveId === job.archiveId)) return false;
      stop();
      resolve(job.state === 'done' ? job.archiveId : null);
      return true;
    };
    let stop = () => {};
    if (!look()) stop = appStore.subscribe(() => void look());
  });
}

/** Keeps counting while there are working copies and the window is visible, more often while one of them is open. */
export function watchCopies(): void {
  const again = async (): Promise<void> => {
    const isWatching = (opened.size > 0 || getApp().copies.size > 0) && document.visibilityState === 'visible';
    const tookMs = isWatching ? await countCopies().catch(() => 0) : 0;
    setTimeout(() => void again(), Math.max(opened.size > 0 ? PAUSE_MS : LONG_PAUSE_MS, 4 * tookMs));
  };
  void again();
}
