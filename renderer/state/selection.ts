import type { ArchiveSummary, ImageSummary } from '#contract';

/** A filesystem: an image up to and including one of its layers. */
export interface Side {
  readonly archiveId: string;
  readonly image: number;
  readonly layer: number;
  /** Leaves out the layers below this one; includes all if absent. */
  readonly since?: number | undefined;
}

/** A place in an image: a layer, and either a path in it or, with `view`, its packages. */
export interface Spot {
  readonly layer: number;
  /** The path as `escapePath` prints it; null for no path. */
  readonly path: string | null;
  readonly view?: 'packages';
}

/** A catalog shown in place of an image, and which part of it. */
export interface CatalogChoice {
  readonly catalogId: string;
  readonly view: CatalogView;
  /** What to search for; a path if absent. */
  readonly what?: 'path' | 'package' | 'content';
  readonly text?: string;
}

export const CATALOG_VIEWS = ['images', 'layers', 'tags', 'search', 'problems'] as const;
type CatalogView = (typeof CATALOG_VIEWS)[number];

/** What the panes show. Layers are numbered from 0, the lowest, as on the command line. */
export interface Selection {
  readonly archiveId: string | null;
  readonly image: number;
  /**
   * The range of layers, both ends included: all of them in mode `image`. Modes `stacked` and `compare` use only `to`, which is side B's
   * layer in `compare`.
   */
  readonly from: number;
  readonly to: number;
  /** `image`: all bytes of all layers. */
  readonly mode: 'image' | 'layer' | 'stacked' | 'compare';
  /** Side A if `mode` is `compare`. */
  readonly against?: Side;
  /** Side B's `since`; see {@link Side}. */
  readonly since?: number | undefined;
  /** Absent for the tree. */
  readonly view?: 'treemap' | 'breakdown' | 'packages' | 'registry';
  /** The selected path as `escapePath` prints it; null if no path is selected. */
  readonly path: string | null;
  /** Shown instead of an image; `archiveId` is null then. */
  readonly catalog?: CatalogChoice;
}

export const NOTHING: Selection = { archiveId: null, image: 0, from: 0, to: 0, mode: 'layer', path: null };

/** How a selection can be shown. */
export type View = 'tree' | NonNullable<Selection['view']>;

/**
 * Returns the views that an image has: Windows images have a registry, all others packages. A comparison also has a registry if only side A
 * has one.
 */
export function viewsOf(
  { hasRegistry }: Pick<ImageSummary, 'hasRegistry'>,
  sideA: Pick<ImageSummary, 'hasRegistry'> | null,
): readonly View[] {
  const views: View[] = ['tree', 'treemap', 'breakdown', ...(hasRegistry ? [] : ['packages' as const])];
  return hasRegistry || sideA?.hasRegistry ? [...views, 'registry'] : views;
}

/** Returns the views that a selection has; none if its image isn't in the library. */
export function viewsOfSelection(archives: readonly ArchiveSummary[], selection: Selection): readonly View[] {
  const found = selectedImage(archives, selection);
  const { mode, against } = selection;
  const other = mode === 'compare' && against !== undefined ? selectedImage(archives, { ...selection, ...against }) : null;
  return found === null ? [] : viewsOf(found.image, other?.image ?? null);
}

/** Whether the registry is shown. In a comparison, the sides may have been changed to images that have none. */
export function showsRegistry(archives: readonly ArchiveSummary[], selection: Selection): boolean {
  const { view, mode } = selection;
  return view === 'registry' && (mode !== 'compare' || viewsOfSelection(archives, selection).includes(view));
}

/** Returns the selected image; null if it isn't in the library (any more). */
export function selectedImage(
  archives: readonly ArchiveSummary[],
  selection: Selection,
): { readonly archive: ArchiveSummary; readonly image: ImageSummary } | null {
  const archive = archives.find((each) => each.archiveId === selection.archiveId);
  const image = archive?.images.find((each) => each.index === selection.image);
  return archive === undefined || image === undefined ? null : { archive, image };
}

/** Returns the letters of the comparison's sides that show an image: both of them if layers of the same image are compared. */
export function sidesShowing({ mode, against, archiveId, image }: Selection, of: string, index: number): '' | 'A' | 'B' | 'AB' {
  if (mode !== 'compare') return '';
  const isA = against?.archiveId === of && against.image === index;
  const isB = archiveId === of && image === index;
  return isA ? (isB ? 'AB' : 'A') : isB ? 'B' : '';
}

/** Returns the selection, limited to the image's layers. */
export function clampSelection(selection: Selection, layerCount: number): Selection {
  const top = Math.max(0, layerCount - 1);
  const to = selection.mode === 'image' ? top : Math.min(selection.to, top);
  const from = selection.mode === 'image' ? 0 : selection.mode === 'stacked' ? to : Math.min(selection.from, top);
  return from === selection.from && to === selection.to ? selection : { ...selection, from, to };
}

/**
 * Moves the selection to the next older (-1) or newer (+1) layer; with `widen`, moves only one end of the range. The whole image counts as
 * above its top layer, as in the chain.
 */
export function stepLayer(selection: Selection, step: -1 | 1, layerCount: number, widen: boolean): Selection {
  const top = Math.max(0, layerCount - 1);
  if (selection.mode === 'image') return step === -1 && !widen ? { ...selection, from: top, to: top, mode: 'layer' } : selection;
  if (widen) {
    return step === -1 ? { ...selection, from: Math.max(0, selection.from - 1) } : { ...selection, to: Math.min(top, selection.to + 1) };
  }
  const wanted = step === -1 ? selection.from - 1 : selection.to + 1;
  const layer = Math.min(top, Math.max(0, wanted));
  return { ...selection, from: layer, to: layer };
}

/** Returns the range from the anchor to a layer, as selected by Shift-click. */
export function extendTo(selection: Selection, anchor: number, layer: number): Selection {
  return { ...selection, from: Math.min(anchor, layer), to: Math.max(anchor, layer) };
}

/** Whether the image is only layers, opened without the config and manifest that would make them an image. */
function isBareChain(image: ImageSummary): boolean {
  return image.configDigest === null && image.manifestDigest === null;
}

/** Returns the initial selection for an image: all of it, or the top layer if it is only layers without config and manifest. */
export function wholeOf(image: ImageSummary): Pick<Selection, 'from' | 'to' | 'mode'> {
  const top = Math.max(0, image.layers.length - 1);
  return isBareChain(image) ? { from: top, to: top, mode: 'layer' } : { from: 0, to: top, mode: 'image' };
}

/**
 * Returns the layer to show first: the biggest one, or the lower one if two have the same size, as the heading of the whole image names it.
 * For layers without config and manifest, it is the top one.
 */
export function firstLayer(image: ImageSummary): number {
  let best = Math.max(0, image.layers.length - 1);
  if (isBareChain(image)) return best;
  let bestBytes = -1;
  for (const layer of image.layers) {
    const bytes = image.loaded ? layer.fileBytes : layer.blobBytes;
    if (bytes > bestBytes) {
      best = layer.index;
      bestBytes = bytes;
    }
  }
  return best;
}
