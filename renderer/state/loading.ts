import { type Client, CONTENT_PAGE_BYTES, type EntryAttributes, type EntryDetails, type ImageRef, type RowPage } from '#contract';
import { escapePath, type RowTable, rowPath, toHex, unescapePath } from '#model';
import { changesDo, detailsDo, getApp, useApp } from './app-state.ts';
import { tablePages } from './changes/table-pages.ts';
import { IMAGE_LIMIT_BYTES, previewKind } from './details/preview.ts';
import { isWindowsEntry, windowsTimes } from './details/windows-times.ts';
import { plainError } from './messages.ts';
import { type Selection, type Side, selectedImage } from './selection.ts';

/** Tables that were shown lately, by request: what the host serves of an open archive never changes. */
const tables = new Map<string, RowTable>();
const TABLES_KEPT_ROWS = 1_500_000;

/** While pages of a long table come, what is there is shown this often, ms. */
const SHOWN_EVERY = 100;

function keep(key: string, table: RowTable): void {
  tables.delete(key);
  tables.set(key, table);
  let rows = 0;
  for (const each of tables.values()) rows += each.length;
  for (const [oldest, each] of tables) {
    if (rows <= TABLES_KEPT_ROWS || oldest === key) break;
    tables.delete(oldest);
    rows -= each.length;
  }
}

/** The request whose table answers a selection, null where there's nothing to ask. */
function changesKey(selection: Selection): string | null {
  const found = selectedImage(getApp().archives ?? [], selection);
  if (found === null || !found.image.loaded || found.image.layers.length === 0) return null;
  const { mode, against } = selection;
  if (mode === 'compare') {
    const other = against === undefined ? null : selectedImage(getApp().archives ?? [], { ...selection, ...against });
    if (against === undefined || !other?.image.loaded) return null;
    return `${selection.archiveId}/${selection.image}/compare/${selection.since ?? 0}-${selection.to}/${against.archiveId}/${against.image}/${against.since ?? 0}-${against.layer}`;
  }
  const layers = mode === 'stacked' ? `view/${selection.to}` : `changes/${selection.from}-${selection.to}`;
  return `${selection.archiveId}/${selection.image}/${layers}`;
}

function detailsKey(selection: Selection): string | null {
  const changes = changesKey(selection);
  return selection.path === null || changes === null ? null : `${changes}/${toHex(unescapePath(selection.path))}`;
}

function askRows(
  client: Client,
  ref: ImageRef,
  { mode, from, to, against, since }: Selection,
  range: { start: number; count: number },
  signal: AbortSignal,
): Promise<RowPage> {
  if (mode === 'stacked') return client.call('image.view', { ...ref, layer: to, ...range }, { signal });
  if (mode === 'compare' && against !== undefined) {
    return client.call('images.compare', { a: against, b: { ...ref, layer: to, since }, ...range }, { signal });
  }
  return client.call('image.changes', { ...ref, from, to, ...range }, { signal });
}

let changesAsked: AbortController | null = null;

async function loadChanges(key: string, selection: Selection): Promise<void> {
  changesAsked?.abort();
  const control = new AbortController();
  changesAsked = control;
  changesDo({ type: 'asked', key, wanted: selection.path });
  const dense = selection.mode !== 'stacked';
  const known = tables.get(key);
  if (known !== undefined) {
    keep(key, known);
    changesDo({ type: 'came', key, table: known, total: known.length, dense });
    return;
  }
  const { client } = getApp();
  if (client === null || selection.archiveId === null) return;
  const ref = { archiveId: selection.archiveId, image: selection.image };
  const { signal } = control;
  try {
    const ask = (start: number, count: number) => askRows(client, ref, selection, { start, count }, signal);
    for await (const { table, total } of tablePages(ask, { every: SHOWN_EVERY })) {
      if (signal.aborted) return;
      changesDo({ type: 'came', key, table, total, dense });
      if (table.length === total) keep(key, table);
    }
  } catch (error) {
    if (!signal.aborted) changesDo({ type: 'failed', key, error: plainError(error) });
  }
}

let detailsAsked: AbortController | null = null;

async function loadDetails(key: string, selection: Selection): Promise<void> {
  detailsAsked?.abort();
  const control = new AbortController();
  detailsAsked = control;
  detailsDo({ type: 'asked', key });
  const { client } = getApp();
  if (client === null || selection.archiveId === null) return;
  const ref = { archiveId: selection.archiveId, image: selection.image, pathHex: pathHexOf(key) };
  const { signal } = control;
  try {
    const details = await askDetails(client, ref, selection, signal);
    if (signal.aborted) return;
    detailsDo({ type: 'detailsCame', key, details: { state: 'ready', value: details } });
    await loadTab();
  } catch (error) {
    if (!signal.aborted) detailsDo({ type: 'detailsCame', key, details: { state: 'failed', error: plainError(error) } });
  }
}

