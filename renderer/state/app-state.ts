import { createStore } from 'zustand/vanilla';
import type { AppInfo, ArchiveSummary, Client, StoreReport } from '#contract';
import type { RowTable } from '#model';
import { type ChangesAction, type ChangesState, changesReducer, initialChanges } from './changes/changes.ts';
import { type DetailsAction, type DetailsState, detailsReducer, initialDetails } from './details/details.ts';
import { initialJobs, type JobsAction, type JobsState, jobsReducer } from './jobs.ts';
import { type LayoutState, readLayout } from './layout.ts';
import type { Overlay } from './overlay.ts';
import type { PlainError } from './plain-error.ts';
import { NOTHING, type Selection } from './selection.ts';
import type { ImportOffer, StoreAndBases, StoreSheet } from './stores/stores.ts';

/** A line that is shown for a few seconds. */
export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly action: { readonly label: string; readonly run: () => void } | null;
}

/** Everything the window knows. `changes`, `details` and `jobs` change by their reducers only. */
export interface AppState {
  readonly client: Client | null;
  readonly info: AppInfo | null;
  /** `failed`: why there is no client. `lost`: the host stopped answering. */
  readonly connection: { readonly state: 'connecting' | 'open' | 'lost' } | { readonly state: 'failed'; readonly error: PlainError };
  /** Null until the host has sent its library. */
  readonly archives: readonly ArchiveSummary[] | null;
  readonly selection: Selection;
  /** Layer at which a range made by Shift-click begins. */
  readonly anchor: number;
  readonly changes: ChangesState;
  readonly details: DetailsState;
  /** Aborts the requests that fill a pane when something else is selected; null: nothing was requested yet. */
  readonly requests: { readonly changes: AbortController | null; readonly details: AbortController | null };
  /** Tables that were shown lately, by request, the last one at the end. */
  readonly tables: ReadonlyMap<string, RowTable>;
  readonly jobs: JobsState;
  readonly layout: LayoutState;
  readonly toasts: readonly Toast[];
  /** How many toasts there have been; the next one's id. */
  readonly toastCount: number;
  readonly overlay: Overlay;
  /** What had the focus before a sheet took it. */
  readonly focusedBefore: Element | null;
  /** Grants that the system or the command line sent and this window has opened. */
  readonly openedRequests: ReadonlySet<string>;
  /** What the stores hold; null where there are none, or it isn't known yet. */
  readonly stores: readonly StoreReport[] | null;
  /** Windows' shared base images, by the store that can adopt them. */
  readonly bases: readonly StoreAndBases[];
  readonly storeSheet: StoreSheet | null;
  /** Archives that were opened and could be imported to the store. */
  readonly offers: readonly ImportOffer[];
}

export const appStore = createStore<AppState>()(() => ({
  client: null,
  info: null,
  connection: { state: 'connecting' },
  archives: null,
  selection: NOTHING,
  anchor: 0,
  changes: initialChanges,
  details: initialDetails,
  requests: { changes: null, details: null },
  tables: new Map(),
  jobs: initialJobs,
  layout: readLayout(),
  toasts: [],
  toastCount: 0,
  overlay: 'none',
  focusedBefore: null,
  openedRequests: new Set(),
  stores: null,
  bases: [],
  storeSheet: null,
  offers: [],
}));

export const getApp = appStore.getState;
export const setApp = appStore.setState;

export function dispatchChanges(action: ChangesAction): void {
  setApp((state) => ({ changes: changesReducer(state.changes, action) }));
}

export function dispatchDetails(action: DetailsAction): void {
  setApp((state) => ({ details: detailsReducer(state.details, action) }));
}

export function dispatchJobs(action: JobsAction): void {
  setApp((state) => ({ jobs: jobsReducer(state.jobs, action) }));
}

export function setLayout(part: Partial<LayoutState>): void {
  setApp((state) => ({ layout: { ...state.layout, ...part } }));
}

/** Aborts what a pane's last request still loads. The signal is that of its next one. */
export function newRequest(pane: keyof AppState['requests']): AbortSignal {
  const control = new AbortController();
  getApp().requests[pane]?.abort();
  setApp((state) => ({ requests: { ...state.requests, [pane]: control } }));
  return control.signal;
}

/** The client as soon as there is one: files dropped on a window that is still connecting wait for it. */
export function connectedClient(): Promise<Client> {
  const { client } = getApp();
  if (client !== null) return Promise.resolve(client);
  return new Promise((resolve) => {
    const unsubscribe = appStore.subscribe(({ client: connected }) => {
      if (connected === null) return;
      unsubscribe();
      resolve(connected);
    });
  });
}
