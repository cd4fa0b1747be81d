import { useSyncExternalStore } from 'react';

/** What is used of the Navigation API, which not every browser has. Source: HTML, 7.4.2 (`window.navigation`). */
interface Navigation extends EventTarget {
  readonly canGoBack: boolean;
  readonly canGoForward: boolean;
}

const navigation = (globalThis as { navigation?: Navigation }).navigation;

function subscribe(told: () => void): () => void {
  navigation?.addEventListener('currententrychange', told);
  return () => navigation?.removeEventListener('currententrychange', told);
}

/** Whether Back and Forward lead anywhere; true where the browser doesn't tell. */
export function useHistorySteps(): { readonly back: boolean; readonly forward: boolean } {
  const back = useSyncExternalStore(subscribe, () => navigation?.canGoBack ?? true);
  const forward = useSyncExternalStore(subscribe, () => navigation?.canGoForward ?? true);
  return { back, forward };
}
