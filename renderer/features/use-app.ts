import { useStore } from 'zustand';
import { type AppState, appStore } from '../state/app-state.ts';

/** A part of what the window knows. The component is drawn again when that part changes. */
export function useApp<T>(select: (app: AppState) => T): T {
  return useStore(appStore, select);
}
