import { useSyncExternalStore } from 'react';

const forced = window.matchMedia('(forced-colors: active)');

function subscribe(onChange: () => void): () => void {
  forced.addEventListener('change', onChange);
  return () => forced.removeEventListener('change', onChange);
}

/** Returns whether the user's system chooses all colours of the page. */
export function useForcedColours(): boolean {
  return useSyncExternalStore(subscribe, () => forced.matches);
}
