import { escapePath, rowPath } from '#model';
import { type AppState, appStore, dispatchChanges, getApp } from './app-state.ts';
import { NO_FILTER } from './changes/changes.ts';
import { changesKey, clearChanges, loadChanges } from './changes/load-changes.ts';
import { shownTab } from './details/details.ts';
import { clearDetails, detailsKey, loadDetails, loadTab } from './details/load-details.ts';
import { selectedImage } from './selection.ts';

/** How long, in ms, the arrow keys must pause on a row before its details are loaded. */
const DETAILS_AFTER = 40;

/** Keeps the panes in step with the selection. */
export function watchSelection(): void {
  let changesShown: string | null = null;
  let detailsShown: string | null = null;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  appStore.subscribe((state, before) => {
    if (shownTab(state.details) !== shownTab(before.details)) void loadTab();
    if (state.selection === before.selection && state.archives === before.archives) return;
    const { selection } = state;
    if (outlived(state, before)) dispatchChanges({ type: 'filtered', filter: NO_FILTER });
    const changes = changesKey(selection);
    if (changes !== changesShown) {
      changesShown = changes;
      if (changes === null) clearChanges();
      else void loadChanges(changes, selection);
    } else if (selection.path !== before.selection.path && selection.path !== activePath()) {
      dispatchChanges({ type: 'wanted', path: selection.path });
    }
    const details = detailsKey(selection);
    if (details === detailsShown) return;
    detailsShown = details;
    clearTimeout(waiting);
    if (details === null) clearDetails();
    // Use the current selection: it may have been clamped in the meantime, which doesn't change the key.
    else waiting = setTimeout(() => void loadDetails(details, getApp().selection), DETAILS_AFTER);
  });
}

/**
 * Whether the filter was for another image. The filter is kept when a side of a comparison changes, and when an item of a store is
 * reopened.
 */
function outlived({ selection, archives }: AppState, { selection: before, archives: archivesBefore }: AppState): boolean {
  if (selection.archiveId === before.archiveId && selection.image === before.image) return false;
  if (selection.mode === 'compare' && before.mode === 'compare') return false;
  const now = selectedImage(archives ?? [], selection)?.archive.stored;
  const then = selectedImage(archivesBefore ?? [], before)?.archive.stored;
  return now === undefined || now.storeId !== then?.storeId || now.name !== then.name;
}

/** Returns the path of the active row. */
function activePath(): string | null {
  const { table, active } = getApp().changes;
  return table === null || active < 0 ? null : escapePath(rowPath(table, active));
}
