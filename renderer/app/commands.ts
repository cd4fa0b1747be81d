import { copyText } from '../components/copy-button.tsx';
import { chooseMode, moveLayer, openDetails, swapSides, toggleTreemap } from './choosing.ts';
import type { Command } from './command.ts';
import { toast } from './messages.ts';
import { choose } from './opening.ts';
import type { Overlay } from './overlay-state.ts';
import { changesDo, getApp, setApp } from './store.ts';
import { setLayout } from './theme.ts';

const focusFilter = () => document.querySelector<HTMLInputElement>('[data-filter]')?.select();

/** In the order in which F6 goes through them. */
const PANES = ['library', 'chain', 'changes', 'details', 'findings', 'waste'] as const;

export const COMMANDS: readonly Command[] = [
  { id: 'open', title: 'Open…', group: 'Window', key: 'o', mod: true, run: () => void choose('files') },
  { id: 'palette', title: 'Find a command', group: 'Window', key: 'k', mod: true, run: () => setOverlay('palette') },
  { id: 'path', title: 'Go to path…', group: 'Window', key: 'g', image: true, run: () => setOverlay('path') },
  { id: 'back', title: 'Back', group: 'Window', key: 'ArrowLeft', alt: true, run: () => window.history.back() },
  { id: 'forward', title: 'Forward', group: 'Window', key: 'ArrowRight', alt: true, run: () => window.history.forward() },
  { id: 'next-pane', title: 'Next pane', group: 'Window', key: 'F6', run: () => focusPane(1) },
  { id: 'previous-pane', title: 'Previous pane', group: 'Window', key: 'F6', shift: true, run: () => focusPane(-1) },
  { id: 'help', title: 'Keys', group: 'Window', key: '?', run: () => setOverlay('help') },
  { id: 'older', title: 'Older layer', group: 'Layers', key: '[', image: true, run: () => moveLayer(-1, false) },
  { id: 'newer', title: 'Newer layer', group: 'Layers', key: ']', image: true, run: () => moveLayer(1, false) },
  { id: 'widen-older', title: 'Widen the range downwards', group: 'Layers', key: '{', image: true, run: () => moveLayer(-1, true) },
  { id: 'widen-newer', title: 'Widen the range upwards', group: 'Layers', key: '}', image: true, run: () => moveLayer(1, true) },
  { id: 'layer', title: 'What the layer changed', group: 'Layers', key: '1', image: true, run: () => chooseMode('layer') },
  { id: 'stacked', title: 'File system at the layer', group: 'Layers', key: '2', image: true, run: () => chooseMode('stacked') },
  { id: 'compare', title: 'Compare with another layer or image', group: 'Layers', key: '3', image: true, run: () => chooseMode('compare') },
  { id: 'swap', title: 'Swap the sides', group: 'Layers', key: 'x', image: true, run: swapSides },
  { id: 'filter', title: 'Filter', group: 'Rows', key: '/', image: true, run: focusFilter },
  { id: 'find', title: 'Filter', group: 'Rows', key: 'f', mod: true, again: true, image: true, run: focusFilter },
  { id: 'treemap', title: 'Tree or treemap', group: 'Rows', key: 't', image: true, run: toggleTreemap },
  { id: 'open-all', title: 'Open every folder', group: 'Rows', key: '+', image: true, run: () => changesDo({ type: 'allOpened' }) },
  { id: 'close-all', title: 'Close every folder', group: 'Rows', key: '-', image: true, run: () => changesDo({ type: 'allFolded' }) },
  { id: 'copy-path', title: 'Copy path', group: 'Rows', key: 'c', image: true, run: () => void copyPath() },
  { id: 'details', title: 'Details', group: 'Panels', key: 'd', mod: true, image: true, run: openDetails },
  { id: 'waste', title: 'Waste', group: 'Panels', key: 'w', image: true, run: toggleWaste },
  { id: 'findings', title: 'Problems', group: 'Panels', key: 'p', image: true, run: toggleFindings },
  { id: 'library', title: 'Show or hide the library', group: 'Panels', key: 'b', mod: true, run: toggleLibrary },
];

/** Closes the sheet that is open, too: there is one at a time. */
export function setOverlay(overlay: Overlay): void {
  setApp({ overlay });
}

function toggleWaste(): void {
  setLayout({ wasteOpen: !getApp().layout.wasteOpen, findingsOpen: false });
}

function toggleFindings(): void {
  setLayout({ findingsOpen: !getApp().layout.findingsOpen, wasteOpen: false });
}

function toggleLibrary(): void {
  const { libraryOpen, drawer } = getApp().layout;
  setLayout({ libraryOpen: !libraryOpen, drawer: drawer === 'library' ? 'none' : 'library' });
}

/** Keys that a list leaves to the window. */
export function isShortcut(key: string): boolean {
  return COMMANDS.some((command) => command.key === key && command.mod !== true && command.alt !== true);
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
