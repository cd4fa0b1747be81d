import { COMMAND_FACTS, type CommandFacts, type CommandId } from '#contract';
import { copyText } from '../components/copy-button.tsx';
import { changesDo, detailsDo, getApp, setApp } from './app-state.ts';
import { chooseMode, moveLayer, openDetails, swapSides, toggleTreemap } from './choosing.ts';
import { exportShown } from './exporting.ts';
import { toast } from './messages.ts';
import { choose } from './opening.ts';
import type { Overlay } from './overlay.ts';
import { setLayout } from './theme.ts';

const focusFilter = () => document.querySelector<HTMLInputElement>('[data-filter]')?.select();

/** In the order in which F6 goes through them. */
const PANES = ['library', 'chain', 'changes', 'details', 'findings', 'waste'] as const;

const RUNS: Readonly<Record<CommandId, () => void>> = {
  open: () => void choose('files'),
  export: exportShown,
  palette: () => setOverlay('palette'),
  path: () => setOverlay('path'),
  back: () => window.history.back(),
  forward: () => window.history.forward(),
  'next-pane': () => focusPane(1),
  'previous-pane': () => focusPane(-1),
  help: () => setOverlay('help'),
  older: () => moveLayer(-1, false),
  newer: () => moveLayer(1, false),
  'widen-older': () => moveLayer(-1, true),
  'widen-newer': () => moveLayer(1, true),
  layer: () => chooseMode('layer'),
  stacked: () => chooseMode('stacked'),
  compare: () => chooseMode('compare'),
  swap: swapSides,
  filter: focusFilter,
  find: focusFilter,
  preview: showPreview,
  treemap: toggleTreemap,
  'open-all': () => changesDo({ type: 'allOpened' }),
  'close-all': () => changesDo({ type: 'allFolded' }),
  'copy-path': () => void copyPath(),
  details: openDetails,
  waste: toggleWaste,
  findings: toggleFindings,
  library: toggleLibrary,
};

export interface Command extends CommandFacts {
  readonly run: () => void;
}

export const COMMANDS: readonly Command[] = COMMAND_FACTS.map((facts) => ({ ...facts, run: RUNS[facts.id] }));

/** Runs what the desktop's menu chose, as its key would: not while a sheet is open, nor of an image that isn't there. */
export function runCommand(id: unknown): void {
  const command = COMMANDS.find((known) => known.id === id);
  const { overlay, selection } = getApp();
  if (command === undefined || overlay !== 'none' || (command.image && selection.archiveId === null)) return;
  command.run();
}

/** Where the focus was before a sheet took it. */
let focusedBefore: Element | null = null;

/** Closes the sheet that is open, too: there is one at a time. */
export function setOverlay(overlay: Overlay): void {
  if (getApp().overlay === 'none') focusedBefore = document.activeElement;
  setApp({ overlay });
  if (overlay !== 'none') return;
  giveFocusBack(focusedBefore, 10);
}

/**
 * The sheet gives the focus back by itself, but not in a window that the system's focus isn't in. It goes after a moment: looked at some
 * times, until the focus is somewhere.
 */
function giveFocusBack(before: Element | null, times: number): void {
  if (times === 0) return;
  setTimeout(() => {
    if (getApp().overlay !== 'none') return;
    const { activeElement, body } = document;
    if (activeElement !== null && activeElement !== body && activeElement.closest('[role="dialog"]') === null) return;
    const there = before instanceof HTMLElement && before.isConnected && before !== body;
    const target = there ? before : document.querySelector<HTMLElement>('[role="row"][tabindex="0"]');
    if (activeElement === body) target?.focus();
    giveFocusBack(before, times - 1);
  }, 50);
}

/** The content of the file that is chosen, large. */
export function showPreview(): void {
  if (getApp().selection.path === null) return;
  detailsDo({ type: 'tabChosen', tab: 'content' });
  setOverlay('preview');
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
  return COMMANDS.some((command) => command.key === key && !command.mod && !command.alt);
}

async function copyPath(): Promise<void> {
  const { path } = getApp().selection;
  if (path !== null && (await copyText(path))) toast('Path copied');
}

/** Where a pane is entered: what is chosen in it, else its first control; not the line along its edge. */
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

function focusPane(step: 1 | -1): void {
  const there = PANES.flatMap((name) => {
    const pane = document.querySelector<HTMLElement>(`[data-pane="${name}"]`);
    const stop = pane === null ? null : stopOf(pane);
    return pane === null || stop === null ? [] : [{ pane, stop }];
  });
  const at = there.findIndex(({ pane }) => pane.contains(document.activeElement));
  const next = there[(at + step + there.length) % there.length] ?? there[0];
  next?.stop.focus();
}
