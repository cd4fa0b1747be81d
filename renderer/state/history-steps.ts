/** What is used of the Navigation API, which not every browser has. Source: HTML, 7.4.2 (`window.navigation`). */
interface Navigation extends EventTarget {
  readonly canGoBack: boolean;
  readonly canGoForward: boolean;
}

const navigation = (globalThis as { navigation?: Navigation }).navigation;

/** Calls the listener after every step through the history. Returns the function that ends that. */
export function watchHistory(listener: () => void): () => void {
  navigation?.addEventListener('currententrychange', listener);
  return () => navigation?.removeEventListener('currententrychange', listener);
}

/** Whether Back leads anywhere; true where the browser doesn't say. */
export function canGoBack(): boolean {
  return navigation?.canGoBack ?? true;
}

/** Whether Forward leads anywhere; true where the browser doesn't say. */
export function canGoForward(): boolean {
  return navigation?.canGoForward ?? true;
}
