// What a search of a catalog found, in groups: hits at one path in several layers are a single group.
import type { CatalogHit } from '#contract';
import type { Spot } from '../selection.ts';
import type { CatalogRows } from './catalog.ts';

/** An image that contains what was found, and the hit in its layer. */
export interface HitPlace {
  readonly image: number;
  readonly hit: CatalogHit;
}

/** What was found, and where. */
export interface HitGroup {
  /** Index of the group's first hit, which stays the same when more hits arrive. */
  readonly id: number;
  /** The group's hits, without duplicates. */
  readonly hits: readonly CatalogHit[];
  /** Where the hits were found, sorted by image. */
  readonly places: readonly HitPlace[];
  /** Number of distinct images. */
  readonly images: number;
}

/**
 * Groups hits in the order in which they were found, but with folders last. A group is a path in all layers that have it, or one version of
 * a package from one layer in all images that have it.
 */
export function hitGroups(hits: readonly CatalogHit[], holders: CatalogRows['holders']): readonly HitGroup[] {
  const groups = new Map<string, { readonly id: number; readonly hits: CatalogHit[]; readonly places: HitPlace[] }>();
  for (const [id, hit] of hits.entries()) {
    const images = hit.image !== null ? [hit.image] : hit.layer === null ? [] : (holders[hit.layer] ?? []);
    const places = images.map((image) => ({ image, hit }));
    const key = keyOf(hit, id);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { id, hits: [hit], places });
    else {
      // A package is reported once for each image, so any further hits are duplicates.
      if (hit.kind !== 'package') known.hits.push(hit);
      known.places.push(...places);
    }
  }
  const made = [...groups.values()].map((group) => ({
    ...group,
    places: group.places.sort((a, b) => a.image - b.image),
    images: new Set(group.places.map(({ image }) => image)).size,
  }));
  return made.sort((a, b) => Number(isFolder(a.hits)) - Number(isFolder(b.hits)));
}

function keyOf({ kind, name, type, version, layer }: CatalogHit, id: number): string {
  if (kind === 'package') return JSON.stringify([name, type, version, layer]);
  return kind === 'image' || kind === 'layer' ? String(id) : `/${name}`;
}

function isFolder(hits: readonly CatalogHit[]): boolean {
  return hits.every(({ kind, type }) => kind === 'opaque' || type === 'directory');
}

/** Returns the part of a name that a search looks for; empty for a search with wildcards, which match something different in each name. */
export function searchedText(what: 'path' | 'package' | 'content', text: string): string {
  const typed = text.trim();
  if (what === 'path') return /[*?]/.test(typed) ? '' : typed.replace(/^\/+/, '');
  if (what === 'content') return typed.replace(/^sha(256|512):/i, '').slice(0, 12);
  return /^(.*[^\s@])(?:\s+|@)[^\s@]+$/.exec(typed)?.[1] ?? typed;
}

/** Returns where in an image a hit is shown: in the layer that it came from. */
export function spotOf(layers: readonly number[] = [], { kind, name, layer }: CatalogHit): Spot | undefined {
  const at = layer === null ? -1 : layers.indexOf(layer);
  if (at < 0) return undefined;
  if (kind === 'package') return { layer: at, path: null, view: 'packages' };
  return { layer: at, path: kind === 'layer' || name === '' ? null : name };
}
