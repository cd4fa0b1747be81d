import { useSyncExternalStore } from 'react';

const narrow = window.matchMedia('(max-width: 699px)');
const medium = window.matchMedia('(max-width: 999px)');

function subscribe(listener: () => void): () => void {
  narrow.addEventListener('change', listener);
  medium.addEventListener('change', listener);
  return () => {
    narrow.removeEventListener('change', listener);
    medium.removeEventListener('change', listener);
  };
}

/** Under 1,000 px details and library are drawers; under 700 the chain lies on top. */
export function useWidth(): 'wide' | 'medium' | 'narrow' {
  return useSyncExternalStore(subscribe, () => (narrow.matches ? 'narrow' : medium.matches ? 'medium' : 'wide'));
}
