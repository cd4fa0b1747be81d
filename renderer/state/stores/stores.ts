import type {
  ArchiveSummary,
  BaseImageReport,
  PreflightReport,
  RemovalReport,
  StoredChanges,
  StoredImageReport,
  StoredLayerReport,
  StoreReport,
} from '#contract';
import { displayText, shortDigest } from '#model';
import { words } from '../../words/index.ts';
import { imageTitle, lastPart, shortName } from '../library.ts';

/** A dialog about a store. */
export type StoreSheet =
  | {
      readonly kind: 'remove';
      readonly storeId: string;
      readonly name: string;
      readonly title: string;
      /** What will be removed; null while this is being fetched. */
      readonly plan: RemovalReport | null;
      readonly refused: string | null;
    }
  | { readonly kind: 'commit'; readonly storeId: string; readonly id: string; readonly title: string; readonly suggested: string }
  | { readonly kind: 'parent'; readonly storeId: string; readonly archiveId: string; readonly image: number; readonly title: string }
  | {
      readonly kind: 'changes';
      readonly storeId: string;
      readonly name: string;
      readonly title: string;
      /** The changes; null while they are being fetched. */
      readonly report: StoredChanges | null;
    }
  | { readonly kind: 'checked'; readonly storeId: string }
  | {
      readonly kind: 'elevate';
      readonly storeId: string;
      readonly facts: readonly PreflightReport[] | null;
      readonly refused: string | null;
    }
  | { readonly kind: 'cleanup'; readonly storeId: string; readonly names: readonly string[] };

/** An open archive that could be imported to the store. */
export interface ImportOffer {
  readonly archiveId: string;
  readonly title: string;
}

/** The state of a working copy. */
export interface CopyState {
  readonly changes: number;
  readonly sizeBytes: number;
  /** A hash of the changes. */
  readonly stamp: string;
}

/** Returns the key of a working copy in the window's state. */
export function copyKey(storeId: string, id: string): string {
  return `${storeId} ${id}`;
}

/** Returns the total number of changes in working copies; null if some weren't counted. */
export function changesOfCopies(known: ReadonlyMap<string, CopyState>, storeId: string, ids: readonly string[]): number | null {
  let changes = 0;
  for (const id of ids) {
    const copy = known.get(copyKey(storeId, id));
    if (copy === undefined) return null;
    changes += copy.changes;
  }
  return changes;
}

/** Returns `Store` for the program's own store, the folder's name for any other. */
export function storeTitle({ isOwn, home }: StoreReport): string {
  return isOwn ? words.store.own : home.slice(Math.max(home.lastIndexOf('/'), home.lastIndexOf('\\')) + 1) || home;
}

export function canChange({ readOnlyReason, problem }: StoreReport): boolean {
  return readOnlyReason === null && problem === null;
}

export function storedTitle({ names, name }: StoredImageReport): string {
  const [first] = names;
  return first === undefined ? displayText(shortDigest(name)) : shortName(first);
}

/** Whether a store has all of an archive's images, with all their names. */
export function isStored({ images, format }: ArchiveSummary, { images: stored }: StoreReport): boolean {
  return (
    format !== 'layer' &&
    images.length > 0 &&
    images.every((image) => {
      const top = image.chainIds.at(-1)?.split(':')[1];
      return stored.some((known) => known.layers.at(-1)?.id === top && image.names.every((name) => known.names.includes(name)));
    })
  );
}

/** Returns the open archive that shows an item of a store, found by the item's names. */
export function openedFrom(
  archives: readonly ArchiveSummary[] | null,
  storeId: string,
  names: readonly string[],
): ArchiveSummary | undefined {
  return archives?.find(({ stored }) => stored?.storeId === storeId && names.includes(stored.name));
}

/** Returns the index of an open archive's image that has the given layer of a store on top; 0 if there is none. */
export function imageWithTop({ images }: ArchiveSummary, top: string | null): number {
  return images.find(({ chainIds }) => top !== null && chainIds.at(-1) === `sha256:${top}`)?.index ?? 0;
}

