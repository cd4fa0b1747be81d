import { COMMAND_FACTS, COPY_DIAGNOSTICS, type CommandFacts, type CommandId } from '#contract';
import { displayText, isWindowsPlatform } from '#model';
import { words } from '../words/index.ts';
import { type AppState, dispatchChanges, dispatchDetails, getApp, setLayout } from './app-state.ts';
import { comparePicked } from './catalog/catalog-actions.ts';
import { chooseMode, leave, moveLayer, openDetails, swapSides, toggleView } from './choosing.ts';
import { copyText } from './clipboard.ts';
import { copiedPath, imageOf } from './details/shown-path.ts';
import { copyDiagnostics } from './diagnostics.ts';
import { openSaveMenu } from './menus/context-menu.ts';
import { toast } from './messages.ts';
import { showOpenName } from './open-name/open-name-actions.ts';
import { choose } from './opening.ts';
import { focusPane } from './panes.ts';
import { setOverlay } from './set-overlay.ts';

export { setOverlay };

const focusFilter = () => document.querySelector<HTMLInputElement>('[data-filter]')?.select();

/** Presses the button that goes to the next or previous difference, in the preview if it is open, or else in the details. */
function stepDifference(step: 1 | -1): void {
  const shown = [...document.querySelectorAll('[data-differences]')].at(-1);
  shown?.querySelectorAll('button')[step < 0 ? 0 : 1]?.click();
}

const RUNS: Readonly<Record<CommandId, () => void>> = {
  open: () => void choose('files'),
  'open-name': () => showOpenName(),
  export: openSaveMenu,
  palette: () => setOverlay('palette'),
  path: () => setOverlay('path'),
  back: () => window.history.back(),
  forward: () => window.history.forward(),
  settings: () => setOverlay('settings'),
  'next-pane': () => focusPane(1),
  'previous-pane': () => focusPane(-1),
  help: () => setOverlay('help'),
  older: () => moveLayer(-1, false),
  newer: () => moveLayer(1, false),
  'widen-older': () => moveLayer(-1, true),
  'widen-newer': () => moveLayer(1, true),
  image: () => chooseMode('image'),
  layer: () => chooseMode('layer'),
  stacked: () => chooseMode('stacked'),
  compare: () => (getApp().catalog.picked.length === 2 ? comparePicked() : chooseMode('compare')),
  swap: swapSides,
  filter: focusFilter,
  find: focusFilter,
  preview: showPreview,
  'next-difference': () => stepDifference(1),
  'previous-difference': () => stepDifference(-1),
  treemap: () => toggleView('treemap'),
  breakdown: () => toggleView('breakdown'),
  packages: () => toggleView('packages'),
  registry: () => toggleView('registry'),
  'open-all': () => dispatchChanges({ type: 'allOpened' }),
  'close-all': () => dispatchChanges({ type: 'allFolded' }),
  deselect: leave,
  'copy-path': () => void copyPath(),
  details: openDetails,
  waste: toggleWaste,
  findings: toggleFindings,
  library: toggleLibrary,
};

export interface Command extends CommandFacts {
  readonly id: CommandId;
  readonly run: () => void;
}

export const COMMANDS: readonly Command[] = COMMAND_FACTS.map((facts) => ({ ...facts, run: RUNS[facts.id] }));

/** Returns the commands that apply here. Without sources, a host can't open images by name; only Windows images have a registry. */
export function commandsHere({ info, archives, selection }: Pick<AppState, 'info' | 'archives' | 'selection'>): readonly Command[] {
  const platform = imageOf({ archives, selection })?.platform ?? null;
  return COMMANDS.filter(
    ({ id }) =>
      (id !== 'open-name' || info?.opensNames === true) && (id !== 'registry' || platform === null || isWindowsPlatform(platform)),
  );
}

/** Whether a command needs an image and none is selected. A catalog is enough for filtering, and two picked images for comparing. */
export function lacksImage({ id, image }: Command): boolean {
  const { selection, catalog } = getApp();
  if (image !== true || selection.archiveId !== null) return false;
  if (id === 'compare') return catalog.picked.length < 2;
  const { view } = selection.catalog ?? {};
  return !((id === 'filter' || id === 'find') && (view === 'images' || view === 'tags'));
}

/**
 * Runs a command from the desktop's menu. Like its key, it does nothing while a sheet is open, or if it needs an image and none is
 * selected.
 */
export function runCommand(id: unknown): void {
  if (id === COPY_DIAGNOSTICS) void copyDiagnostics();
  const command = COMMANDS.find((known) => known.id === id);
  if (command === undefined || getApp().overlay !== 'none' || lacksImage(command)) return;
  command.run();
}

/** Shows the content of the selected file in a sheet. */
export function showPreview(): void {
  if (getApp().selection.path === null) return;
  dispatchDetails({ type: 'tabChosen', tab: 'content' });
  setOverlay('preview');
}

/** Height of a window, px, below which a waste panel under the changes would show no more than two lines. */
const SHORT = 560;

export function toggleWaste(): void {
  const wasteOpen = !getApp().layout.wasteOpen;
  setLayout({ wasteOpen, findingsOpen: false, ...(wasteOpen && window.innerHeight < SHORT ? { wasteTall: true } : {}) });
}

export function toggleFindings(): void {
  setLayout({ findingsOpen: !getApp().layout.findingsOpen, wasteOpen: false });
}

function toggleLibrary(): void {
  const { libraryOpen, drawer } = getApp().layout;
  setLayout({ libraryOpen: !libraryOpen, drawer: drawer === 'library' ? 'none' : 'library' });
}

/** Whether a key without modifiers runs a command, so that lists leave it to the window. */
export function isShortcut(key: string): boolean {
  return COMMANDS.some((command) => command.key === key && !command.mod && !command.alt);
}

async function copyPath(): Promise<void> {
  const { path } = getApp().selection;
  if (path !== null && (await copyText(displayText(copiedPath(path, imageOf()))))) toast(words.pathCopied);
}
