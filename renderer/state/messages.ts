import { asLayerscopeError, ERROR_HINTS, type ErrorCode } from '#model';
import { setApp, type Toast } from './app-state.ts';
import type { PlainError } from './changes/changes.ts';

export function plainError(error: unknown): PlainError {
  const { code, message } = asLayerscopeError(error);
  return { code, message };
}

export function hintFor(error: PlainError): string {
  return ERROR_HINTS[error.code as ErrorCode] ?? '';
}

let toastId = 0;

/** A line that goes by itself after some seconds. */
export function toast(text: string, action: Toast['action'] = null): void {
  const id = ++toastId;
  setApp((state) => ({ toasts: [...state.toasts.slice(-2), { id, text, action }] }));
  setTimeout(() => dismissToast(id), 6_000);
}

export function dismissToast(id: number): void {
  setApp((state) => ({ toasts: state.toasts.filter((each) => each.id !== id) }));
}