/** Whether an open archive is an item in a store's list, where it can be closed, so that the library needn't list it again. */
export function isListedInStore({ stored, images }: ArchiveSummary, stores: readonly StoreReport[] | null): boolean {
  const store = stores?.find(({ storeId }) => storeId === stored?.storeId);
  if (stored === undefined || store === undefined || images.length !== 1) return false;
  return (
    store.images.some(({ name, names }) => name === stored.name || names.includes(stored.name)) ||
    layersAlone(store).some(({ id }) => id === stored.name)
  );
}

/** A working copy and its store. */
export interface StoredCopy {
  readonly store: StoreReport;
  readonly layer: StoredLayerReport;
}

/** Returns the working copy that an archive shows; null if it shows something else. */
export function copyShown({ stored }: ArchiveSummary, stores: readonly StoreReport[] | null): StoredCopy | null {
  const store = stores?.find(({ storeId }) => storeId === stored?.storeId);
  const layer = store?.layers.find(({ id }) => id === stored?.name);
  return store === undefined || layer?.isReadWrite !== true ? null : { store, layer };
}

/** Returns a working copy's title: the image that it is based on, else its id. */
export function copyTitle({ store, layer }: StoredCopy): string {
  const parent = parentImage(store, layer);
  return parent === undefined ? shortId(layer.id) : words.store.copyTitle(lastPart(storedTitle(parent)));
}

/** Returns the title of the image whose top layer this is, or of the working copy; for any other layer, its id. */
export function layerName(store: StoreReport | undefined, id: string): string {
  const image = store?.images.find(({ layers }) => layers.at(-1)?.id === id);
  if (image !== undefined) return storedTitle(image);
  const layer = store?.layers.find((each) => each.id === id);
  return store === undefined || layer?.isReadWrite !== true ? shortId(id) : copyTitle({ store, layer });
}

/** Returns the first digits of a 64-digit id; other ids in full. */
export function shortId(id: string): string {
  return /^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : displayText(id);
}

/** Returns the layers that belong to no image, each after its parent; `depth` is the number of its ancestors among them. */
export function layersAlone({ layers }: StoreReport): readonly (StoredLayerReport & { readonly depth: number })[] {
  const alone = layers.filter(({ ofImage }) => !ofImage);
  const known = new Set(alone.map(({ id }) => id));
  const children = new Map<string | null, StoredLayerReport[]>();
  for (const layer of alone) {
    const above = layer.parent !== null && known.has(layer.parent) ? layer.parent : null;
    const siblings = children.get(above);
    if (siblings === undefined) children.set(above, [layer]);
    else siblings.push(layer);
  }
  const ordered: (StoredLayerReport & { readonly depth: number })[] = [];
  const placed = new Set<string>();
  const place = (parent: string | null, depth: number): void => {
    for (const layer of children.get(parent) ?? []) {
      if (placed.has(layer.id)) continue;
      placed.add(layer.id);
      ordered.push({ ...layer, depth });
      place(layer.id, depth + 1);
    }
  };
  place(null, 0);
  // Layers whose parents form a loop can't be reached from a base layer.
  for (const layer of alone) if (!placed.has(layer.id)) ordered.push({ ...layer, depth: 0 });
  return ordered;
}

export function leftoversOf({ layers }: StoreReport): readonly StoredLayerReport[] {
  return layers.filter(({ state }) => state === 'leftover');
}

export interface ParentChoice {
  readonly id: string;
  readonly label: string;
  readonly detail: string;
}

/** Returns the layers that can be another layer's parent, with the images' names; top layers of images come first. */
export function parentChoices({ layers, images }: StoreReport): readonly ParentChoice[] {
  const tops = new Map<string, string[]>();
  for (const image of images) {
    const top = image.layers.at(-1)?.id;
    if (top === undefined) continue;
    const titles = tops.get(top);
    if (titles === undefined) tops.set(top, [storedTitle(image)]);
    else titles.push(storedTitle(image));
  }
  return layers
    .filter(({ state, isReadWrite }) => (state === 'ready' || state === 'mounted') && !isReadWrite)
    .map(({ id, below }) => {
      const names = tops.get(id) ?? [];
      const detail = below === 0 ? words.store.baseLayer : words.layers(below + 1);
      return names.length > 0 ? { id, label: words.list(names), detail: `${shortId(id)} · ${detail}` } : { id, label: shortId(id), detail };
    })
    .sort((a, b) => Number(tops.has(b.id)) - Number(tops.has(a.id)));
}

