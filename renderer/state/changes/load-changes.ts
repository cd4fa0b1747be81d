import { type Client, type ImageRef, type RowPage, tablePages } from '#contract';
import { dispatchChanges, getApp, newRequest, setApp } from '../app-state.ts';
import { plainError } from '../plain-error.ts';
import { type Selection, selectedImage } from '../selection.ts';
import { ofOpenArchives, withCached } from './table-cache.ts';

/** How often, in ms, a long table is redrawn while its pages arrive. */
const SHOW_EVERY = 100;

/** Returns the key of the request for a selection's table; null if there is nothing to request. */
export function changesKey(selection: Selection): string | null {
  const found = selectedImage(getApp().archives ?? [], selection);
  if (found === null || !found.image.loaded || found.image.layers.length === 0) return null;
  const { mode, against } = selection;
  if (mode === 'compare') {
    const other = against === undefined ? null : selectedImage(getApp().archives ?? [], { ...selection, ...against });
    if (against === undefined || !other?.image.loaded) return null;
    return `${selection.archiveId}/${selection.image}/compare/${selection.since ?? 0}-${selection.to}/${against.archiveId}/${against.image}/${against.since ?? 0}-${against.layer}`;
  }
  if (mode === 'image') return `${selection.archiveId}/${selection.image}/whole`;
  const layers = mode === 'stacked' ? `view/${selection.to}` : `changes/${selection.from}-${selection.to}`;
  return `${selection.archiveId}/${selection.image}/${layers}`;
}

function fetchRows(
  client: Client,
  ref: ImageRef,
  { mode, from, to, against, since }: Selection,
  range: { start: number; count: number },
  signal: AbortSignal,
): Promise<RowPage> {
  if (mode === 'image') return client.call('image.whole', { ...ref, ...range }, { signal });
  if (mode === 'stacked') return client.call('image.view', { ...ref, layer: to, ...range }, { signal });
  if (mode === 'compare' && against !== undefined) {
    return client.call('images.compare', { a: against, b: { ...ref, layer: to, since }, ...range }, { signal });
  }
  return client.call('image.changes', { ...ref, from, to, ...range }, { signal });
}

/** Loads the table of a selection page by page. An open archive never changes, so tables are cached. */
export async function loadChanges(key: string, selection: Selection): Promise<void> {
  const signal = newRequest('changes');
  const { mode, path } = selection;
  dispatchChanges({ type: 'requested', key, wanted: path, mode });
  const { client, tables } = getApp();
  const known = tables.get(key);
  if (known !== undefined) {
    setApp({ tables: withCached(tables, key, known) });
    dispatchChanges({ type: 'loaded', key, table: known, total: known.length });
    return;
  }
  if (client === null || selection.archiveId === null) return;
  const ref = { archiveId: selection.archiveId, image: selection.image };
  try {
    const fetchPage = (start: number, count: number) => fetchRows(client, ref, selection, { start, count }, signal);
    for await (const { table, total, open } of tablePages(fetchPage, { every: SHOW_EVERY, now: () => performance.now() })) {
      if (signal.aborted) return;
      dispatchChanges({ type: 'loaded', key, table, total, ...(open === undefined ? {} : { open }) });
      if (table.length === total) setApp((state) => ({ tables: withCached(state.tables, key, table) }));
    }
  } catch (error) {
    if (!signal.aborted) dispatchChanges({ type: 'failed', key, error: plainError(error) });
  }
}

/** Empties the pane and stops loading its table. */
export function clearChanges(): void {
  newRequest('changes');
  dispatchChanges({ type: 'cleared' });
}

/** Retries a load that failed. */
export function retryChanges(): void {
  const { selection } = getApp();
  const key = changesKey(selection);
  if (key !== null) void loadChanges(key, selection);
}

/** Drops the tables of archives that were closed. */
export function dropClosedTables(open: ReadonlySet<string>): void {
  setApp(({ tables }) => ({ tables: ofOpenArchives(tables, open) }));
}
