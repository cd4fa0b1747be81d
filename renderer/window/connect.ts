import type { ArchiveSummary, FileGrant } from '#contract';
import { dispatchJobs, getApp, setApp } from '../state/app-state.ts';
import { onCatalogs } from '../state/catalog/catalog-actions.ts';
import { watchCatalog } from '../state/catalog/load-catalog.ts';
import { watchFilter, watchSort } from '../state/changes/filtering.ts';
import { dropClosedTables } from '../state/changes/load-changes.ts';
import { openClient } from '../state/client.ts';
import { runCommand } from '../state/commands.ts';
import { watchOwnJobs } from '../state/finished-jobs.ts';
import { watchContextMenu } from '../state/menus/context-menu.ts';
import { watchToasts } from '../state/messages.ts';
import { offerName } from '../state/open-name/open-name-actions.ts';
import { openFiles, openGrants } from '../state/opening.ts';
import { plainError } from '../state/plain-error.ts';
import { followAddress, settleSelection } from '../state/settle-selection.ts';
import { withdrawOffers } from '../state/stores/importing.ts';
import { watchStores } from '../state/stores/watch-stores.ts';
import { watchSelection } from '../state/watch-selection.ts';

/** Connects to the host, then keeps the state in step with its topics. */
export async function connect(): Promise<void> {
  watchSelection();
  watchFilter();
  watchSort();
  watchOwnJobs();
  watchContextMenu();
  watchCatalog();
  watchToasts();
  window.addEventListener('paste', onPaste);
  window.addEventListener('popstate', followAddress);
  window.addEventListener('hashchange', followAddress);
  try {
    const client = await openClient((connected) => {
      if (getApp().connection.state !== 'failed') setApp({ connection: { state: connected ? 'open' : 'lost' } });
    });
    const info = await client.call('app.info', {});
    setApp({ client, info, connection: { state: 'open' } });
    followAddress();
    watchStores();
    client.subscribe('library', ({ archives }) => onLibrary(archives));
    client.subscribe('catalogs', ({ catalogs }) => onCatalogs(catalogs));
    client.subscribe('jobs', ({ jobs }) => dispatchJobs({ type: 'jobsReported', jobs }));
    window.layerscope?.onCommand(runCommand);
    client.subscribe('requests', ({ open }) => onRequests(open));
  } catch (error) {
    setApp({ connection: { state: 'failed', error: plainError(error) } });
  }
}

/**
 * Opens files that were copied in a file manager. Text that names an image opens the dialog for names, unless it is pasted into a field.
 */
function onPaste({ clipboardData, target }: ClipboardEvent): void {
  const files = [...(clipboardData?.files ?? [])];
  if (files.length > 0) openFiles(files);
  else if (!isField(target)) offerName(clipboardData?.getData('text/plain') ?? '');
}

function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
}

/** Opens newly requested files; each report repeats the earlier requests. */
function onRequests(grants: readonly FileGrant[]): void {
  const { openedRequests } = getApp();
  const fresh = grants.filter(({ grant }) => !openedRequests.has(grant));
  setApp(({ awaited }) => ({
    openedRequests: new Set([...openedRequests, ...fresh.map(({ grant }) => grant)]),
    awaited: [...(awaited ?? []), ...fresh],
  }));
  if (fresh.length === 0) return;
  void openGrants(fresh).finally(() => setApp(({ awaited }) => ({ awaited: (awaited ?? []).filter((each) => !fresh.includes(each)) })));
}

function onLibrary(archives: readonly ArchiveSummary[]): void {
  setApp({ archives });
  dropClosedTables(new Set(archives.map(({ archiveId }) => archiveId)));
  withdrawOffers();
  settleSelection();
}
