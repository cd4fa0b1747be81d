import { createStore } from 'zustand/vanilla';
import type { AppInfo, ArchiveSummary, CatalogSummary, Client, FileGrant, StoreReport } from '#contract';
import type { RowTable } from '#model';
import { type CatalogState, NO_CATALOG } from './catalog/catalog.ts';
import { FIRST_LIST, type ImageList } from './catalog/image-rows.ts';
import { type ChangesAction, type ChangesState, changesReducer, initialChanges } from './changes/changes.ts';
import { type DetailsAction, type DetailsState, detailsReducer, initialDetails } from './details/details.ts';
import type { GivenDockerfile } from './given-dockerfile.ts';
import { initialJobs, type JobsAction, type JobsState, jobsReducer } from './jobs.ts';
import { type LayoutState, readLayout } from './layout.ts';
import type { OpenMenu } from './menus/open-menu.ts';
import { initialOpenName, type OpenNameAction, type OpenNameState, openNameReducer } from './open-name/open-name.ts';
import type { Overlay } from './overlay.ts';
import type { PlainError } from './plain-error.ts';
import type { RegistrySums } from './registry-keys.ts';
import { NOTHING, type Selection } from './selection.ts';
import type { CopyState, ImportOffer, StoreAndBases, StoreSheet } from './stores/stores.ts';

/** A message that is shown for a few seconds. */
export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly action: { readonly label: string; readonly run: () => void } | null;
  /** Whether the message is still about something on screen. */
  readonly applies: (app: AppState) => boolean;
}

/** The window's entire state. `changes`, `details`, `jobs` and `openName` are only changed by their reducers. */
export interface AppState {
  readonly client: Client | null;
  readonly info: AppInfo | null;
  /** `failed`: why there is no client. `lost`: the host has stopped answering. */
  readonly connection: { readonly state: 'connecting' | 'open' | 'lost' } | { readonly state: 'failed'; readonly error: PlainError };
  /** Null until the host has sent its library. */
  readonly archives: readonly ArchiveSummary[] | null;
  /** Null until the host has sent its open catalogs. */
  readonly catalogs: readonly CatalogSummary[] | null;
  /** The catalog that is shown. */
  readonly catalog: CatalogState;
  readonly imageList: ImageList;
  readonly selection: Selection;
  /** The layer where a range selected with Shift-click begins. */
  readonly anchor: number;
  readonly changes: ChangesState;
  readonly details: DetailsState;
  /** The Dockerfile that the user provided for finding the layers' commands; null if there is none. */
  readonly dockerfile: GivenDockerfile | null;
  /** Aborts the requests that fill a pane when something else is selected; null before the first request. */
  readonly requests: Readonly<Record<'changes' | 'details' | 'catalog' | 'catalogSearch', AbortController | null>>;
  /** Recently shown tables by request, latest last. */
  readonly tables: ReadonlyMap<string, RowTable>;
  readonly jobs: JobsState;
  /** The “Open by name” dialog. */
  readonly openName: OpenNameState;
  readonly layout: LayoutState;
  readonly toasts: readonly Toast[];
  /** How many toasts there have been; also the id of the next one. */
  readonly toastCount: number;
  readonly overlay: Overlay;
  readonly contextMenu: OpenMenu | null;
  /** The element that had the focus before a sheet took it. */
  readonly focusedBefore: Element | null;
  /** Grants from the system or the command line whose files this window has already opened. */
  readonly openedRequests: ReadonlySet<string>;
  /** Files that the system or the command line asked for and whose jobs haven’t begun; null until the host has said which. */
  readonly awaited: readonly FileGrant[] | null;
  /** How much is changed in the registry that is shown, for its heading; null if that isn’t known. */
  readonly registrySums: RegistrySums | null;
  /** Reports of the stores; null if the host has none, or before the first report. */
  readonly stores: readonly StoreReport[] | null;
  /** Windows' shared base images, by the store that could adopt them. */
  readonly bases: readonly StoreAndBases[];
  readonly storeSheet: StoreSheet | null;
  /** Working copies in portable stores, by {@link copyKey}. */
  readonly copies: ReadonlyMap<string, CopyState>;
  /** Archives that were opened and could be imported to the store. */
  readonly offers: readonly ImportOffer[];
}

export const appStore = createStore<AppState>()(() => ({
  client: null,
  info: null,
  connection: { state: 'connecting' },
  archives: null,
  catalogs: null,
  catalog: NO_CATALOG,
  imageList: FIRST_LIST,
  selection: NOTHING,
  anchor: 0,
  changes: initialChanges,
  details: initialDetails,
  dockerfile: null,
  requests: { changes: null, details: null, catalog: null, catalogSearch: null },
  tables: new Map(),
  jobs: initialJobs,
  openName: initialOpenName,
  layout: readLayout(),
  toasts: [],
  toastCount: 0,
  overlay: 'none',
  contextMenu: null,
  focusedBefore: null,
  openedRequests: new Set(),
  awaited: null,
  registrySums: null,
  stores: null,
  bases: [],
  storeSheet: null,
  copies: new Map(),
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

export function dispatchOpenName(action: OpenNameAction): void {
  setApp((state) => ({ openName: openNameReducer(state.openName, action) }));
}

export function setLayout(part: Partial<LayoutState>): void {
  setApp((state) => ({ layout: { ...state.layout, ...part } }));
}

/** Aborts a pane's previous request and returns the signal for the next one. */
export function newRequest(pane: keyof AppState['requests']): AbortSignal {
  const control = new AbortController();
  getApp().requests[pane]?.abort();
  setApp((state) => ({ requests: { ...state.requests, [pane]: control } }));
  return control.signal;
}

/** Resolves with the client as soon as it exists. Files dropped on a window that is still connecting wait for this. */
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
