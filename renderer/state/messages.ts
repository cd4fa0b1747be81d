import { type AppState, appStore, setApp, type Toast } from './app-state.ts';

const SHOWN_MS = 5_000;
const MOST_TOASTS = 3;

/** Full ids and digests, which nobody reads in a message. Ids in paths are excluded, because a shortened path is useless. */
const IDS = /(?<![/\\\w])([0-9a-f]{12})[0-9a-f]{52}(?![/\\\w])/g;

/** Shows a message for a few seconds, or until it no longer applies. Replaces an equal message. Ids in it are shortened. */
export function toast(message: string, action: Toast['action'] = null, applies: Toast['applies'] = () => true): void {
  const text = message.replace(IDS, '$1');
  let id = 0;
  setApp(({ toasts, toastCount }) => {
    id = toastCount;
    const others = toasts.filter((each) => each.text !== text);
    return { toastCount: id + 1, toasts: [...others.slice(1 - MOST_TOASTS), { id, text, action, applies }] };
  });
  setTimeout(() => dismissToast(id), SHOWN_MS);
}

export function dismissToast(id: number): void {
  setApp((state) => ({ toasts: state.toasts.filter((each) => each.id !== id) }));
}

/** Dismisses messages as soon as they no longer apply. */
export function watchToasts(): void {
  appStore.subscribe((state: AppState) => {
    if (state.toasts.some(({ applies }) => !applies(state))) setApp({ toasts: state.toasts.filter(({ applies }) => applies(state)) });
  });
}
