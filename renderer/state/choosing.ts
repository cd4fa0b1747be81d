import type { ImageSummary } from '#contract';
import { formatAddress } from './address.ts';
import { dispatchChanges, getApp, setApp, setLayout } from './app-state.ts';
import { NO_FILTER } from './changes/changes.ts';
import { isLater, obviousSide } from './compare.ts';
import { loadingJob } from './jobs.ts';
import { loadImage } from './opening.ts';
import {
  clampSelection,
  extendTo,
  firstLayer,
  type Selection,
  type Side,
  type Spot,
  selectedImage,
  stepLayer,
  type View,
  viewsOf,
  viewsOfSelection,
  wholeOf,
} from './selection.ts';
import { setOverlay } from './set-overlay.ts';

/** Changes the selection and the address. Every selection goes through here. With `replace`, Back skips the previous selection. */
export function select(wanted: Selection, { replace = false }: { replace?: boolean } = {}): void {
  // A filesystem is always shown at a single layer.
  const selection = wanted.mode === 'stacked' && wanted.from !== wanted.to ? { ...wanted, from: wanted.to } : wanted;
  if (selection === getApp().selection) return;
  setApp({ selection });
  const address = formatAddress(selection);
  if (address === window.location.hash) return;
  if (replace) window.history.replaceState(null, '', address);
  else window.history.pushState(null, '', address);
}

/** Shows an image: all of it, or what is at a place in it. */
export function showImage(archiveId: string, image: number, at: Spot | null = null): void {
  const { archives, selection, layout } = getApp();
  if (at === null && selection.archiveId === archiveId && selection.image === image) return;
  const found = selectedImage(archives ?? [], { ...selection, archiveId, image });
  const layers = found?.image.layers.length ?? 0;
  const whole = found === null ? ({ from: 0, to: 0, mode: 'image' } as const) : wholeOf(found.image);
  setApp({ anchor: at?.layer ?? whole.to });
  const first = selection.archiveId === null;
  const view = first && layout.view === 'treemap' ? { view: layout.view } : viewFor(found?.image ?? null, selection);
  // A user who is viewing filesystems stays in that mode.
  const shown = selection.mode === 'stacked' ? { from: whole.to, to: whole.to, mode: selection.mode } : whole;
  if (at === null || at.layer >= layers) select({ archiveId, image, ...shown, path: null, ...view });
  else {
    const { layer, path } = at;
    select({ archiveId, image, from: layer, to: layer, mode: 'layer', path, ...viewAt(at, found?.image ?? null) });
  }
  if (found !== null && !found.image.loaded && loadingJob(getApp().jobs, archiveId, image) === null) void loadImage(archiveId, image);
}

/** Returns the view that a place asks for, such as Packages, if its image has that view; otherwise nothing, so that a path is shown in the tree. */
function viewAt({ view }: Spot, image: ImageSummary | null): Pick<Selection, 'view'> {
  return view !== undefined && image !== null && viewsOf(image, null).includes(view) ? { view } : {};
}

function layerCount(): number {
  const { archives, selection } = getApp();
  return selectedImage(archives ?? [], selection)?.image.layers.length ?? 0;
}

/** Selects a layer, or a range up to it. No path stays selected, so that the details show the layer. */
export function chooseLayer(layer: number, extend: boolean): void {
  const { selection, anchor } = getApp();
  if (extend && selection.mode !== 'compare' && selection.mode !== 'image') {
    select({ ...extendTo(selection, anchor, layer), path: null });
  } else goTo(layer, null);
}

/** Closes the panel that contains the focus, or whose button has it; else the drawer if one is open; else deselects the path. */
export function leave(): void {
  const { layout, selection } = getApp();
  const isDrawer = document.querySelector('[data-drawer]') !== null;
  if (layout.wasteOpen && isFocused('waste')) {
    setLayout({ wasteOpen: false });
    focusOpener('waste');
  } else if (layout.findingsOpen && isFocused('findings')) {
    setLayout({ findingsOpen: false });
    focusOpener('findings');
  } else if (isDrawer && layout.drawer !== 'none') setLayout({ drawer: 'none' });
  else if (selection.path !== null) select({ ...selection, path: null });
}

type Panel = 'waste' | 'findings';

function isFocused(panel: Panel): boolean {
  return Boolean(document.activeElement?.closest(`[data-pane="${panel}"], [data-opens="${panel}"]`));
}

function focusOpener(panel: Panel): void {
  document.querySelector<HTMLElement>(`[data-opens="${panel}"]`)?.focus();
}

/** Returns the selection with a single layer. From the whole image, switches to what that layer changed. */
function withLayer(selection: Selection, layer: number): Selection {
  return { ...selection, from: layer, to: layer, mode: selection.mode === 'image' ? 'layer' : selection.mode };
}

