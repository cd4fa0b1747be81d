import type { EntryDetails, RawHeader } from '#contract';
import type { PlainError } from '../plain-error.ts';
import type { EntryTimes } from './attributes.ts';

export type Loadable<T> =
  | { readonly state: 'idle' }
  | { readonly state: 'loading' }
  | { readonly state: 'ready'; readonly value: T }
  | { readonly state: 'failed'; readonly error: PlainError };

const IDLE = { state: 'idle' } as const;

type DetailsTab = 'content' | 'attributes' | 'origin' | 'raw';
/** `own` shows a picture as a picture and an archive as an archive. */
type ShowAs = 'auto' | 'own' | 'text' | 'hex' | 'diff';

export interface LoadedContent {
  readonly totalBytes: number;
  /** The part of the file loaded so far, from its beginning. */
  readonly bytes: Uint8Array;
  readonly more: 'none' | 'there' | 'loading';
  readonly moreError: PlainError | null;
}

/** What the host reports about the selected path, loaded tab by tab. */
export interface DetailsState {
  readonly key: string | null;
  readonly tab: DetailsTab;
  /**
   * The tab shown for this path in place of the chosen one, because the versions differ only in what this tab shows; null if the chosen tab
   * is shown.
   */
  readonly instead: DetailsTab | null;
  readonly showAs: ShowAs;
  readonly details: Loadable<EntryDetails>;
  readonly raw: Loadable<RawHeader>;
  /** Times of a Windows entry, loaded with the Attributes tab. */
  readonly times: Loadable<EntryTimes>;
  readonly content: Loadable<LoadedContent>;
}

export const initialDetails: DetailsState = {
  key: null,
  tab: 'content',
  instead: null,
  showAs: 'auto',
  details: IDLE,
  raw: IDLE,
  times: IDLE,
  content: IDLE,
};

export type DetailsAction =
  | { readonly type: 'requested'; readonly key: string }
  | { readonly type: 'cleared' }
  | { readonly type: 'tabChosen'; readonly tab: DetailsTab }
  | { readonly type: 'tabShown'; readonly key: string; readonly tab: DetailsTab }
  | { readonly type: 'shownAs'; readonly showAs: ShowAs }
  | { readonly type: 'detailsUpdated'; readonly key: string; readonly details: Loadable<EntryDetails> }
  | { readonly type: 'rawUpdated'; readonly key: string; readonly raw: Loadable<RawHeader> }
  | { readonly type: 'timesUpdated'; readonly key: string; readonly times: Loadable<EntryTimes> }
  | { readonly type: 'contentUpdated'; readonly key: string; readonly content: Loadable<LoadedContent> }
  | { readonly type: 'moreRequested'; readonly key: string }
  | { readonly type: 'moreLoaded'; readonly key: string; readonly bytes: Uint8Array }
  | { readonly type: 'moreFailed'; readonly key: string; readonly error: PlainError };

export function shownTab({ tab, instead }: DetailsState): DetailsTab {
  return instead ?? tab;
}

export function detailsReducer(state: DetailsState, action: DetailsAction): DetailsState {
  switch (action.type) {
    case 'requested':
      return { ...initialDetails, tab: state.tab, key: action.key, details: { state: 'loading' } };
    case 'cleared':
      return { ...initialDetails, tab: state.tab };
    case 'tabChosen':
      return { ...state, tab: action.tab, instead: null };
    case 'shownAs':
      return { ...state, showAs: action.showAs };
  }
  if (action.key !== state.key) return state;
  switch (action.type) {
    case 'detailsUpdated':
      return { ...state, details: action.details };
    case 'tabShown':
      return { ...state, instead: action.tab };
    case 'rawUpdated':
      return { ...state, raw: action.raw };
    case 'timesUpdated':
      return { ...state, times: action.times };
    case 'contentUpdated':
      return { ...state, content: action.content };
    case 'moreRequested':
      return withContent(state, (content) => ({ ...content, more: 'loading', moreError: null }));
    case 'moreLoaded':
      return withContent(state, (content) => appended(content, action.bytes));
    case 'moreFailed':
      return withContent(state, (content) => ({ ...content, more: 'there', moreError: action.error }));
  }
}

function withContent(state: DetailsState, change: (content: LoadedContent) => LoadedContent): DetailsState {
  if (state.content.state !== 'ready') return state;
  return { ...state, content: { state: 'ready', value: change(state.content.value) } };
}

function appended(content: LoadedContent, page: Uint8Array): LoadedContent {
  const bytes = new Uint8Array(content.bytes.length + page.length);
  bytes.set(content.bytes);
  bytes.set(page, content.bytes.length);
  return { ...content, bytes, more: page.length > 0 && bytes.length < content.totalBytes ? 'there' : 'none', moreError: null };
}
