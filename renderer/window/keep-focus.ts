import { focusQuietly } from '../components/tree-grid.tsx';

/** Elements to focus in a pane whose focused element was removed: its replacement, then the selected element. */
const STOPS: Readonly<Record<string, string>> = {
  changes: '[role="row"][tabindex="0"], [role="application"], [data-notice], table :is(button, [tabindex="0"])',
  chain: '[data-layer][tabindex="0"]',
};

/**
 * Keeps the focus in its pane when the focused element is removed, as rows are when another layer is shown. The browser would move the
 * focus to the body, where the arrow keys do nothing.
 */
export function keepFocus(root: HTMLElement): void {
  let last: HTMLElement | null = null;
  let pane: string | undefined;
  root.addEventListener('focusin', ({ target }) => {
    last = target instanceof HTMLElement ? target : null;
    pane = last?.closest<HTMLElement>('[data-pane]')?.dataset.pane;
  });
  new MutationObserver(() => {
    if (last === null || pane === undefined || document.activeElement !== document.body || last.isConnected) return;
    const element = root.querySelector<HTMLElement>(`[data-pane="${pane}"]`);
    if (element === null || element.dataset.loading !== undefined) return;
    const { focus } = last.dataset;
    const same = focus === undefined ? null : element.querySelector<HTMLElement>(`[data-focus="${focus}"]`);
    const stop = STOPS[pane];
    const found = same ?? (stop === undefined ? element : element.querySelector<HTMLElement>(stop));
    if (found === null) return; // The pane is still loading.
    if (found.dataset.row === undefined) found.focus({ preventScroll: true });
    else focusQuietly(found);
  }).observe(root, { childList: true, subtree: true });
}

/**
 * Hides the frame around the row that has the focus until a key is pressed. The first row gets the focus by itself, and a frame would look
 * like a selection.
 */
export function frameFocusAfterKey(): void {
  const { dataset } = document.documentElement;
  dataset.beforeKeys = '';
  window.addEventListener('keydown', () => delete dataset.beforeKeys, { once: true, capture: true });
}

/** How long, in ms, to wait for rows that are still being read. */
const FOCUS_WITHIN = 3_000;

const SELECTED = '[data-pane="changes"] [role="row"][aria-selected="true"]';

/** Moves the focus to the selected row of the changes as soon as it appears, unless the user moves the focus before. */
export function focusSelectedRow(): void {
  focusRow(SELECTED, () => true);
}

/** If nothing has the focus, moves it to the selected row, or to the tab stop of the changes if there is none. */
export function focusRowIfNone(hasSelected: boolean): void {
  const hasNone = () => document.activeElement === document.body;
  if (hasNone()) focusRow(hasSelected ? SELECTED : '[data-pane="changes"] :is([data-row], [role="application"])[tabindex="0"]', hasNone);
}

function focusRow(selector: string, isWanted: () => boolean): void {
  const start = performance.now();
  const control = new AbortController();
  for (const act of ['keydown', 'pointerdown'])
    window.addEventListener(act, () => control.abort(), { signal: control.signal, capture: true });
  const look = (): void => {
    if (control.signal.aborted || !isWanted()) return;
    const row = document.querySelector<HTMLElement>(selector);
    if (row === null && performance.now() - start < FOCUS_WITHIN) {
      requestAnimationFrame(look);
      return;
    }
    control.abort();
    if (row !== null) focusQuietly(row);
  };
  requestAnimationFrame(look);
}