/** Selects the whole image, with the same path. */
export function chooseWhole(path: string | null = getApp().selection.path): void {
  const { against: _, since: _since, ...rest } = getApp().selection;
  if (rest.archiveId !== null) select({ ...rest, from: 0, to: Math.max(0, layerCount() - 1), mode: 'image', path });
}

export function moveLayer(step: -1 | 1, widen: boolean): void {
  const { selection } = getApp();
  const next = clampSelection(stepLayer(selection, step, layerCount(), widen && selection.mode !== 'compare'), layerCount());
  if (next.from === selection.from && next.to === selection.to && next.mode === selection.mode) return;
  if (!widen) setApp({ anchor: next.to });
  select(next, { replace: true });
}

export function chooseMode(mode: Selection['mode']): void {
  const { selection, archives } = getApp();
  if (selection.mode === mode) return;
  if (mode === 'image') {
    chooseWhole();
    return;
  }
  if (mode !== 'compare') {
    const { against: _, since: _since, ...rest } = selection;
    const found = selectedImage(archives ?? [], selection);
    // The whole image isn't a layer. Switching to layers shows the biggest one; switching to the filesystem shows it at the top layer.
    const layer = selection.mode !== 'image' || found === null ? null : mode === 'layer' ? firstLayer(found.image) : selection.to;
    if (layer !== null) setApp({ anchor: layer });
    select({ ...rest, ...(layer === null ? {} : { from: layer, to: layer }), mode });
    return;
  }
  const side = obviousSide(archives ?? [], selection);
  if (side === 'ask') setOverlay('compare');
  else compareWithSide(side);
}

/**
 * Compares the selection with what the user chose: the whole image with another image, or the selected layer with another layer of its
 * image. The choice becomes side A, unless it is later than the selection.
 */
export function compareWithSide(side: Side): void {
  const { archives, selection } = getApp();
  const { archiveId, image, to } = selection;
  const isOwn = side.archiveId === archiveId && side.image === image;
  const own = archiveId === null ? null : { archiveId, image, layer: isOwn ? to : Math.max(0, layerCount() - 1) };
  compareWith(side, isOwn ? to : 'top');
  if (own !== null && isLater(archives ?? [], side, own)) swapSides({ replace: true });
}

/** Compares the selection with a filesystem, which becomes side A. `at` is side B's layer. */
export function compareWith(side: Side, at: number | 'top' = getApp().selection.to): void {
  const { selection, archives } = getApp();
  const other = selectedImage(archives ?? [], { ...selection, ...side });
  if (other === null) return;
  const to = at === 'top' ? Math.max(0, layerCount() - 1) : at;
  select({ ...selection, from: to, to, mode: 'compare', against: side });
  if (!other.image.loaded && loadingJob(getApp().jobs, side.archiveId, side.image) === null) void loadImage(side.archiveId, side.image);
}

/** Compares a whole image, which becomes side B, with side A. */
export function showAgainst(side: Side, archiveId: string, image: ImageSummary): void {
  const to = Math.max(0, image.layers.length - 1);
  setApp({ anchor: to });
  select({ archiveId, image: image.index, from: to, to, mode: 'compare', path: null, ...viewOf(getApp().selection), against: side });
}

/** Compares the selection with another layer of its image, which becomes side A. */
export function compareWithLayer(layer: number): void {
  const { archiveId, image } = getApp().selection;
  if (archiveId !== null) compareWith({ archiveId, image, layer });
}

/** Compares a layer of the selected image with the one below it. */
export function compareLayerBelow(layer: number): void {
  const { selection } = getApp();
  const { archiveId, image } = selection;
  if (archiveId === null || layer === 0) return;
  setApp({ anchor: layer });
  const { since: _, ...rest } = selection;
  select({ ...rest, from: layer, to: layer, mode: 'compare', path: null, against: { archiveId, image, layer: layer - 1 } });
}

/** Swaps the sides. With `replace`, Back skips the comparison as it was before. */
export function swapSides({ replace = false }: { replace?: boolean } = {}): void {
  const { selection } = getApp();
  const { against, archiveId, image, to, since } = selection;
  if (against === undefined || archiveId === null) return;
  const { layer, ...ref } = against;
  setApp({ anchor: layer });
  const swapped = { ...selection, since: undefined, ...ref, from: layer, to: layer, against: { archiveId, image, layer: to, since } };
  select(swapped, { replace });
}

/** Shows a side of the comparison on its own: the whole image, or the filesystem at its layer. */
export function showSide({ archiveId, image, layer }: Side): void {
  const { archives, selection } = getApp();
  const found = selectedImage(archives ?? [], { ...selection, archiveId, image });
  if (found === null) return;
  const isWhole = layer >= found.image.layers.length - 1;
  setApp({ anchor: layer });
  const shown = isWhole ? wholeOf(found.image) : ({ from: layer, to: layer, mode: 'stacked' } as const);
  select({ archiveId, image, ...shown, path: null, ...viewFor(found.image, selection) });
}

