import { copyText } from '../components/copy-button.tsx';
import { chooseMode, moveLayer, openDetails, swapSides, toggleTreemap } from './choosing.ts';
import { toast } from './messages.ts';
import { choose } from './opening.ts';
import { changesDo, getApp } from './store.ts';
import { setLayout } from './theme.ts';

/** What the keyboard can do: one table feeds the shortcuts and the hints. */
export interface Command {
  readonly id: string;
  readonly title: string;
  /** As `KeyboardEvent.key` has it; `mod` is Ctrl, on macOS the command key. */
  readonly key: string;
  readonly mod?: boolean;
  readonly shift?: boolean;
  readonly run: () => void;
}

const focusFilter = () => document.querySelector<HTMLInputElement>('[data-filter]')?.select();

/** In the order in which F6 goes through them. */
const PANES = ['library', 'chain', 'changes', 'details', 'findings', 'waste'] as const;

export const COMMANDS: readonly Command[] = [
  { id: 'open', title: 'Open…', key: 'o', mod: true, run: () => void choose('files') },
  { id: 'filter', title: 'Filter', key: '/', run: focusFilter },
  { id: 'find', title: 'Filter', key: 'f', mod: true, run: focusFilter },
  { id: 'older', title: 'Older layer', key: '[', run: () => moveLayer(-1, false) },
  { id: 'newer', title: 'Newer layer', key: ']', run: () => moveLayer(1, false) },
  { id: 'widen-older', title: 'Widen the range downwards', key: '{', run: () => moveLayer(-1, true) },
  { id: 'widen-newer', title: 'Widen the range upwards', key: '}', run: () => moveLayer(1, true) },
  { id: 'layer', title: 'What the layer changed', key: '1', run: () => chooseMode('layer') },
  { id: 'stacked', title: 'File system at the layer', key: '2', run: () => chooseMode('stacked') },
  { id: 'compare', title: 'Compare with another layer or image', key: '3', run: () => chooseMode('compare') },
  { id: 'swap', title: 'Swap the sides', key: 'x', run: swapSides },
  { id: 'treemap', title: 'Tree or treemap', key: 't', run: toggleTreemap },
  { id: 'waste', title: 'Waste', key: 'w', run: () => setLayout({ wasteOpen: !getApp().layout.wasteOpen, findingsOpen: false }) },
  { id: 'open-all', title: 'Open every folder', key: '+', run: () => changesDo({ type: 'allOpened' }) },
  { id: 'close-all', title: 'Close every folder', key: '-', run: () => changesDo({ type: 'allFolded' }) },
  { id: 'copy-path', title: 'Copy path', key: 'c', run: () => void copyPath() },
  { id: 'next-pane', title: 'Next pane', key: 'F6', run: () => focusPane(1) },
  { id: 'previous-pane', title: 'Previous pane', key: 'F6', shift: true, run: () => focusPane(-1) },
  { id: 'details', title: 'Details', key: 'd', mod: true, run: openDetails },
];

/** Keys that a list leaves to the window. */
export function isShortcut(key: string): boolean {
  return COMMANDS.some((command) => command.key === key && command.mod !== true);
}

async function copyPath(): Promise<void> {
  const { path } = getApp().selection;
  if (path !== null && (await copyText(path))) toast('Path copied');
}

function focusPane(step: 1 | -1): void {
  const there = PANES.flatMap((name) => {
    const pane = document.querySelector<HTMLElement>(`[data-pane="${name}"]`);
    const stop = pane?.querySelector<HTMLElement>('[role="row"][tabindex="0"], button[tabindex="0"], [tabindex="0"], button, input');
    return pane === null || stop === null || stop === undefined || stop.offsetParent === null ? [] : [{ pane, stop }];
  });
  const at = there.findIndex(({ pane }) => pane.contains(document.activeElement));
  const next = there[(at + step + there.length) % there.length] ?? there[0];
  next?.stop.focus();
}
