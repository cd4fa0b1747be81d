import type { ImageSummary } from '#contract';
import { formatAddress } from './address.ts';
import { getApp, setApp, setLayout } from './app-state.ts';
import { otherSide } from './compare.ts';
import { loadingJob } from './jobs.ts';
import { loadImage } from './opening.ts';
import { clampSelection, extendTo, firstLayer, type Selection, type Side, selectedImage, stepLayer } from './selection.ts';

/** Every selection is made here, so that the address follows. `replace`: Back skips the selection before. */
export function select(selection: Selection, { replace = false }: { replace?: boolean } = {}): void {
  if (selection === getApp().selection) return;
  setApp({ selection });
  const address = formatAddress(selection);
  if (address === window.location.hash) return;
  if (replace) window.history.replaceState(null, '', address);
  else window.history.pushState(null, '', address);
}

export function showImage(archiveId: string, image: number): void {
  const { archives, selection, layout } = getApp();
  if (selection.archiveId === archiveId && selection.image === image) return;
  const found = selectedImage(archives ?? [], { ...selection, archiveId, image });
  const layer = found === null ? 0 : firstLayer(found.image);
  setApp({ anchor: layer });
  const first = selection.archiveId === null;
  const mode = first ? layout.mode : selection.mode === 'compare' ? 'layer' : selection.mode;
  const view = first && layout.view === 'treemap' ? { view: layout.view } : viewOf(selection);
  select({ archiveId, image, from: layer, to: layer, mode, path: null, ...view });
  if (found !== null && !found.image.loaded && loadingJob(getApp().jobs, archiveId, image) === null) void loadImage(archiveId, image);
}

function layerCount(): number {
  const { archives, selection } = getApp();
  return selectedImage(archives ?? [], selection)?.image.layers.length ?? 0;
}

export function chooseLayer(layer: number, extend: boolean): void {
  const { selection, anchor } = getApp();
  if (extend && selection.mode !== 'compare') select(extendTo(selection, anchor, layer));
  else {
    setApp({ anchor: layer });
    select({ ...selection, from: layer, to: layer });
  }
}

export function moveLayer(step: -1 | 1, widen: boolean): void {
  const { selection } = getApp();
  const next = clampSelection(stepLayer(selection, step, layerCount(), widen && selection.mode !== 'compare'), layerCount());
  if (next.from === selection.from && next.to === selection.to) return;
  if (!widen) setApp({ anchor: next.to });
  select(next, { replace: true });
}

export function chooseMode(mode: Selection['mode']): void {
  const { selection, archives } = getApp();
  if (selection.mode === mode) return;
  if (mode !== 'compare') {
    setLayout({ mode });
    const { against: _, since: _since, ...rest } = selection;
    select({ ...rest, mode });
    return;
  }
  const side = otherSide(archives ?? [], selection);
  if (side !== null) compareWith(side, side.archiveId !== selection.archiveId || side.image !== selection.image);
}

/** Compares the selection with a filesystem, which becomes side A. `whole`: side B becomes the whole image. */
export function compareWith(side: Side, whole = false): void {
  const { selection, archives } = getApp();
  const other = selectedImage(archives ?? [], { ...selection, ...side });
  if (other === null) return;
  const to = whole ? Math.max(0, layerCount() - 1) : selection.to;
  select({ ...selection, from: to, to, mode: 'compare', against: side });
  if (!other.image.loaded && loadingJob(getApp().jobs, side.archiveId, side.image) === null) void loadImage(side.archiveId, side.image);
}

/** Compares a whole image, which becomes side B, with a side A. */
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

export function swapSides(): void {
  const { selection } = getApp();
  const { against, archiveId, image, to, since } = selection;
  if (against === undefined || archiveId === null) return;
  const { layer, ...ref } = against;
  setApp({ anchor: layer });
  select({ ...selection, since: undefined, ...ref, from: layer, to: layer, against: { archiveId, image, layer: to, since } });
}

/** Makes a filesystem side B. */
export function chooseSideB({ archiveId, image, layer, since }: Side): void {
  const { selection, archives, jobs } = getApp();
  setApp({ anchor: layer });
  select({ ...selection, archiveId, image, from: layer, to: layer, since });
  const found = selectedImage(archives ?? [], { ...selection, archiveId, image });
  if (found !== null && !found.image.loaded && loadingJob(jobs, archiveId, image) === null) void loadImage(archiveId, image);
}

export function toggleTreemap(): void {
  const { selection } = getApp();
  const { view, ...rest } = selection;
  if (selection.archiveId === null) return;
  setLayout({ view: view === undefined ? 'treemap' : 'tree' });
  select(view === undefined ? { ...rest, view: 'treemap' } : rest, { replace: true });
}

function viewOf({ view }: Selection): Pick<Selection, 'view'> {
  return view === undefined ? {} : { view };
}

/** Selects a path without a new entry in the history, as the arrow keys pass over many. */
export function choosePath(path: string | null): void {
  const { selection } = getApp();
  if (selection.path !== path) select({ ...selection, path }, { replace: true });
}

/** Selects a layer and a path in it, as links do. */
export function goTo(layer: number, path: string | null): void {
  const { selection } = getApp();
  setApp({ anchor: layer });
  select({ ...selection, from: layer, to: layer, path });
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
