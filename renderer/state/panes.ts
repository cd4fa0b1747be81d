import { focusQuietly } from '../components/tree-grid.tsx';

/** Panes in the order in which F6 visits them. */
const PANES = ['library', 'chain', 'changes', 'details', 'findings', 'waste'] as const;

/**
 * Selectors for the element that gets the focus in a pane: the selected element, or else the first control other than the resizable edge.
 */
const STOPS = [
  '[role="row"][tabindex="0"]',
  '[data-layer][tabindex="0"]',
  '[role="application"]',
  '[aria-current="true"]',
  '[role="tab"][tabindex="0"]',
  'button, input, [tabindex="0"]:not([role="separator"])',
] as const;

function stopOf(pane: HTMLElement): HTMLElement | null {
  for (const selector of STOPS) {
    for (const stop of pane.querySelectorAll<HTMLElement>(selector)) if (stop.offsetParent !== null) return stop;
  }
  return null;
}

/** How long, in ms, the focus waits for rows that are still being read. */
const FOCUS_WITHIN = 3_000;

/** Moves the focus to the selected row of the changes as soon as it is there, unless the user moves it before. */
export function focusSelectedRow(): void {
  const start = performance.now();
  const control = new AbortController();
  for (const act of ['keydown', 'pointerdown'])
    window.addEventListener(act, () => control.abort(), { signal: control.signal, capture: true });
  const look = (): void => {
    if (control.signal.aborted) return;
    const row = document.querySelector<HTMLElement>('[data-pane="changes"] [role="row"][aria-selected="true"]');
    if (row === null && performance.now() - start < FOCUS_WITHIN) {
      requestAnimationFrame(look);
      return;
    }
    control.abort();
    if (row !== null) focusQuietly(row);
  };
  requestAnimationFrame(look);
}

/** Moves the focus to the next pane (1) or the previous one (-1). */
export function focusPane(step: 1 | -1): void {
  const there = PANES.flatMap((name) => {
    const pane = document.querySelector<HTMLElement>(`[data-pane="${name}"]`);
    const stop = pane === null ? null : stopOf(pane);
    return pane === null || stop === null ? [] : [{ pane, stop }];
  });
  const at = there.findIndex(({ pane }) => pane.contains(document.activeElement));
  const next = there[(at + step + there.length) % there.length] ?? there[0];
  next?.stop.focus();
}
