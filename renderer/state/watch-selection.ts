import { escapePath, rowPath } from '#model';
import { appStore, dispatchChanges, getApp } from './app-state.ts';
import { changesKey, clearChanges, loadChanges } from './changes/load-changes.ts';
import { clearDetails, detailsKey, loadDetails, loadTab } from './details/load-details.ts';

/** How long, in ms, the arrow keys must rest on a row before its details are loaded. */
const DETAILS_AFTER = 40;

/** Keeps the panes in step with the selection. */
export function watchSelection(): void {
  let changesShown: string | null = null;
  let detailsShown: string | null = null;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  appStore.subscribe((state, before) => {
    if (state.details.tab !== before.details.tab) void loadTab();
    if (state.selection === before.selection && state.archives === before.archives) return;
    const { selection } = state;
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
    // The selection may have been clamped meanwhile, which doesn't change the key.
    else waiting = setTimeout(() => void loadDetails(details, getApp().selection), DETAILS_AFTER);
  });
}

/** Returns the path of the active row. */
function activePath(): string | null {
  const { table, active } = getApp().changes;
  return table === null || active < 0 ? null : escapePath(rowPath(table, active));
}
