/** The part of the Navigation API that is used here. Not every browser has it. Source: HTML, 7.4.2 (`window.navigation`). */
interface Navigation extends EventTarget {
  readonly canGoBack: boolean;
  readonly canGoForward: boolean;
}

const navigation = (globalThis as { navigation?: Navigation }).navigation;

/** Calls the listener after every step through the history. Returns a function that stops this. */
export function watchHistory(listener: () => void): () => void {
  navigation?.addEventListener('currententrychange', listener);
  return () => navigation?.removeEventListener('currententrychange', listener);
}

/** Whether Back leads anywhere; true if the browser doesn't say. */
export function canGoBack(): boolean {
  return navigation?.canGoBack ?? true;
}

/** Whether Forward leads anywhere; true if the browser doesn't say. */
export function canGoForward(): boolean {
  return navigation?.canGoForward ?? true;
}
