import type { PlainError } from '../plain-error.ts';

/** The dialog's current step. */
export type OpenNameStep =
  /** The user is typing or choosing a name. */
  | { readonly kind: 'choose' }
  /** The host is finding out where the image is; `cancel` stops this. */
  | { readonly kind: 'looking'; readonly reference: string; readonly cancel: () => void }
  /** The user is choosing one of several platforms. */
  | { readonly kind: 'platform'; readonly reference: string; readonly source: string; readonly platforms: readonly string[] }
  /** A job is opening the image. */
  | { readonly kind: 'opening'; readonly reference: string; readonly jobId: string };

export interface OpenNameState {
  readonly text: string;
  readonly step: OpenNameStep;
  /** Why the most recently chosen name could not be opened. */
  readonly error: PlainError | null;
}

export const initialOpenName: OpenNameState = { text: '', step: { kind: 'choose' }, error: null };

export type OpenNameAction =
  /** The dialog was opened with this text. */
  | { readonly type: 'begun'; readonly text: string }
  | { readonly type: 'typed'; readonly text: string }
  | { readonly type: 'looking'; readonly reference: string; readonly cancel: () => void }
  | { readonly type: 'found'; readonly reference: string; readonly source: string; readonly platforms: readonly string[] }
  | { readonly type: 'opening'; readonly reference: string; readonly jobId: string }
  /** The dialog returns to the choice of a name. `error`: the reason; null if the user cancelled. */
  | { readonly type: 'stopped'; readonly error: PlainError | null };

export function openNameReducer(state: OpenNameState, action: OpenNameAction): OpenNameState {
  switch (action.type) {
    case 'begun':
      return { ...initialOpenName, text: action.text };
    case 'typed':
      return { ...state, text: action.text, error: null };
    case 'looking':
      return { ...state, error: null, step: { kind: 'looking', reference: action.reference, cancel: action.cancel } };
    case 'found': {
      const { reference, source, platforms } = action;
      return { ...state, step: { kind: 'platform', reference, source, platforms } };
    }
    case 'opening':
      return { ...state, error: null, step: { kind: 'opening', reference: action.reference, jobId: action.jobId } };
    case 'stopped':
      return { ...state, step: { kind: 'choose' }, error: action.error };
  }
}
