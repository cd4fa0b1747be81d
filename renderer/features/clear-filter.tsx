import { Button } from '../components/button.tsx';
import { dispatchChanges } from '../state/app-state.ts';
import { NO_FILTER } from '../state/changes/changes.ts';
import { words } from '../words/index.ts';

/** A button that clears the filter's text and all other criteria, so that everything is listed again. */
export function ClearFilter() {
  return (
    <Button kind="quiet" onPress={clearFilter}>
      {words.changes.clearFilter}
    </Button>
  );
}

export function clearFilter(): void {
  dispatchChanges({ type: 'filtered', filter: NO_FILTER });
}
