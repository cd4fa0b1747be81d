import { create } from 'zustand';
import type { AppInfo, ArchiveSummary, Client, StoreReport } from '#contract';
import { type ChangesAction, type ChangesState, changesReducer, initialChanges, type PlainError } from './changes/changes.ts';
import { type DetailsAction, type DetailsState, detailsReducer, initialDetails } from './details/details.ts';
import { initialJobs, type JobsAction, type JobsState, jobsReducer } from './jobs.ts';
import { type LayoutState, readLayout } from './layout.ts';
import type { Overlay } from './overlay.ts';
import { NOTHING, type Selection } from './selection.ts';
import type { ImportOffer, StoreAndBases, StoreSheet } from './stores/stores.ts';

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly action: { readonly label: string; readonly run: () => void } | null;
}

/** Everything the window knows. The parts change by their reducers only. */
export interface AppState {
  readonly client: Client | null;
  readonly info: AppInfo | null;
  /** Why there is no client, or that the host stopped answering. */
  readonly connection: { readonly state: 'connecting' | 'open' | 'lost' } | { readonly state: 'failed'; readonly error: PlainError };
  /** Null until the host said it for the first time. */
  readonly archives: readonly ArchiveSummary[] | null;
  readonly selection: Selection;
  /** Layer that a Shift-click counts from. */
  readonly anchor: number;
  readonly changes: ChangesState;
  readonly details: DetailsState;
  readonly jobs: JobsState;
  readonly layout: LayoutState;
  readonly toasts: readonly Toast[];
  readonly overlay: Overlay;
  /** What the stores hold; null where there are none, or it isn't known yet. */
  readonly stores: readonly StoreReport[] | null;
  /** Windows' shared base images, by the store that can adopt them. */
  readonly bases: readonly StoreAndBases[];
  readonly storeSheet: StoreSheet | null;
  /** What was opened, and may be taken into the store. */
  readonly offers: readonly ImportOffer[];
}

export const useApp = create<AppState>()(() => ({
  client: null,
  info: null,
  connection: { state: 'connecting' },
  archives: null,
  selection: NOTHING,
  anchor: 0,
  changes: initialChanges,
  details: initialDetails,
  jobs: initialJobs,
  layout: readLayout(),
  toasts: [],
  overlay: 'none',
  stores: null,
  bases: [],
  storeSheet: null,
  offers: [],
}));

export const getApp = useApp.getState;
export const setApp = useApp.setState;

export function changesDo(action: ChangesAction): void {
  setApp((state) => ({ changes: changesReducer(state.changes, action) }));
}

export function detailsDo(action: DetailsAction): void {
  setApp((state) => ({ details: detailsReducer(state.details, action) }));
}

export function jobsDo(action: JobsAction): void {
  setApp((state) => ({ jobs: jobsReducer(state.jobs, action) }));
}

/** The client as soon as there is one: what is dropped on a window that is still connecting waits. */
export function connectedClient(): Promise<Client> {
  const { client } = getApp();
  if (client !== null) return Promise.resolve(client);
  return new Promise((resolve) => {
    const end = useApp.subscribe(({ client: now }) => {
      if (now === null) return;
      end();
      resolve(now);
    });
  });
}
