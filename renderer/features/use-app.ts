import { useStore } from 'zustand';
import { type AppState, appStore } from '../state/app-state.ts';

/** Selects part of the state. The component renders again when that part changes. */
export function useApp<T>(select: (app: AppState) => T): T {
  return useStore(appStore, select);
}
