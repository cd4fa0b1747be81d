import { setApp, type Toast } from './app-state.ts';

const SHOWN_MS = 6_000;
const MOST_TOASTS = 3;

/** Shows a message for a few seconds. */
export function toast(text: string, action: Toast['action'] = null): void {
  let id = 0;
  setApp(({ toasts, toastCount }) => {
    id = toastCount;
    return { toastCount: id + 1, toasts: [...toasts.slice(1 - MOST_TOASTS), { id, text, action }] };
  });
  setTimeout(() => dismissToast(id), SHOWN_MS);
}

export function dismissToast(id: number): void {
  setApp((state) => ({ toasts: state.toasts.filter((each) => each.id !== id) }));
}
