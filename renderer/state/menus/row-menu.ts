import type { EntryDetails } from '#contract';
import { jsonText } from '#model';
import type { ActionSection, MenuAction } from '../../components/action-menu.tsx';
import { words } from '../../words/index.ts';
import { type AppState, dispatchDetails } from '../app-state.ts';
import { goTo, goToSideA, openDetails } from '../choosing.ts';
import { showPreview } from '../commands.ts';
import { areDetailsOf, copiedPath, imageOf } from '../details/shown-path.ts';
import { onlySideA } from '../details/views.ts';
import { exportPath } from '../exporting.ts';
import { keysOfId } from '../key-names.ts';
import { copyAction } from './copy-action.ts';

/** Maximum number of layers listed. */
const MOST_TOUCHES = 12;

const isFile = (entry: EntryDetails['now']) => entry?.type === 'file' || entry?.type === 'hardlink';

/** Whether the entry exists at this layer and can be saved. */
export function isExportable({ now }: EntryDetails): boolean {
  return now !== null && ['file', 'hardlink', 'directory', 'symlink'].includes(now.type);
}

function openDiff(): void {
  dispatchDetails({ type: 'tabChosen', tab: 'content' });
  dispatchDetails({ type: 'shownAs', showAs: 'diff' });
  openDetails();
}

/** Returns the actions for the selected path. Most need the path's details and appear once those are loaded. */
export function rowActions(app: Pick<AppState, 'archives' | 'selection' | 'details'>): readonly ActionSection[] {
  const { selection, details: state } = app;
  const { path, mode } = selection;
  if (path === null) return [];
  const copied = copiedPath(path, imageOf(app));
  const details = state.details.state === 'ready' && areDetailsOf(state.details.value, path) ? state.details.value : null;
  const entry = details?.now ?? details?.before ?? null;
  const show: MenuAction[] = [];
  if (isFile(entry)) show.push({ id: 'preview', label: words.menus.preview, detail: keysOfId('preview'), run: showPreview });
  show.push({ id: 'details', label: words.menus.details, detail: keysOfId('details'), run: openDetails });
  if (details !== null && isFile(details.now) && isFile(details.before)) {
    const label = mode === 'compare' ? words.menus.compareSides : words.menus.compareBelow;
    show.push({ id: 'diff', label, run: openDiff });
  }
  const toLayer = details !== null && onlySideA(details, selection) !== null ? goToSideA : goTo;
  const history = (details?.history ?? []).slice(-MOST_TOUCHES).map(({ layer, kind }) => ({
    id: String(layer),
    label: words.menus.touched[kind](layer),
    run: () => toLayer(layer, path),
  }));
  return [
    { id: 'show', title: words.menus.show, quiet: true, actions: show },
    { id: 'history', title: words.menus.history, actions: history },
    {
      id: 'copy',
      title: words.menus.copy,
      quiet: true,
      actions: [
        ...copyAction('path', copied),
        ...copyAction('imagePath', copied === path ? null : path),
        ...copyAction('name', path.slice(path.lastIndexOf('/') + 1)),
        ...copyAction('size', isFile(entry) ? String(entry?.size) : null),
        ...copyAction('json', details === null ? null : jsonText(details, 2)),
      ],
    },
    {
      id: 'save',
      title: words.menus.save,
      quiet: true,
      actions: details !== null && isExportable(details) ? [{ id: 'save', label: words.menus.saveEntry, run: exportPath }] : [],
    },
  ];
}
