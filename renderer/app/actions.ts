import { CONTENT_PAGE_BYTES, type FileGrant } from '#contract';
import { asLayerscopeError, ERROR_HINTS, type ErrorCode } from '#model';
import type { PlainError } from '../features/changes/changes-state.ts';
import { loadingJob } from '../features/jobs/jobs-state.ts';
import { formatAddress } from './address.ts';
import { clampSelection, extendTo, firstLayer, type Selection, selectedImage, stepLayer } from './selection-state.ts';
import { changesDo, detailsDo, getApp, jobsDo, setApp, type Toast } from './store.ts';
import { setLayout } from './theme.ts';

export function plainError(error: unknown): PlainError {
  const { code, message } = asLayerscopeError(error);
  return { code, message };
}

export function hintFor(error: PlainError): string {
  return ERROR_HINTS[error.code as ErrorCode] ?? '';
}

let toastId = 0;

/** A line that goes by itself after some seconds. */
export function toast(text: string, action: Toast['action'] = null): void {
  const id = ++toastId;
  setApp((state) => ({ toasts: [...state.toasts.slice(-2), { id, text, action }] }));
  setTimeout(() => dismissToast(id), 6_000);
}

export function dismissToast(id: number): void {
  setApp((state) => ({ toasts: state.toasts.filter((each) => each.id !== id) }));
}

// ── Opening ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** How to try a job again; only where the file is still at hand. */
const retries = new Map<string, () => void>();
const uploads = new Map<string, AbortController>();
let transferId = 0;

/** Files dropped on the window or chosen in the page. */
export function openFiles(files: readonly File[]): void {
  for (const file of files) void openFile(file);
}

async function openFile(file: File): Promise<void> {
  const { client } = getApp();
  if (client === null) return;
  const id = `transfer-${++transferId}`;
  const control = new AbortController();
  uploads.set(id, control);
  retries.set(id, () => {
    jobsDo({ type: 'transferEnded', id });
    void openFile(file);
  });
  jobsDo({ type: 'transferStarted', id, name: file.name, totalBytes: file.size > 0 ? file.size : null });
  try {
    const grant = await client.grantFile(file, {
      signal: control.signal,
      onProgress: (sentBytes) => jobsDo({ type: 'transferMoved', id, sentBytes }),
    });
    const { jobId } = await client.call('archive.open', { grant: grant.grant });
    retries.set(jobId, () => void openFile(file));
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

export async function openGrants(grants: readonly FileGrant[]): Promise<void> {
  const { client } = getApp();
  if (client === null) return;
  for (const grant of grants) {
    try {
      const { jobId } = await client.call('archive.open', { grant: grant.grant });
      jobsDo({ type: 'started', jobId });
    } catch (error) {
      refuseDrop(grant.name, plainError(error));
    }
  }
}

/** The system's dialog in Electron; in a browser the page's own. */
export async function choose(what: 'files' | 'folder'): Promise<void> {
  const { client, info } = getApp();
  if (client === null) return;
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
  const { client } = getApp();
  if (client === null) return;
  try {
    await openGrants([await client.call('app.sample', {})]);
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

// ── Choosing ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Everything that chooses comes through here: the address follows. `replace`: not a place that Back goes to. */
export function select(selection: Selection, { replace = false }: { replace?: boolean } = {}): void {
  if (selection === getApp().selection) return;
  setApp({ selection });
  const address = formatAddress(selection);
  if (address === window.location.hash) return;
  if (replace) window.history.replaceState(null, '', address);
  else window.history.pushState(null, '', address);
}

export function showImage(archiveId: string, image: number): void {
  const { archives, selection } = getApp();
  if (selection.archiveId === archiveId && selection.image === image) return;
  const found = selectedImage(archives ?? [], { ...selection, archiveId, image });
  const layer = found === null ? 0 : firstLayer(found.image);
  setApp({ anchor: layer });
  select({ archiveId, image, from: layer, to: layer, mode: selection.mode, path: null });
  if (found !== null && !found.image.loaded && loadingJob(getApp().jobs, archiveId, image) === null) void loadImage(archiveId, image);
}

const loading = new Set<string>();

/** Has the layers of an image read, once. */
export async function loadImage(archiveId: string, image: number): Promise<void> {
  const { client } = getApp();
  const key = `${archiveId}.${image}`;
  if (client === null || loading.has(key)) return;
  loading.add(key);
  try {
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
  const { client } = getApp();
  if (client === null) return;
  try {
    const { jobId } = await client.call('image.verify', { archiveId, image });
    retries.set(jobId, () => void verifyImage(archiveId, image));
  } catch (error) {
    toast(plainError(error).message);
  }
}

function layerCount(): number {
  const { archives, selection } = getApp();
  return selectedImage(archives ?? [], selection)?.image.layers.length ?? 0;
}

export function chooseLayer(layer: number, extend: boolean): void {
  const { selection, anchor } = getApp();
  if (extend) select(extendTo(selection, anchor, layer));
  else {
    setApp({ anchor: layer });
    select({ ...selection, from: layer, to: layer });
  }
}

export function moveLayer(step: -1 | 1, widen: boolean): void {
  const { selection } = getApp();
  const next = clampSelection(stepLayer(selection, step, layerCount(), widen), layerCount());
  if (next.from === selection.from && next.to === selection.to) return;
  if (!widen) setApp({ anchor: next.to });
  select(next, { replace: true });
}

export function chooseMode(mode: Selection['mode']): void {
  const { selection } = getApp();
  if (selection.mode !== mode) select({ ...selection, mode });
}

/** Chooses a path without a new place in the history: the keyboard passes over many. */
export function choosePath(path: string | null): void {
  const { selection } = getApp();
  if (selection.path !== path) select({ ...selection, path }, { replace: true });
}

/** A finding, a link: the path at a layer, wherever the window is. */
export function goTo(layer: number, path: string | null): void {
  const { selection } = getApp();
  setApp({ anchor: layer });
  select({ ...selection, from: layer, to: layer, path });
  changesDo({ type: 'wanted', path });
}

export function openDetails(): void {
  setLayout({ drawer: 'details' });
}

// ── What the details show ──────────────────────────────────────────────────────────────────────────────────────────────────

/** The next part of the file that is shown. */
export async function loadMore(): Promise<void> {
  const { client, details, selection } = getApp();
  const { key, content } = details;
  if (client === null || key === null || content.state !== 'ready' || content.value.more !== 'there') return;
  if (selection.archiveId === null || details.details.state !== 'ready') return;
  detailsDo({ type: 'moreAsked', key });
  try {
    const page = await client.call('entry.content', {
      archiveId: selection.archiveId,
      image: selection.image,
      layer: content.value.layer,
      pathHex: pathHexOf(key),
      offset: content.value.bytes.length,
      length: CONTENT_PAGE_BYTES,
    });
    detailsDo({ type: 'moreCame', key, bytes: page.bytes });
  } catch (error) {
    detailsDo({ type: 'moreFailed', key, error: plainError(error) });
  }
}

/** Keys of details end in the path's hex. */
export function pathHexOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}
