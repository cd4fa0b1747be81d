import { dispatchChanges, getApp, setLayout } from './app-state.ts';
import { chooseView } from './choosing.ts';

/** Shows the list of packages, filtered by a name. */
export function showPackage(name: string): void {
  chooseView('packages');
  setLayout({ drawer: 'none' });
  // After the view has begun with an empty filter of its own.
  setTimeout(() => dispatchChanges({ type: 'filtered', filter: { ...getApp().changes.filter, text: name } }));
}
