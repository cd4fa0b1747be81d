import type { ArchiveSummary, ImageSummary } from '#contract';

/** A filesystem: an image up to one of its layers. */
export interface Side {
  readonly archiveId: string;
  readonly image: number;
  readonly layer: number;
  /** Leaves out the layers below this one; absent: none. */
  readonly since?: number | undefined;
}

/** What the panes show. Layers are numbered from 0, the lowest, as on the command line. */
export interface Selection {
  readonly archiveId: string | null;
  readonly image: number;
  /** The range of layers, both ends included. The modes `stacked` and `compare` use `to` only; in `compare` this is side B. */
  readonly from: number;
  readonly to: number;
  readonly mode: 'layer' | 'stacked' | 'compare';
  /** Side A, where `mode` is `compare`. */
  readonly against?: Side;
  /** As in a {@link Side}, for side B. */
  readonly since?: number | undefined;
  /** Absent: the tree. */
  readonly view?: 'treemap';
  /** As `escapePath` prints it; null: none. */
  readonly path: string | null;
}

export const NOTHING: Selection = { archiveId: null, image: 0, from: 0, to: 0, mode: 'layer', path: null };

/** The selected image; null: it is not in the library (any more). */
export function selectedImage(
  archives: readonly ArchiveSummary[],
  selection: Selection,
): { readonly archive: ArchiveSummary; readonly image: ImageSummary } | null {
  const archive = archives.find((each) => each.archiveId === selection.archiveId);
  const image = archive?.images.find((each) => each.index === selection.image);
  return archive === undefined || image === undefined ? null : { archive, image };
}

/** The selection, limited to layers that the image has. */
export function clampSelection(selection: Selection, layerCount: number): Selection {
  const top = Math.max(0, layerCount - 1);
  const from = Math.min(selection.from, top);
  const to = Math.min(selection.to, top);
  return from === selection.from && to === selection.to ? selection : { ...selection, from, to };
}

/** One layer older (-1) or newer (+1); `widen` moves one end of the range instead. */
export function stepLayer(selection: Selection, step: -1 | 1, layerCount: number, widen: boolean): Selection {
  const top = Math.max(0, layerCount - 1);
  if (widen) {
    return step === -1 ? { ...selection, from: Math.max(0, selection.from - 1) } : { ...selection, to: Math.min(top, selection.to + 1) };
  }
  const wanted = step === -1 ? selection.from - 1 : selection.to + 1;
  const layer = Math.min(top, Math.max(0, wanted));
  return { ...selection, from: layer, to: layer };
}

/** The range from the anchor to a layer, as Shift-click selects it. */
export function extendTo(selection: Selection, anchor: number, layer: number): Selection {
  return { ...selection, from: Math.min(anchor, layer), to: Math.max(anchor, layer) };
}

/**
 * The layer to select in an image that was just opened: the biggest above the lowest, as most people wonder what made the image big. A
 * chain without config and manifest is opened for its top layer.
 */
export function firstLayer(image: ImageSummary): number {
  let best = Math.max(0, image.layers.length - 1);
  if (image.configDigest === null && image.manifestDigest === null) return best;
  let bestBytes = -1;
  for (const layer of image.layers) {
    const bytes = image.loaded ? layer.fileBytes : layer.blobBytes;
    if (layer.index > 0 && bytes > bestBytes) {
      best = layer.index;
      bestBytes = bytes;
    }
  }
  return best;
}
