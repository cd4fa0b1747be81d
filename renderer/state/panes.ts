/** Panes in the order in which F6 visits them. */
const PANES = ['library', 'chain', 'changes', 'catalog', 'details', 'findings', 'waste'] as const;

/** A pane without a selected element of its own. It gets the focus itself, so that its name is announced and Tab goes through all of it. */
const WHOLE: ReadonlySet<string> = new Set(['details']);

/**
 * Selectors for the element that gets the focus in a pane: the selected element, or else the first control apart from the resizable edge.
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

/** Moves the focus to the next pane (1) or the previous one (-1). */
export function focusPane(step: 1 | -1): void {
  const there = PANES.flatMap((name) => {
    const pane = document.querySelector<HTMLElement>(`[data-pane="${name}"]`);
    const stop = pane === null || WHOLE.has(name) ? pane : stopOf(pane);
    return pane === null || stop === null ? [] : [{ pane, stop }];
  });
  const at = there.findIndex(({ pane }) => pane.contains(document.activeElement));
  const next = there[(at + step + there.length) % there.length] ?? there[0];
  next?.stop.focus();
}
