import { useSyncExternalStore } from 'react';
import { compareRoom, detailsRoom } from '../state/layout.ts';

export type Width = 'narrow' | 'medium' | 'compact' | 'wide';

const LIMITS = [
  { width: 'narrow', query: window.matchMedia('(max-width: 699px)') },
  { width: 'medium', query: window.matchMedia('(max-width: 999px)') },
  { width: 'compact', query: window.matchMedia('(max-width: 1179px)') },
] as const;

function subscribe(listener: () => void): () => void {
  for (const { query } of LIMITS) query.addEventListener('change', listener);
  return () => {
    for (const { query } of LIMITS) query.removeEventListener('change', listener);
  };
}

/**
 * Returns the window's width as one of a few classes. Below 1,180 px the library is a rail, below 1,000 px the details are a drawer, and
 * below 700 px the chain is on top.
 */
export function useWidth(): Width {
  return useSyncExternalStore(subscribe, () => LIMITS.find(({ query }) => query.matches)?.width ?? 'wide');
}

function subscribeSize(listener: () => void): () => void {
  window.addEventListener('resize', listener);
  return () => window.removeEventListener('resize', listener);
}

/** Returns the width of the details, px: the chosen one, or what the window allows. */
export function useDetailsWidth(chosen: number | null, compares: boolean): number {
  return useSyncExternalStore(subscribeSize, () => chosen ?? detailsRoom(window.innerWidth, compares));
}

/** Returns the width of a comparison's chains, px: the chosen one, or what the window allows. */
export function useCompareWidth(chosen: number | null): number {
  return useSyncExternalStore(subscribeSize, () => chosen ?? compareRoom(window.innerWidth));
}

const ROOMY = window.matchMedia('(min-width: 1300px)');
const TIGHT = window.matchMedia('(max-width: 539px)');

function subscribeRoom(listener: () => void): () => void {
  for (const query of [ROOMY, TIGHT]) query.addEventListener('change', listener);
  return () => {
    for (const query of [ROOMY, TIGHT]) query.removeEventListener('change', listener);
  };
}

/**
 * Returns what the title bar has space for as rows of buttons: modes and layouts from 1,300 px on, only modes from 540 px on. The rest are
 * menus, whose buttons show the current choice.
 */
export function useRoom(): 'all' | 'modes' | 'none' {
  return useSyncExternalStore(subscribeRoom, () => (ROOMY.matches ? 'all' : TIGHT.matches ? 'none' : 'modes'));
}
