import type { FileGrant } from '#contract';
import { words } from '../words/index.ts';
import { connectedClient, dispatchJobs, getApp, setApp } from './app-state.ts';
import { type PlaceInBatch, type Purpose, shownJobs } from './jobs.ts';
import { toast } from './messages.ts';
import { type PlainError, plainError } from './plain-error.ts';
import type { Side, Spot } from './selection.ts';

/** Remembers how to retry work that this window started, should it fail. */
export function rememberRetry(id: string, run: () => void): void {
  dispatchJobs({ type: 'retryAdded', id, run });
}

/** Returns the purpose of a job that opens something. */
export function toOpen({
  sideA = null,
  offersImport = false,
  imageId,
  at,
  place,
  compares = false,
  onOpen,
}: {
  sideA?: Side | null;
  offersImport?: boolean;
  imageId?: string;
  at?: Spot | undefined;
  place?: PlaceInBatch | undefined;
  compares?: boolean;
  onOpen?: ((side: Side) => void) | undefined;
}): Purpose {
  const wanted = {
    ...(imageId === undefined ? {} : { imageId }),
    ...(at === undefined ? {} : { at }),
    ...(place === undefined ? {} : { place }),
    ...(onOpen === undefined ? {} : { onOpen }),
  };
  return { kind: 'open', sideA, offersImport, isShown: false, compares, ...wanted };
}

/** Ends the offers to import. They end when they are answered, or when something else is opened. */
export function endOffers(): void {
  if (getApp().offers.length > 0) setApp({ offers: [] });
}

/** Shows, as soon as possible, the image that a job opens. */
export function showWhenOpen(jobId: string): void {
  endOffers();
  dispatchJobs({ type: 'started', jobId, purpose: toOpen({}) });
}

let batches = 0;

/** Opens files that were dropped on the window or chosen in the page. With a side A, the first file is compared with it. */
export function openFiles(files: readonly File[], sideA: Side | null = null): void {
  if (files.length > 0) endOffers();
  const batch = ++batches;
  for (const [at, file] of files.entries()) void openFile(file, at === 0 ? sideA : null, { batch, at });
}

function newTransferId(): string {
  return `transfer-${getApp().jobs.transferCount + 1}`;
}

/** Jobs by the file that they opened. */
const openedBy = new Map<string, string>();

function keyOf({ name, size, lastModified }: File): string {
  return `${name}:${size}:${lastModified}`;
}

/** Returns the job that opened a file, if the file is still open. */
function jobOf(file: File): string | null {
  const { archives, jobs } = getApp();
  const job = jobs.jobs.find(({ jobId, state }) => jobId === openedBy.get(keyOf(file)) && state === 'done');
  return job !== undefined && archives?.some(({ archiveId }) => archiveId === job.archiveId) === true ? job.jobId : null;
}

async function openFile(file: File, sideA: Side | null, place?: PlaceInBatch): Promise<void> {
  const before = jobOf(file);
  if (before !== null) {
    dispatchJobs({ type: 'started', jobId: before, purpose: toOpen({ sideA, place }) });
    return;
  }
  const id = newTransferId();
  const control = new AbortController();
  const totalBytes = file.size > 0 ? file.size : null;
  dispatchJobs({ type: 'transferStarted', id, name: file.name, totalBytes, place, cancel: () => control.abort() });
  rememberRetry(id, () => {
    dispatchJobs({ type: 'transferEnded', id });
    void openFile(file, sideA);
  });
  try {
    const client = await connectedClient();
    const { grant } = await client.grantFile(file, {
      signal: control.signal,
      onProgress: (sentBytes) => dispatchJobs({ type: 'transferMoved', id, sentBytes }),
    });
    const { jobId } = await client.call('archive.open', { grant });
    rememberRetry(jobId, () => void openFile(file, sideA));
    openedBy.set(keyOf(file), jobId);
    dispatchJobs({ type: 'started', jobId, purpose: toOpen({ sideA, offersImport: sideA === null, place }) });
    dispatchJobs({ type: 'transferEnded', id });
  } catch (error) {
    const plain = plainError(error);
    if (plain.code === 'CANCELLED') dispatchJobs({ type: 'transferEnded', id });
    else dispatchJobs({ type: 'transferFailed', id, error: plain });
  }
}

/** Adds a failed transfer to the list, with the reason, for a file that can't even be sent. */
export function listFailure(name: string, error: PlainError): void {
  const id = newTransferId();
  dispatchJobs({ type: 'transferStarted', id, name, totalBytes: null });
  dispatchJobs({ type: 'transferFailed', id, error });
}

