import { escapePath, rowPath } from '#model';
import { getApp, setApp } from '../app-state.ts';
import { choosePath } from '../choosing.ts';
import type { MenuTarget } from './open-menu.ts';

/** Makes a right click or the menu key open the window's own menus for rows, layers and images. */
export function watchContextMenu(): void {
  window.addEventListener('contextmenu', (event) => {
    const target = event.target instanceof Element ? targetOf(event.target) : null;
    if (target === null) return;
    event.preventDefault();
    setApp({ contextMenu: { target, x: event.clientX, y: event.clientY } });
  });
}

/** Opens the menu of what can be saved, next to the focused element. */
export function openSaveMenu(): void {
  const { activeElement, body } = document;
  const box = activeElement === null || activeElement === body ? null : activeElement.getBoundingClientRect();
  const x = box === null ? window.innerWidth / 2 : Math.max(0, box.left) + 24;
  const y = box === null ? window.innerHeight / 4 : Math.min(box.bottom, window.innerHeight / 2);
  setApp({ contextMenu: { target: { kind: 'save' }, x, y } });
}

export function closeContextMenu(): void {
  setApp({ contextMenu: null });
}

function targetOf(element: Element): MenuTarget | null {
  const { selection, changes } = getApp();
  const inCatalog = catalogTarget(element.closest<HTMLElement>('[data-pane="catalog"] [data-row]')?.dataset ?? {});
  if (inCatalog !== null) return inCatalog;
  const row = element.closest<HTMLElement>('[data-row]')?.dataset.row;
  if (row !== undefined && changes.table !== null) {
    choosePath(escapePath(rowPath(changes.table, Number(row))));
    return { kind: 'path' };
  }
  if (element.closest('[data-pane="changes"] [role="application"]') !== null && selection.path !== null) return { kind: 'path' };
  const layer = element.closest<HTMLElement>('[data-layer]')?.dataset.layer;
  if (layer !== undefined) return { kind: 'layer', layer: Number(layer) };
  const { archive, image } = element.closest<HTMLElement>('[data-image]')?.dataset ?? {};
  return archive === undefined || image === undefined ? null : { kind: 'image', archiveId: archive, image: Number(image) };
}

/** Returns the target of the menu for a row of a catalog. */
function catalogTarget({ catalogImage, catalogPlace, catalogName, catalogLayer, catalogHit }: DOMStringMap): MenuTarget | null {
  if (catalogImage !== undefined) {
    return { kind: 'catalogImage', image: Number(catalogImage), place: catalogPlace === undefined ? null : Number(catalogPlace) };
  }
  if (catalogName !== undefined) return { kind: 'catalogName', image: Number(catalogName) };
  if (catalogLayer !== undefined) return { kind: 'catalogLayer', layer: Number(catalogLayer) };
  return catalogHit === undefined ? null : { kind: 'catalogHit', hit: Number(catalogHit) };
}
