import type { FileGrant } from '#contract';
import { connectedClient, getApp, jobsDo } from './app-state.ts';
import type { PlainError } from './changes/changes.ts';
import { plainError, toast } from './messages.ts';
import type { Side } from './selection.ts';

/** How to try a job again; only where the file is still at hand. */
const retries = new Map<string, () => void>();
/** How to try work that this window began again, should it fail. */
export function rememberRetry(jobId: string, run: () => void): void {
  retries.set(jobId, run);
}

/** Jobs that open what the user brought, which may be taken into the store then. */
const brought = new Set<string>();

/** Asked for once. */
export function takeBrought(jobId: string): boolean {
  return brought.delete(jobId);
}

const uploads = new Map<string, AbortController>();
let transferId = 0;

/** What a file that is being opened shall be compared with, by its job. */
const sidesA = new Map<string, Side>();

/** The same, asked for once: null where it is to be shown by itself. */
export function takeSideA(jobId: string): Side | null {
  const side = sidesA.get(jobId) ?? null;
  sidesA.delete(jobId);
  return side;
}

export function isForComparison(jobId: string): boolean {
  return sidesA.has(jobId);
}

/** Files dropped on the window or chosen in the page; the first becomes side B where there is a side A for it. */
export function openFiles(files: readonly File[], sideA: Side | null = null): void {
  for (const [at, file] of files.entries()) void openFile(file, at === 0 ? sideA : null);
}

async function openFile(file: File, sideA: Side | null): Promise<void> {
  const id = `transfer-${++transferId}`;
  const control = new AbortController();
  uploads.set(id, control);
  retries.set(id, () => {
    jobsDo({ type: 'transferEnded', id });
    void openFile(file, sideA);
  });
  jobsDo({ type: 'transferStarted', id, name: file.name, totalBytes: file.size > 0 ? file.size : null });
  try {
    const client = await connectedClient();
    const grant = await client.grantFile(file, {
      signal: control.signal,
      onProgress: (sentBytes) => jobsDo({ type: 'transferMoved', id, sentBytes }),
    });
    const { jobId } = await client.call('archive.open', { grant: grant.grant });
    retries.set(jobId, () => void openFile(file, sideA));
    if (sideA !== null) sidesA.set(jobId, sideA);
    else brought.add(jobId);
    jobsDo({ type: 'started', jobId });
    jobsDo({ type: 'transferEnded', id });
  } catch (error) {
    const plain = plainError(error);
    if (plain.code === 'CANCELLED') jobsDo({ type: 'transferEnded', id });
    else jobsDo({ type: 'transferFailed', id, error: plain });
  } finally {
    uploads.delete(id);
  }
}

/** What can't even be sent, in the list of jobs with its reason. */
export function refuseDrop(name: string, error: PlainError): void {
  const id = `transfer-${++transferId}`;
  jobsDo({ type: 'transferStarted', id, name, totalBytes: null });
  jobsDo({ type: 'transferFailed', id, error });
}

/** `isOurs`: the program's own sample, which nobody brought. */
export async function openGrants(grants: readonly FileGrant[], isOurs = false): Promise<void> {
  const client = await connectedClient();
  for (const grant of grants) {
    try {
      const { jobId } = await client.call('archive.open', { grant: grant.grant });
      if (!isOurs) brought.add(jobId);
      jobsDo({ type: 'started', jobId });
    } catch (error) {
      refuseDrop(grant.name, plainError(error));
    }
  }
}

/** The system's dialog in Electron; in a browser the page's own. */
export async function choose(what: 'files' | 'folder'): Promise<void> {
  const client = await connectedClient();
  const { info } = getApp();
  if (info?.host !== 'electron') {
    const input = document.createElement('input');
    input.type = 'file';
    input.multiple = true;
    input.addEventListener('change', () => openFiles([...(input.files ?? [])]));
    input.click();
    return;
  }
  try {
    const { grants } = await client.call('files.choose', { what });
    await openGrants(grants);
  } catch (error) {
    toast(plainError(error).message);
  }
}

export async function openSample(): Promise<void> {
  const client = await connectedClient();
  try {
    await openGrants([await client.call('app.sample', {})], true);
  } catch (error) {
    toast(plainError(error).message);
  }
}

/** One of the files that were opened lately, by its place among them. */
export async function openAgain(index: number, name: string): Promise<void> {
  const client = await connectedClient();
  try {
    await openGrants([await client.call('files.again', { index, name })]);
  } catch (error) {
    toast(plainError(error).message);
  }
}

export async function forgetRecentFiles(): Promise<void> {
  const client = await connectedClient();
  try {
    await client.call('files.forget', {});
    toast('The files opened lately are forgotten');
  } catch (error) {
    toast(plainError(error).message);
  }
}

export function cancelTransfer(id: string): void {
  uploads.get(id)?.abort();
}

export function dismissTransfer(id: string): void {
  retries.delete(id);
  jobsDo({ type: 'transferEnded', id });
}

export async function cancelJob(jobId: string): Promise<void> {
  await quietly('jobs.cancel', jobId);
}

export async function dismissJob(jobId: string): Promise<void> {
  retries.delete(jobId);
  await quietly('jobs.dismiss', jobId);
}

async function quietly(name: 'jobs.cancel' | 'jobs.dismiss', jobId: string): Promise<void> {
  try {
    await getApp().client?.call(name, { jobId });
  } catch (error) {
    // A job that ended meanwhile is what was wanted.
    const plain = plainError(error);
    if (plain.code !== 'NOT_FOUND') toast(plain.message);
  }
}

/** Null where it can't be tried again from here. */
export function retryOf(id: string): (() => void) | null {
  return retries.get(id) ?? null;
}

/** Starts a failed job again and takes the old one off the list. */
export function retryJob(jobId: string): void {
  const retry = retries.get(jobId);
  void dismissJob(jobId);
  retry?.();
}

export async function closeArchive(archiveId: string): Promise<void> {
  try {
    await getApp().client?.call('archive.close', { archiveId });
  } catch (error) {
    toast(plainError(error).message);
  }
}

const loading = new Set<string>();

/** Has the layers of an image read, once. */
export async function loadImage(archiveId: string, image: number): Promise<void> {
  const key = `${archiveId}.${image}`;
  if (loading.has(key)) return;
  loading.add(key);
  try {
    const client = await connectedClient();
    const { jobId } = await client.call('image.load', { archiveId, image });
    retries.set(jobId, () => void loadImage(archiveId, image));
  } catch (error) {
    refuseDrop(`image ${image + 1}`, plainError(error));
  } finally {
    loading.delete(key);
  }
}

/** Has every byte of an image read and every digest checked; says how that went. */
export async function verifyImage(archiveId: string, image: number): Promise<void> {
  const client = await connectedClient();
  try {
    const { jobId } = await client.call('image.verify', { archiveId, image });
    retries.set(jobId, () => void verifyImage(archiveId, image));
    jobsDo({ type: 'checkStarted', jobId });
  } catch (error) {
    toast(plainError(error).message);
  }
}