/** Opens files by their grants. `offersImport` is false for the program's own sample. With a side A, the first file is compared with it. */
export async function openGrants(
  grants: readonly FileGrant[],
  { offersImport = true, sideA = null }: { readonly offersImport?: boolean; readonly sideA?: Side | null } = {},
): Promise<void> {
  if (grants.length > 0) endOffers();
  const client = await connectedClient();
  const batch = ++batches;
  for (const [at, { grant, name }] of grants.entries()) {
    const side = at === 0 ? sideA : null;
    try {
      const { jobId } = await client.call('archive.open', { grant });
      dispatchJobs({
        type: 'started',
        jobId,
        purpose: toOpen({ sideA: side, offersImport: offersImport && side === null, place: { batch, at } }),
      });
    } catch (error) {
      listFailure(name, plainError(error));
    }
  }
}

/** Runs an action and shows an error as a toast. */
async function orToast(run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (error) {
    toast(plainError(error).message);
  }
}

/**
 * Opens files that the user chooses, using the system's dialog in Electron and the page's own in a browser. With a side A, the first file
 * is compared with it.
 */
export async function choose(what: 'files' | 'folder', sideA: Side | null = null): Promise<void> {
  const client = await connectedClient();
  if (getApp().info?.host === 'electron') {
    await orToast(async () => openGrants((await client.call('files.choose', { what })).grants, { sideA }));
    return;
  }
  const input = document.createElement('input');
  input.type = 'file';
  input.multiple = true;
  input.addEventListener('change', () => openFiles([...(input.files ?? [])], sideA));
  input.click();
}

export async function openSample(): Promise<void> {
  const client = await connectedClient();
  await orToast(async () => openGrants([await client.call('app.sample', {})], { offersImport: false }));
}

/** Opens one of the recent files by its index in the list. */
export async function openAgain(index: number, name: string): Promise<void> {
  const client = await connectedClient();
  await orToast(async () => openGrants([await client.call('files.again', { index, name })]));
}

export async function clearRecentFiles(): Promise<void> {
  const client = await connectedClient();
  await orToast(async () => {
    await client.call('files.forget', {});
    toast(words.frame.recentCleared);
  });
}

export function cancelTransfer(id: string): void {
  getApp()
    .jobs.transfers.find((transfer) => transfer.id === id)
    ?.cancel();
}

export function dismissTransfer(id: string): void {
  dispatchJobs({ type: 'retryRemoved', id });
  dispatchJobs({ type: 'transferEnded', id });
}

export async function cancelJob(jobId: string): Promise<void> {
  await callOnJob('jobs.cancel', jobId);
}

export async function dismissJob(jobId: string): Promise<void> {
  dispatchJobs({ type: 'retryRemoved', id: jobId });
  await callOnJob('jobs.dismiss', jobId);
}

/** Dismisses everything that failed. */
export function dismissFailed(): void {
  const { jobs } = getApp();
  for (const { id, error } of jobs.transfers) if (error !== null) dismissTransfer(id);
  for (const { jobId, error } of shownJobs(jobs)) if (error !== null) void dismissJob(jobId);
}

async function callOnJob(name: 'jobs.cancel' | 'jobs.dismiss', jobId: string): Promise<void> {
  try {
    await getApp().client?.call(name, { jobId });
  } catch (error) {
    // If the job no longer exists, there is nothing to cancel or dismiss.
    const plain = plainError(error);
    if (plain.code !== 'NOT_FOUND') toast(plain.message);
  }
}

/** Restarts a failed job and removes the old one from the list. */
export function retryJob(jobId: string): void {
  const retry = getApp().jobs.retries.get(jobId);
  void dismissJob(jobId);
  retry?.();
}

export async function closeArchive(archiveId: string): Promise<void> {
  await orToast(async () => getApp().client?.call('archive.close', { archiveId }));
}

/** Starts reading the layers of an image, unless they are already being read. */
export async function loadImage(archiveId: string, image: number): Promise<void> {
  const key = `${archiveId}.${image}`;
  if (getApp().jobs.loading.has(key)) return;
  dispatchJobs({ type: 'loadRequested', image: key });
  try {
    const client = await connectedClient();
    const { jobId } = await client.call('image.load', { archiveId, image });
    rememberRetry(jobId, () => void loadImage(archiveId, image));
  } catch (error) {
    listFailure(words.library.imageNumber(image + 1), plainError(error));
  } finally {
    dispatchJobs({ type: 'loadAnswered', image: key });
  }
}

/** Starts a job that reads every byte of an image and checks every digest; the window then reports the result. */
export async function verifyImage(archiveId: string, image: number): Promise<void> {
  const client = await connectedClient();
  await orToast(async () => {
    const { jobId } = await client.call('image.verify', { archiveId, image });
    rememberRetry(jobId, () => void verifyImage(archiveId, image));
    dispatchJobs({ type: 'started', jobId, purpose: { kind: 'check' } });
  });
}

/** Starts a job that searches all files of an image for secrets; the window then reports how many there are. */
export async function scanImage(archiveId: string, image: number): Promise<void> {
  const client = await connectedClient();
  await orToast(async () => {
    const { jobId } = await client.call('image.scan', { archiveId, image });
    rememberRetry(jobId, () => void scanImage(archiveId, image));
    dispatchJobs({ type: 'started', jobId, purpose: { kind: 'scan' } });
  });
}
