import { ContextMenu } from '../components/action-menu.tsx';
import { useApp } from '../features/use-app.ts';
import type { AppState } from '../state/app-state.ts';
import { imageTitle } from '../state/library.ts';
import { catalogMenu } from '../state/menus/catalog-menu.ts';
import { closeContextMenu } from '../state/menus/context-menu.ts';
import { imageActions } from '../state/menus/image-menu.ts';
import { layerActions } from '../state/menus/layer-menu.ts';
import type { MenuTarget } from '../state/menus/open-menu.ts';
import { rowActions } from '../state/menus/row-menu.ts';
import { saveActions } from '../state/menus/save-menu.ts';
import { selectedImage } from '../state/selection.ts';
import { words } from '../words/index.ts';

/** The context menu that is open. */
export function ContextMenus() {
  const app = useApp((state) => (state.contextMenu === null ? null : state));
  if (app?.contextMenu == null) return null;
  const { target, x, y } = app.contextMenu;
  const content = contentOf(app, target);
  if (content === null) return null;
  return <ContextMenu label={content.label} sections={content.sections} at={{ x, y }} onClose={closeContextMenu} />;
}

function contentOf(app: AppState, target: MenuTarget) {
  if (target.kind === 'path') return { label: words.menus.actionsOf(app.selection.path ?? ''), sections: rowActions(app) };
  if (target.kind === 'save') return { label: words.menus.save, sections: saveActions(app) };
  if (target.kind !== 'image' && target.kind !== 'layer') {
    const menu = catalogMenu(app, target);
    return menu === null ? null : { label: words.menus.actionsOf(menu.title), sections: menu.sections };
  }
  const ref = target.kind === 'image' ? { ...app.selection, archiveId: target.archiveId, image: target.image } : app.selection;
  const found = selectedImage(app.archives ?? [], ref);
  if (found === null) return null;
  const { archive, image } = found;
  if (target.kind === 'image')
    return { label: words.menus.actionsOf(imageTitle(archive, image)), sections: imageActions(app, archive, image) };
  return { label: words.menus.actionsOf(words.layer(target.layer)), sections: layerActions(archive.archiveId, image, target.layer) };
}