/** The lowest layers that several images have in common. */
export interface SharedBase {
  readonly key: string;
  readonly layers: number;
  /** Stored bytes of the layers. */
  readonly sizeBytes: number;
  /** Names of the images, safe to show. */
  readonly images: readonly string[];
  /** An open image that has these layers; null if only stores have them. */
  readonly shown: { readonly archiveId: string; readonly image: number } | null;
}

interface Chained {
  readonly title: string;
  /** Each layer's chain ID in hex, the lowest layer first. */
  readonly chain: readonly string[];
  readonly sizes: readonly number[];
  readonly shown: SharedBase['shown'];
}

/**
 * Returns the shared bases of open and stored images, those with the most layers first. An image that is both open and stored counts once.
 */
export function sharedBases(archives: readonly ArchiveSummary[], stores: readonly StoreReport[]): readonly SharedBase[] {
  const images = new Map<string, Chained>();
  for (const each of [...archives.flatMap(chainsOfArchive), ...stores.flatMap(chainsOfStore)]) {
    const top = each.chain.at(-1);
    if (top !== undefined && !images.has(top)) images.set(top, each);
  }
  const on = new Map<string, { readonly at: number; readonly those: Chained[] }>();
  for (const image of images.values()) {
    for (const [at, id] of image.chain.entries()) {
      const known = on.get(id);
      if (known === undefined) on.set(id, { at, those: [image] });
      else known.those.push(image);
    }
  }
  const bases: SharedBase[] = [];
  for (const [id, { at, those }] of on) {
    const [first] = those;
    if (first === undefined || those.length < 2) continue;
    // If the same images share one more layer, that base is listed instead.
    const next = first.chain[at + 1];
    if (next !== undefined && on.get(next)?.those.length === those.length) continue;
    bases.push({
      key: id,
      layers: at + 1,
      sizeBytes: first.sizes.slice(0, at + 1).reduce((sum, size) => sum + size, 0),
      // Sorted, because archives are read in arbitrary order.
      images: those.map(({ title }) => title).sort(),
      shown: those.find(({ shown }) => shown !== null)?.shown ?? null,
    });
  }
  return bases.sort((a, b) => b.layers - a.layers || b.images.length - a.images.length);
}

function chainsOfArchive(archive: ArchiveSummary): Chained[] {
  return archive.images.flatMap((image) => {
    const chain = image.chainIds.map((id) => (id === null ? '' : id.slice(id.indexOf(':') + 1)));
    if (chain.includes('')) return [];
    const sizes = image.layers.map(({ blobBytes }) => blobBytes);
    const title = lastPart(imageTitle(archive, image));
    return [{ title, chain, sizes, shown: { archiveId: archive.archiveId, image: image.index } }];
  });
}

function chainsOfStore({ images }: StoreReport): Chained[] {
  return images.map((image) => ({
    title: lastPart(storedTitle(image)),
    chain: image.layers.map(({ id }) => id),
    sizes: image.layers.map(({ sizeBytes }) => sizeBytes),
    shown: null,
  }));
}

/** Returns an unused name for an image made from another: `app:1` becomes `app:1-2`. */
export function nextName(name: string, taken: readonly string[]): string {
  for (let number = 2; ; number++) {
    const next = `${name}-${number}`;
    if (!taken.includes(next)) return next;
  }
}

/** Returns the image that a layer is based on, by its top layer. */
export function parentImage({ images }: StoreReport, { parent }: StoredLayerReport): StoredImageReport | undefined {
  return images.find(({ layers }) => parent !== null && layers.at(-1)?.id === parent);
}

export interface StoreAndBases {
  readonly storeId: string;
  readonly images: readonly BaseImageReport[];
}
