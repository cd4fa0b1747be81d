import { COMMAND_FACTS, type CommandFacts, type CommandId } from '#contract';
import { copyText } from '../components/clipboard.ts';
import { dispatchChanges, dispatchDetails, getApp, setApp, setLayout } from './app-state.ts';
import { chooseMode, moveLayer, openDetails, swapSides, toggleTreemap } from './choosing.ts';
import { exportShown } from './exporting.ts';
import { toast } from './messages.ts';
import { choose } from './opening.ts';
import type { Overlay } from './overlay.ts';
import { focusPane } from './panes.ts';
import { WORDS } from './words.ts';

const focusFilter = () => document.querySelector<HTMLInputElement>('[data-filter]')?.select();

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
  'open-all': () => dispatchChanges({ type: 'allOpened' }),
  'close-all': () => dispatchChanges({ type: 'allFolded' }),
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

/** Runs a command of the desktop's menu. Like its key it does nothing while a sheet is open, or where it needs an image and there is none. */
export function runCommand(id: unknown): void {
  const command = COMMANDS.find((known) => known.id === id);
  const { overlay, selection } = getApp();
  if (command === undefined || overlay !== 'none' || (command.image && selection.archiveId === null)) return;
  command.run();
}

/** Opens a sheet in the place of the one that is open, or closes it and gives the focus back. */
export function setOverlay(overlay: Overlay): void {
  setApp((app) => ({ overlay, focusedBefore: app.overlay === 'none' ? document.activeElement : app.focusedBefore }));
  if (overlay === 'none') giveFocusBack(getApp().focusedBefore, 10);
}

/**
 * The sheet restores the focus by itself, but only in a window that has the system's focus, and it leaves a moment after it is closed. So
 * this looks a few times, until something has the focus.
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

/** Shows the content of the selected file in a sheet. */
export function showPreview(): void {
  if (getApp().selection.path === null) return;
  dispatchDetails({ type: 'tabChosen', tab: 'content' });
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

/** Whether a key without modifiers is a command's, so that lists leave it to the window. */
export function isShortcut(key: string): boolean {
  return COMMANDS.some((command) => command.key === key && !command.mod && !command.alt);
}

async function copyPath(): Promise<void> {
  const { path } = getApp().selection;
  if (path !== null && (await copyText(path))) toast(WORDS.pathCopied);
}
