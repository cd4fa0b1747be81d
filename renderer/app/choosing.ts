import { loadingJob } from '../features/jobs/jobs-state.ts';
import { formatAddress } from './address.ts';
import { loadImage } from './opening.ts';
import { clampSelection, extendTo, firstLayer, type Selection, selectedImage, stepLayer } from './selection-state.ts';
import { getApp, setApp } from './store.ts';
import { setLayout } from './theme.ts';

/** Everything that chooses comes through here: the address follows. `replace`: not a place that Back goes to. */
export function select(selection: Selection, { replace = false }: { replace?: boolean } = {}): void {
  if (selection === getApp().selection) return;
  setApp({ selection });
  const address = formatAddress(selection);
  if (address === window.location.hash) return;
  if (replace) window.history.replaceState(null, '', address);
  else window.history.pushState(null, '', address);
}

export function showImage(archiveId: string, image: number): void {
  const { archives, selection } = getApp();
  if (selection.archiveId === archiveId && selection.image === image) return;
  const found = selectedImage(archives ?? [], { ...selection, archiveId, image });
  const layer = found === null ? 0 : firstLayer(found.image);
  setApp({ anchor: layer });
  select({ archiveId, image, from: layer, to: layer, mode: selection.mode, path: null });
  if (found !== null && !found.image.loaded && loadingJob(getApp().jobs, archiveId, image) === null) void loadImage(archiveId, image);
}

function layerCount(): number {
  const { archives, selection } = getApp();
  return selectedImage(archives ?? [], selection)?.image.layers.length ?? 0;
}

export function chooseLayer(layer: number, extend: boolean): void {
  const { selection, anchor } = getApp();
  if (extend) select(extendTo(selection, anchor, layer));
  else {
    setApp({ anchor: layer });
    select({ ...selection, from: layer, to: layer });
  }
}

export function moveLayer(step: -1 | 1, widen: boolean): void {
  const { selection } = getApp();
  const next = clampSelection(stepLayer(selection, step, layerCount(), widen), layerCount());
  if (next.from === selection.from && next.to === selection.to) return;
  if (!widen) setApp({ anchor: next.to });
  select(next, { replace: true });
}

export function chooseMode(mode: Selection['mode']): void {
  const { selection } = getApp();
  if (selection.mode !== mode) select({ ...selection, mode });
}

/** Chooses a path without a new place in the history: the keyboard passes over many. */
export function choosePath(path: string | null): void {
  const { selection } = getApp();
  if (selection.path !== path) select({ ...selection, path }, { replace: true });
}

/** A finding, a link: the path at a layer, wherever the window is. */
export function goTo(layer: number, path: string | null): void {
  const { selection } = getApp();
  setApp({ anchor: layer });
  select({ ...selection, from: layer, to: layer, path });
}

export function openDetails(): void {
  setLayout({ drawer: 'details' });
}