/** Shows a path in the whole image that a side belongs to. */
export function showWholeOf({ archiveId, image }: Side, path: string): void {
  const { archives, selection } = getApp();
  const found = selectedImage(archives ?? [], { ...selection, archiveId, image });
  if (found === null) return;
  const to = Math.max(0, found.image.layers.length - 1);
  setApp({ anchor: to });
  select({ archiveId, image, from: 0, to, mode: 'image', path });
}

/** Leaves the comparison and shows the changes of a layer of one of its sides, with the same path selected. */
export function showLayerOfSide({ archiveId, image }: Side, layer: number): void {
  const { archives, selection } = getApp();
  const found = selectedImage(archives ?? [], { ...selection, archiveId, image });
  if (found === null) return;
  setApp({ anchor: layer });
  select({ archiveId, image, from: layer, to: layer, mode: 'layer', path: selection.path, ...viewFor(found.image, selection) });
}

/** Makes a filesystem side B. */
export function chooseSideB({ archiveId, image, layer, since }: Side): void {
  const { selection, archives, jobs } = getApp();
  setApp({ anchor: layer });
  select({ ...selection, archiveId, image, from: layer, to: layer, since });
  const found = selectedImage(archives ?? [], { ...selection, archiveId, image });
  if (found !== null && !found.image.loaded && loadingJob(jobs, archiveId, image) === null) void loadImage(archiveId, image);
}

/** Shows a treemap, a breakdown, packages or the registry, or the tree again. */
export function toggleView(view: NonNullable<Selection['view']>): void {
  chooseView(getApp().selection.view === view ? 'tree' : view);
}

/** Shows the selection as a tree, a treemap or a breakdown, or shows its packages or registry, if its image has them. */
export function chooseView(view: View): void {
  const { archives, selection } = getApp();
  const { view: _, ...rest } = selection;
  if (!viewsOfSelection(archives ?? [], selection).includes(view)) return;
  if (view === 'tree' || view === 'treemap') setLayout({ view });
  select(view === 'tree' ? rest : { ...rest, view }, { replace: true });
}

function viewOf({ view }: Selection): Pick<Selection, 'view'> {
  return view === undefined ? {} : { view };
}

/** Returns the selection's view if `image` has this view too. */
function viewFor(image: ImageSummary | null, selection: Selection): Pick<Selection, 'view'> {
  const { view = 'tree' } = selection;
  return image !== null && viewsOf(image, null).includes(view) ? viewOf(selection) : {};
}

/** Selects a path without a new history entry, because the arrow keys pass many paths. */
export function choosePath(path: string | null): void {
  const { selection } = getApp();
  if (selection.path !== path) select({ ...selection, path }, { replace: true });
}

/** Selects a layer and a path in it, as links do. */
export function goTo(layer: number, path: string | null): void {
  const { selection } = getApp();
  setApp({ anchor: layer });
  select({ ...withLayer(selection, layer), path });
}

/** Selects a layer of side A and a path in it. */
export function goToSideA(layer: number, path: string | null): void {
  const { selection } = getApp();
  const { against } = selection;
  if (against !== undefined) select({ ...selection, path, against: { ...against, layer, since: undefined } });
}

/** Shows a path in the tree of a layer's changes. */
export function showInTree(layer: number, path: string): void {
  const { view: _, ...rest } = getApp().selection;
  setApp({ anchor: layer });
  select({ ...withLayer(rest, layer), path });
}

/** Shows a path in the tree of what is selected. */
export function showPathInTree(path: string): void {
  const { view: _, ...rest } = getApp().selection;
  select({ ...rest, path });
}

/** Shows the files of one type, an index in FILE_TYPES, in the tree of what is selected. */
export function showFileType(fileType: number): void {
  const { view: _, ...rest } = getApp().selection;
  dispatchChanges({ type: 'filtered', filter: { ...NO_FILTER, fileType } });
  select(rest);
}

/** Shows another filesystem, with the same path selected. */
export function showInView({ archiveId, image, layer }: Side): void {
  const { against: _, since: _since, ...rest } = getApp().selection;
  setApp({ anchor: layer });
  select({ ...rest, archiveId, image, from: layer, to: layer, mode: 'stacked' });
}

export function openDetails(): void {
  setLayout({ drawer: 'details' });
}

/** Opens the details drawer for what was clicked, where the details have no pane of their own. */
export function showClicked(): void {
  if (document.querySelector('[data-pane="details"]') === null) openDetails();
}
