import type { ArchiveSummary, ImageSummary } from '#contract';

/** A file system: an image as seen at one of its layers. */
export interface Side {
  readonly archiveId: string;
  readonly image: number;
  readonly layer: number;
  /** Only the layers from this one on, as if there were none below; absent: all. */
  readonly since?: number | undefined;
}

/** What every pane answers about. Layers count from 0, the bottom, as on the command line. */
export interface Selection {
  readonly archiveId: string | null;
  readonly image: number;
  /** `from` and `to` are both lit; the same for one layer. Stacked mode looks at `to`, and so does comparing, where this is side B. */
  readonly from: number;
  readonly to: number;
  readonly mode: 'layer' | 'stacked' | 'compare';
  /** Side A; there where `mode` is `compare`. */
  readonly against?: Side;
  /** Of side B: as in a {@link Side}. */
  readonly since?: number | undefined;
  /** Absent: the tree grid. */
  readonly view?: 'treemap';
  /** As `escapePath` prints it; null: none. */
  readonly path: string | null;
}

export const NOTHING: Selection = { archiveId: null, image: 0, from: 0, to: 0, mode: 'layer', path: null };

/** The image shown, or null where it is not (or no longer) in the library. */
export function selectedImage(
  archives: readonly ArchiveSummary[],
  selection: Selection,
): { readonly archive: ArchiveSummary; readonly image: ImageSummary } | null {
  const archive = archives.find((each) => each.archiveId === selection.archiveId);
  const image = archive?.images.find((each) => each.index === selection.image);
  return archive === undefined || image === undefined ? null : { archive, image };
}

/** The selection within the layers that the image has. */
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

/** Shift-click: from the layer lit first to this one. */
export function extendTo(selection: Selection, anchor: number, layer: number): Selection {
  return { ...selection, from: Math.min(anchor, layer), to: Math.max(anchor, layer) };
}

/**
 * The layer that a freshly opened image lights: the biggest, for that is the question most come with. Of a chain without a config and a
 * manifest, which is opened for its top layer, that one.
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
