import { getApp, setApp } from './app-state.ts';
import type { Overlay } from './overlay.ts';

/** Opens a sheet in place of the open one, or closes the open one and restores the focus. */
export function setOverlay(overlay: Overlay): void {
  const { activeElement, body } = document;
  // While the focus is being restored, no element has it. A sheet that opens then will restore it to the same element.
  const focused = activeElement === body ? (getApp().focusedBefore ?? body) : activeElement;
  setApp((app) => ({ overlay, focusedBefore: app.overlay === 'none' ? focused : app.focusedBefore }));
  if (overlay === 'none') giveFocusBack(getApp().focusedBefore, 10);
}

/**
 * Restores the focus. The sheet does this itself, but only in a window that has the system's focus, and a sheet disappears a moment after
 * being closed. So this tries a few times, until some element has the focus.
 */
function giveFocusBack(before: Element | null, times: number): void {
  if (times === 0) {
    setApp({ focusedBefore: null });
    return;
  }
  setTimeout(() => {
    if (getApp().overlay !== 'none') return;
    const { activeElement, body } = document;
    if (activeElement !== null && activeElement !== body && activeElement.closest('[role="dialog"]') === null) {
      setApp({ focusedBefore: null });
      return;
    }
    const there = before instanceof HTMLElement && before.isConnected && before !== body;
    const target = there ? before : document.querySelector<HTMLElement>('[role="row"][tabindex="0"]');
    if (activeElement === body) target?.focus();
    giveFocusBack(before, times - 1);
  }, 50);
}