async function askDetails(
  client: Client,
  ref: ImageRef & { readonly pathHex: string },
  { mode, from, to, since, against }: Selection,
  signal: AbortSignal,
): Promise<EntryDetails> {
  const ask = (view: Partial<Side> & { readonly layer: number }) => client.call('entry.details', { ...ref, ...view }, { signal });
  if (mode === 'compare' && against !== undefined) {
    // One of the sides may never have had the path.
    const [now, before] = await Promise.allSettled([ask({ layer: to }), ask(withoutSince(against))]);
    for (const each of [now, before]) if (each.status === 'rejected' && plainError(each.reason).code !== 'NOT_FOUND') throw each.reason;
    if (now.status === 'fulfilled') {
      const other = before.status === 'fulfilled' ? before.value.now : null;
      return { ...now.value, now: within(now.value.now, since), before: within(other, against.since) };
    }
    if (before.status === 'rejected') throw now.reason;
    return { path: before.value.path, now: null, before: within(before.value.now, against.since), history: [] };
  }
  const details = await ask({ layer: to });
  if (mode !== 'layer' || from === to) return details;
  // Of a range, before is what lies below all of it.
  return { ...details, before: (await ask({ layer: from })).before };
}

/** What the chosen tab needs and isn't there yet. */
async function loadTab(): Promise<void> {
  const { details } = getApp();
  if (details.details.state !== 'ready' || details.key === null) return;
  if (details.tab === 'content' && details.content.state === 'idle') await loadContent(details.key, details.details.value);
  if (details.tab === 'attributes' && details.times.state === 'idle') await loadTimes(details.key, details.details.value);
  if (details.tab === 'raw' && details.raw.state === 'idle') await loadRaw(details.key, details.details.value);
}

/** The view in which the path is seen: of a removed one, that below, or side A. Null where it is nowhere. */
export function viewOfEntry(details: EntryDetails, selection: Selection): Side | null {
  const { archiveId, image, mode, from, to } = selection;
  if (archiveId === null) return null;
  if (details.now !== null) return { archiveId, image, layer: to };
  return details.before === null ? null : viewBefore({ archiveId, image, mode, from, to, against: selection.against });
}

/** Of layers by themselves, an entry that one below them brings is not there. */
function within(entry: EntryDetails['now'], since = 0): EntryDetails['now'] {
  return entry !== null && entry.layer < since ? null : entry;
}

/** A path that layers bring by themselves is seen at the highest of them as with all that lies below. */
function withoutSince({ archiveId, image, layer }: Side): Side {
  return { archiveId, image, layer };
}

/** The view that a selection compares with: what lies below its layers, or side A. */
export function viewBefore({
  archiveId,
  image,
  mode,
  from,
  to,
  against,
}: Pick<Selection, 'archiveId' | 'image' | 'mode' | 'from' | 'to'> & { readonly against: Side | undefined }): Side | null {
  if (archiveId === null) return null;
  if (mode === 'compare') return against === undefined ? null : withoutSince(against);
  const layer = (mode === 'layer' ? from : to) - 1;
  return layer < 0 ? null : { archiveId, image, layer };
}

async function loadContent(key: string, details: EntryDetails): Promise<void> {
  const { client, selection } = getApp();
  const view = viewOfEntry(details, selection);
  const type = (details.now ?? details.before)?.type;
  if (client === null || view === null || (type !== 'file' && type !== 'hardlink')) return;
  const signal = detailsAsked?.signal;
  detailsDo({ type: 'contentCame', key, content: { state: 'loading' } });
  try {
    const ref = { ...view, pathHex: pathHexOf(key) };
    const page = await client.call(
      'entry.content',
      { ...ref, offset: 0, length: CONTENT_PAGE_BYTES },
      signal === undefined ? {} : { signal },
    );
    const more = page.bytes.length < page.totalBytes ? 'there' : 'none';
    const value = { totalBytes: page.totalBytes, bytes: page.bytes, more, moreError: null, layer: view.layer } as const;
    detailsDo({ type: 'contentCame', key, content: { state: 'ready', value } });
    const kind = previewKind(page.bytes, more === 'none');
    if (kind !== 'text' && kind !== 'hex' && page.totalBytes <= IMAGE_LIMIT_BYTES) await loadWhole(key);
  } catch (error) {
    if (!signal?.aborted) detailsDo({ type: 'contentCame', key, content: { state: 'failed', error: plainError(error) } });
  }
}

