import { type Client, CONTENT_PAGE_BYTES, type EntryAttributes, type EntryDetails, type ImageRef } from '#contract';
import { toHex, unescapePath } from '#model';
import { dispatchDetails, getApp, newRequest } from '../app-state.ts';
import { changesKey } from '../changes/load-changes.ts';
import { plainError } from '../plain-error.ts';
import type { Selection, Side } from '../selection.ts';
import { shownTab } from './details.ts';
import { differsInAttributesOnly } from './diff-of.ts';
import { IMAGE_LIMIT_BYTES, previewKind } from './preview.ts';
import { viewBefore, viewOfEntry, withoutSince } from './views.ts';
import { isWindowsEntry, windowsTimes } from './windows-times.ts';

/** Returns the key of the request for a selection's details; null if no path is selected. */
export function detailsKey(selection: Selection): string | null {
  const changes = changesKey(selection);
  return selection.path === null || changes === null ? null : `${changes}/${toHex(unescapePath(selection.path))}`;
}

/** Returns the path in hex, which is the end of a details key. */
function pathHexOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

export async function loadDetails(key: string, selection: Selection): Promise<void> {
  const signal = newRequest('details');
  dispatchDetails({ type: 'requested', key });
  const { client } = getApp();
  if (client === null || selection.archiveId === null) return;
  const ref = { archiveId: selection.archiveId, image: selection.image, pathHex: pathHexOf(key) };
  try {
    const details = await fetchDetails(client, ref, selection, signal);
    if (signal.aborted) return;
    dispatchDetails({ type: 'detailsUpdated', key, details: { state: 'ready', value: details } });
    const { changes, details: shown } = getApp();
    if (selection.mode === 'compare' && shown.tab === 'content' && differsInAttributesOnly(details, changes.table, selection.path))
      dispatchDetails({ type: 'tabShown', key, tab: 'attributes' });
    await loadTab();
  } catch (error) {
    if (!signal.aborted) dispatchDetails({ type: 'detailsUpdated', key, details: { state: 'failed', error: plainError(error) } });
  }
}

/** Empties the pane and stops loading its details. */
export function clearDetails(): void {
  newRequest('details');
  dispatchDetails({ type: 'cleared' });
}

async function fetchDetails(
  client: Client,
  ref: ImageRef & { readonly pathHex: string },
  { mode, from, to, since, against }: Selection,
  signal: AbortSignal,
): Promise<EntryDetails> {
  const fetchAt = (view: Partial<Side> & { readonly layer: number }) => client.call('entry.details', { ...ref, ...view }, { signal });
  if (mode === 'compare' && against !== undefined) {
    // The path may exist on one side only.
    const [a, b] = await Promise.allSettled([fetchAt(withoutSince(against)), fetchAt({ layer: to })]);
    for (const each of [a, b]) if (each.status === 'rejected' && plainError(each.reason).code !== 'NOT_FOUND') throw each.reason;
    const before = a.status === 'fulfilled' ? ifWithin(a.value.now, against.since) : null;
    const now = b.status === 'fulfilled' ? ifWithin(b.value.now, since) : null;
    // The history is side B's, unless only side A has the path.
    if (a.status === 'fulfilled' && now === null && before !== null) return { ...a.value, now, before };
    if (b.status === 'fulfilled') return { ...b.value, now, before };
    if (a.status === 'rejected') throw b.reason;
    return { ...a.value, now, before };
  }
  const details = await fetchAt({ layer: to });
  if (mode === 'image') return details.now === null ? asHidden(details, fetchAt) : { ...details, before: null };
  if (mode !== 'layer' || from === to) return details;
  // A range is compared with the view below its lowest layer.
  return { ...details, before: (await fetchAt({ layer: from })).before };
}

/** Returns the details; for a path that the image no longer shows, with the entry from before it was hidden. */
async function asHidden(details: EntryDetails, fetchAt: (view: { layer: number }) => Promise<EntryDetails>): Promise<EntryDetails> {
  const layer = details.history.findLast(({ kind }) => kind === 'removed')?.layer;
  return layer === undefined ? details : { ...details, before: (await fetchAt({ layer })).before };
}

/** Returns the entry, or null if it is from a layer below `since`, which the side leaves out. */
function ifWithin(entry: EntryDetails['now'], since = 0): EntryDetails['now'] {
  return entry !== null && entry.layer < since ? null : entry;
}

/** Loads what the chosen tab shows, unless it is already loaded. */
export async function loadTab(): Promise<void> {
  const { details } = getApp();
  if (details.details.state !== 'ready' || details.key === null) return;
  const tab = shownTab(details);
  if (tab === 'content' && details.content.state === 'idle') await loadContent(details.key, details.details.value);
  if (tab === 'attributes' && details.times.state === 'idle') await loadTimes(details.key, details.details.value);
  if (tab === 'raw' && details.raw.state === 'idle') await loadRaw(details.key, details.details.value);
}

