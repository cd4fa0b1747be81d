import type { ActionSection, MenuAction } from '../../components/action-menu.tsx';
import { words } from '../../words/index.ts';
import type { AppState } from '../app-state.ts';
import { areDetailsOf } from '../details/shown-path.ts';
import { exportPath, startExport } from '../exporting.ts';
import { imageTitle } from '../library.ts';
import { selectedImage } from '../selection.ts';
import { imageImports, imageSaves } from './image-menu.ts';
import { layerSaves } from './layer-menu.ts';
import { isExportable } from './row-menu.ts';

/**
 * Returns everything that can be saved from the selection, with headings, smallest first: the path, the layer, the comparison and the
 * image. The image can also be imported to a store. No action changes the selection.
 */
export function saveActions(app: Pick<AppState, 'archives' | 'selection' | 'details' | 'jobs' | 'stores'>): readonly ActionSection[] {
  const { selection } = app;
  const found = selectedImage(app.archives ?? [], selection);
  if (found === null) return [];
  const { archive, image } = found;
  const { mode, from, to } = selection;
  const layer = mode === 'stacked' || (mode === 'layer' && from === to) ? image.layers[to] : undefined;
  return [
    { id: 'path', title: words.menus.savedPath, actions: pathSaves(app) },
    {
      id: 'layer',
      title: words.layerTitle(to),
      actions: layer === undefined ? [] : layerSaves(archive.archiveId, image, layer),
    },
    { id: 'comparison', title: words.menus.savedComparison, actions: comparisonSaves(selection) },
    {
      id: 'image',
      title: words.menus.savedImage(imageTitle(archive, image)),
      actions: [...imageSaves(archive, image), ...imageImports(app, archive, image)],
    },
  ];
}

/** Returns the actions that save the selected path, unless it is known not to be in the filesystem. */
function pathSaves({ selection: { path }, details: { details } }: Pick<AppState, 'selection' | 'details'>): readonly MenuAction[] {
  if (path === null) return [];
  const known = details.state === 'ready' && areDetailsOf(details.value, path) ? details.value : null;
  if (known !== null && !isExportable(known)) return [];
  const name = path.slice(path.lastIndexOf('/') + 1);
  const label = known?.now?.type === 'directory' ? words.menus.saveFolder(name) : words.menus.saveFile(name);
  return [{ id: 'path', label, run: exportPath }];
}

function comparisonSaves({ mode, against, archiveId, image, to }: AppState['selection']): readonly MenuAction[] {
  if (mode !== 'compare' || against === undefined || archiveId === null) return [];
  const b = { archiveId, image, layer: to };
  return [{ id: 'comparison', label: words.menus.saveComparison, run: () => void startExport({ what: 'comparison', a: against, b }) }];
}
