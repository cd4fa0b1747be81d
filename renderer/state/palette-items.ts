import { COPY_DIAGNOSTICS } from '#contract';
import { words } from '../words/index.ts';
import { type AppState, setLayout } from './app-state.ts';
import { showCatalog } from './catalog/catalog-actions.ts';
import { plainCommand } from './chain.ts';
import { goTo, showImage } from './choosing.ts';
import { commandsHere } from './commands.ts';
import { copyDiagnostics } from './diagnostics.ts';
import { keysOf } from './key-names.ts';
import type { LayoutState } from './layout.ts';
import { imageTitle } from './library.ts';
import { imageActions } from './menus/image-menu.ts';
import { clearRecentFiles, openAgain } from './opening.ts';
import { choiceDetail } from './same-names.ts';
import { selectedImage } from './selection.ts';

/** A line of the palette. */
export interface PaletteItem {
  readonly id: string;
  readonly label: string;
  readonly detail?: string | undefined;
  readonly keys?: readonly string[];
  readonly run: () => void;
}

interface RecentFile {
  readonly name: string;
  readonly folder: string;
}

const THEMES: readonly LayoutState['theme'][] = ['auto', 'light', 'dark'];

/** Id of the image action that is also a command. */
const COMPARE_WITH = 'with';

/** `FIRST`: ids of the lines that people open the palette for. `LAST`: ids of those that they use by key anyway. */
const FIRST = ['compare', 'image/show/compare', 'waste', 'image/check/scan', 'findings', 'open', 'open-name', 'export', 'path'];
const LAST = ['back', 'forward', 'next-pane', 'previous-pane', 'older', 'newer', 'widen-older', 'widen-newer', 'deselect'];

/** Moves imports and the lines in {@link FIRST} to the front, and those in {@link LAST} to the end. */
function byUse(items: readonly PaletteItem[]): readonly PaletteItem[] {
  const rank = ({ id }: PaletteItem) => {
    if (id.startsWith('image/check/import')) return -1;
    if (FIRST.includes(id)) return FIRST.indexOf(id);
    return FIRST.length + (LAST.includes(id) ? 1 : 0);
  };
  return [...items].sort((a, b) => rank(a) - rank(b));
}

/**
 * Returns what the palette offers before anything is typed: the most frequent actions, other commands and actions for the image, layers,
 * images and recent files, in this order.
 */
export function paletteItems(app: AppState, recent: readonly RecentFile[]): readonly PaletteItem[] {
  const found = selectedImage(app.archives ?? [], app.selection);
  const commands = commandsHere(app)
    .filter(({ id, again, image }) => !again && id !== 'palette' && (found !== null || !image))
    .map((command) => ({
      id: command.id,
      label: words.frame.commands[command.id],
      keys: keysOf(command),
      run: command.run,
    }));
  const themes = THEMES.map((theme) => ({
    id: `theme ${theme}`,
    label: words.frame.themes[theme],
    run: () => setLayout({ theme }),
  }));
  const actions =
    found === null
      ? []
      : imageActions(app, found.archive, found.image).flatMap((section) =>
          section.actions
            .filter(({ id, disabled }) => !disabled && id !== COMPARE_WITH)
            .map((action) => ({ ...action, id: `image/${section.id}/${action.id}` })),
        );
  const layers = [...(found?.image.layers ?? [])].reverse().map((layer) => ({
    id: `layer ${layer.index}`,
    label: `${words.layerTitle(layer.index)}: ${plainCommand(layer.createdBy) ?? words.commandUnknown}`,
    run: () => goTo(layer.index, null),
  }));
  const images = (app.archives ?? []).flatMap((archive) =>
    archive.images.map((image) => ({
      id: `show ${archive.archiveId} ${image.index}`,
      label: words.frame.showImage(imageTitle(archive, image)),
      detail: choiceDetail(app.archives ?? [], { archive, image }),
      run: () => showImage(archive.archiveId, image.index),
    })),
  );
  const catalogs = (app.catalogs ?? []).map(({ catalogId, title, folder }) => ({
    id: `catalog ${catalogId}`,
    label: words.frame.showImage(title),
    detail: folder,
    run: () => showCatalog(catalogId),
  }));
  const files = recent.map(({ name, folder }, index) => ({
    id: `recent ${index}`,
    label: words.frame.openFile(name),
    detail: folder,
    run: () => void openAgain(index, name),
  }));
  const clearRecent = { id: 'clear-recent', label: words.frame.clearRecent, run: () => void clearRecentFiles() };
  const diagnostics = { id: COPY_DIAGNOSTICS, label: words.frame.copyDiagnostics, run: () => void copyDiagnostics() };
  return [
    ...byUse([...commands, ...actions]),
    ...themes,
    diagnostics,
    ...layers,
    ...images,
    ...catalogs,
    ...files,
    ...(files.length > 0 ? [clearRecent] : []),
  ];
}