/** Returns an abort signal for the details on screen, which fires when other details are shown. */
function currentSignal(): { signal?: AbortSignal } {
  const { details } = getApp().requests;
  return details === null ? {} : { signal: details.signal };
}

async function loadContent(key: string, details: EntryDetails): Promise<void> {
  const { client, selection } = getApp();
  const view = viewOfEntry(details, selection);
  const type = (details.now ?? details.before)?.type;
  if (client === null || view === null || (type !== 'file' && type !== 'hardlink')) return;
  const options = currentSignal();
  dispatchDetails({ type: 'contentUpdated', key, content: { state: 'loading' } });
  try {
    const input = { ...view, pathHex: pathHexOf(key), offset: 0, length: CONTENT_PAGE_BYTES };
    const { bytes, totalBytes } = await client.call('entry.content', input, options);
    const more = bytes.length < totalBytes ? 'there' : 'none';
    const value = { totalBytes, bytes, more, moreError: null } as const;
    dispatchDetails({ type: 'contentUpdated', key, content: { state: 'ready', value } });
    const kind = previewKind(bytes, more === 'none');
    if (kind !== 'text' && kind !== 'hex' && totalBytes <= IMAGE_LIMIT_BYTES) await loadWhole(key);
  } catch (error) {
    if (!options.signal?.aborted) dispatchDetails({ type: 'contentUpdated', key, content: { state: 'failed', error: plainError(error) } });
  }
}

/** Loads a picture completely, because part of one can't be drawn. */
async function loadWhole(key: string): Promise<void> {
  for (;;) {
    const { details } = getApp();
    if (details.key !== key || details.content.state !== 'ready' || details.content.value.more !== 'there') return;
    if (details.content.value.moreError !== null) return;
    await loadMore();
  }
}

/** Loads the next part of the shown file. */
export async function loadMore(): Promise<void> {
  const { client, details, selection } = getApp();
  const { key, content } = details;
  if (client === null || key === null || content.state !== 'ready' || content.value.more !== 'there') return;
  const view = details.details.state === 'ready' ? viewOfEntry(details.details.value, selection) : null;
  if (view === null) return;
  const options = currentSignal();
  dispatchDetails({ type: 'moreRequested', key });
  try {
    const input = { ...view, pathHex: pathHexOf(key), offset: content.value.bytes.length, length: CONTENT_PAGE_BYTES };
    const { bytes } = await client.call('entry.content', input, options);
    dispatchDetails({ type: 'moreLoaded', key, bytes });
  } catch (error) {
    if (!options.signal?.aborted) dispatchDetails({ type: 'moreFailed', key, error: plainError(error) });
  }
}

/** Reads from the headers the times that a layer's index omits. Only Windows entries have them. */
async function loadTimes(key: string, { now, before }: EntryDetails): Promise<void> {
  const { client, selection } = getApp();
  const { archiveId, image, to } = selection;
  if (client === null || archiveId === null) return;
  const options = currentSignal();
  const timesAt = async (entry: EntryAttributes | null, view: Side | null) => {
    if (!isWindowsEntry(entry) || view === null) return null;
    return windowsTimes(await client.call('entry.raw', { ...view, pathHex: pathHexOf(key) }, options));
  };
  if (!isWindowsEntry(now) && !isWindowsEntry(before)) return;
  dispatchDetails({ type: 'timesUpdated', key, times: { state: 'loading' } });
  try {
    const times = { now: await timesAt(now, { archiveId, image, layer: to }), before: await timesAt(before, viewBefore(selection)) };
    dispatchDetails({ type: 'timesUpdated', key, times: { state: 'ready', value: times } });
  } catch (error) {
    if (!options.signal?.aborted) dispatchDetails({ type: 'timesUpdated', key, times: { state: 'failed', error: plainError(error) } });
  }
}

async function loadRaw(key: string, details: EntryDetails): Promise<void> {
  const { client, selection } = getApp();
  const view = viewOfEntry(details, selection);
  if (client === null || view === null) return;
  const options = currentSignal();
  dispatchDetails({ type: 'rawUpdated', key, raw: { state: 'loading' } });
  try {
    const value = await client.call('entry.raw', { ...view, pathHex: pathHexOf(key) }, options);
    dispatchDetails({ type: 'rawUpdated', key, raw: { state: 'ready', value } });
  } catch (error) {
    if (!options.signal?.aborted) dispatchDetails({ type: 'rawUpdated', key, raw: { state: 'failed', error: plainError(error) } });
  }
}

/** Retries a load that failed. */
export function retryDetails(): void {
  const { selection } = getApp();
  const key = detailsKey(selection);
  if (key !== null) void loadDetails(key, selection);
}