/** An image is drawn when all of it is there. */
async function loadWhole(key: string): Promise<void> {
  for (;;) {
    const { details } = getApp();
    if (details.key !== key || details.content.state !== 'ready' || details.content.value.more !== 'there') return;
    if (details.content.value.moreError !== null) return;
    await loadMore();
  }
}

/** Times that the index of a layer doesn't have: they are read from the headers, of Windows entries only. */
async function loadTimes(key: string, { now, before }: EntryDetails): Promise<void> {
  const { client, selection } = getApp();
  const { archiveId, image, to } = selection;
  if (client === null || archiveId === null) return;
  const signal = detailsAsked?.signal;
  const timesAt = async (entry: EntryAttributes | null, view: Side | null) => {
    if (!isWindowsEntry(entry) || view === null) return null;
    const header = await client.call('entry.raw', { ...view, pathHex: pathHexOf(key) }, signal === undefined ? {} : { signal });
    return windowsTimes(header);
  };
  if (!isWindowsEntry(now) && !isWindowsEntry(before)) return;
  detailsDo({ type: 'timesCame', key, times: { state: 'loading' } });
  try {
    const views = { now: { archiveId, image, layer: to }, before: viewBefore({ ...selection, against: selection.against }) };
    const times = { now: await timesAt(now, views.now), before: await timesAt(before, views.before) };
    detailsDo({ type: 'timesCame', key, times: { state: 'ready', value: times } });
  } catch (error) {
    if (!signal?.aborted) detailsDo({ type: 'timesCame', key, times: { state: 'failed', error: plainError(error) } });
  }
}

async function loadRaw(key: string, details: EntryDetails): Promise<void> {
  const { client, selection } = getApp();
  const view = viewOfEntry(details, selection);
  if (client === null || view === null) return;
  const signal = detailsAsked?.signal;
  detailsDo({ type: 'rawCame', key, raw: { state: 'loading' } });
  try {
    const ref = { ...view, pathHex: pathHexOf(key) };
    const value = await client.call('entry.raw', ref, signal === undefined ? {} : { signal });
    detailsDo({ type: 'rawCame', key, raw: { state: 'ready', value } });
  } catch (error) {
    if (!signal?.aborted) detailsDo({ type: 'rawCame', key, raw: { state: 'failed', error: plainError(error) } });
  }
}

/** Path of the row that the keyboard is on. */
function activePath(): string | null {
  const { table, active } = getApp().changes;
  return table === null || active < 0 ? null : escapePath(rowPath(table, active));
}

/** Has the panes filled for whatever is chosen, from now on. */
export function watchSelection(): void {
  let shownChanges: string | null = null;
  let shownDetails: string | null = null;
  let waiting: ReturnType<typeof setTimeout> | null = null;
  useApp.subscribe((state, before) => {
    if (state.details.tab !== before.details.tab) void loadTab();
    if (state.selection === before.selection && state.archives === before.archives) return;
    const { selection } = state;
    const changes = changesKey(selection);
    if (changes !== shownChanges) {
      shownChanges = changes;
      if (changes === null) changesDo({ type: 'cleared' });
      else void loadChanges(changes, selection);
    } else if (selection.path !== before.selection.path && selection.path !== activePath()) {
      changesDo({ type: 'wanted', path: selection.path });
    }
    const details = detailsKey(selection);
    if (details !== shownDetails) {
      shownDetails = details;
      if (waiting !== null) clearTimeout(waiting);
      if (details === null) {
        detailsAsked?.abort();
        detailsDo({ type: 'cleared' });
      } else {
        // The arrow keys pass over rows faster than anyone reads.
        waiting = setTimeout(() => void loadDetails(details, selection), 40);
      }
    }
  });
}

/** Asks again for what failed. */
export function retryChanges(): void {
  const { selection } = getApp();
  const key = changesKey(selection);
  if (key !== null) void loadChanges(key, selection);
}

export function retryDetails(): void {
  const { selection } = getApp();
  const key = detailsKey(selection);
  if (key !== null) void loadDetails(key, selection);
}

/** Forgets the tables of archives that were closed. */
export function forgetArchives(open: ReadonlySet<string>): void {
  for (const key of tables.keys()) if (!open.has(key.slice(0, key.indexOf('/')))) tables.delete(key);
}

/** The next part of the file that is shown. */
export async function loadMore(): Promise<void> {
  const { client, details, selection } = getApp();
  const { key, content } = details;
  if (client === null || key === null || content.state !== 'ready' || content.value.more !== 'there') return;
  const view = details.details.state === 'ready' ? viewOfEntry(details.details.value, selection) : null;
  if (view === null) return;
  detailsDo({ type: 'moreAsked', key });
  try {
    const page = await client.call('entry.content', {
      ...view,
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
function pathHexOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}
