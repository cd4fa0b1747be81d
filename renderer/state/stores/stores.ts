import type {
  ArchiveSummary,
  BaseImageReport,
  PreflightReport,
  StoredChanges,
  StoredImageReport,
  StoredLayerReport,
  StoreReport,
} from '#contract';
import { displayText, shortDigest } from '#model';
import { imageTitle, lastPart, shortName } from '../library.ts';

/** A dialog about a store. */
export type StoreSheet =
  | { readonly kind: 'remove'; readonly storeId: string; readonly name: string; readonly title: string; readonly refused: string | null }
  | { readonly kind: 'parent'; readonly storeId: string; readonly archiveId: string; readonly image: number; readonly title: string }
  | {
      readonly kind: 'changes';
      readonly storeId: string;
      readonly name: string;
      readonly title: string;
      /** Null while it is being fetched. */
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

/** `Store` for the program's own store, the folder's name for others. */
export function storeTitle({ isOwn, home }: StoreReport): string {
  return isOwn ? 'Store' : home.slice(Math.max(home.lastIndexOf('/'), home.lastIndexOf('\\')) + 1) || home;
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

/** The beginning of an id of 64 digits; other ids whole. */
export function shortId(id: string): string {
  return /^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : displayText(id);
}

/** Layers that belong to no image, each after its parent; `depth` counts parents among them. */
export function layersAlone({ layers }: StoreReport): readonly (StoredLayerReport & { readonly depth: number })[] {
  const alone = layers.filter(({ ofImage }) => !ofImage);
  const known = new Set(alone.map(({ id }) => id));
  const children = new Map<string | null, StoredLayerReport[]>();
  for (const layer of alone) {
    const above = layer.parent !== null && known.has(layer.parent) ? layer.parent : null;
    children.set(above, [...(children.get(above) ?? []), layer]);
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
  // Layers in a circle of parents are reached from nowhere.
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

/** Layers that can be another layer's parent, those at the top of an image first, with the images' names. */
export function parentChoices({ layers, images }: StoreReport): readonly ParentChoice[] {
  const tops = new Map<string, string[]>();
  for (const image of images) {
    const top = image.layers.at(-1)?.id;
    if (top !== undefined) tops.set(top, [...(tops.get(top) ?? []), storedTitle(image)]);
  }
  return layers
    .filter(({ state, isReadWrite }) => (state === 'ready' || state === 'mounted') && !isReadWrite)
    .map(({ id, below }) => {
      const names = tops.get(id) ?? [];
      const detail = below === 0 ? 'a base layer' : `${below + 1} layers`;
      return names.length > 0 ? { id, label: names.join(', '), detail: `${shortId(id)} · ${detail}` } : { id, label: shortId(id), detail };
    })
    .sort((a, b) => Number(tops.has(b.id)) - Number(tops.has(a.id)));
}

/** The lowest layers of several images, where they are the same. */
export interface SharedBase {
  readonly key: string;
  readonly layers: number;
  /** Bytes of the layers as stored. */
  readonly sizeBytes: number;
  /** Names of the images, safe to show. */
  readonly images: readonly string[];
  /** An open image that has these layers; null: only stores have them. */
  readonly shown: { readonly archiveId: string; readonly image: number } | null;
}

interface Chained {
  readonly title: string;
  /** Hex digits of each layer's chain ID, the lowest first. */
  readonly chain: readonly string[];
  readonly sizes: readonly number[];
  readonly shown: SharedBase['shown'];
}

/** Shared bases of open and stored images, those with most layers first. An image that is open and stored is counted once. */
export function sharedBases(archives: readonly ArchiveSummary[], stores: readonly StoreReport[]): readonly SharedBase[] {
  const images = new Map<string, Chained>();
  for (const each of [...archives.flatMap(chainsOfArchive), ...stores.flatMap(chainsOfStore)]) {
    const top = each.chain.at(-1);
    if (top !== undefined && !images.has(top)) images.set(top, each);
  }
  const on = new Map<string, Chained[]>();
  for (const image of images.values()) for (const id of image.chain) on.set(id, [...(on.get(id) ?? []), image]);
  const bases: SharedBase[] = [];
  for (const [id, those] of on) {
    const [first] = those;
    if (first === undefined || those.length < 2) continue;
    const at = first.chain.indexOf(id);
    // A base with more layers and the same images takes its place.
    const next = first.chain[at + 1];
    if (next !== undefined && on.get(next)?.length === those.length) continue;
    bases.push({
      key: id,
      layers: at + 1,
      sizeBytes: first.sizes.slice(0, at + 1).reduce((sum, size) => sum + size, 0),
      // The order in which archives were read means nothing.
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

export interface StoreAndBases {
  readonly storeId: string;
  readonly images: readonly BaseImageReport[];
}
