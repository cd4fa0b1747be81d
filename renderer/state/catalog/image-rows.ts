// The images of a catalog as rows of a table.
import { displayText, grouped } from '#model';
import { words } from '../../words/index.ts';
import { shortName } from '../library.ts';
import { byText, type CatalogRows, type ColumnOrder, knownTime, placeName } from './catalog.ts';

/** An image of a catalog, with what its columns say. Sizes are in bytes, as stored. */
export interface ImageRow {
  /** Its number in the catalog. */
  readonly image: number;
  /** The name without the tag, or what the image is called without one. */
  readonly name: string;
  /** Its tags of that name. */
  readonly tags: readonly string[];
  /** Other names that it has. */
  readonly otherNames: number;
  readonly size: number;
  /** Of the layers that no other image has. */
  readonly unique: number;
  readonly layers: number;
  /** Milliseconds since 1970; null if it isn't known. */
  readonly created: number | null;
}

/** Returns a row for each image, in the catalog's order. */
export function imageRows({ images, layers, holders }: CatalogRows): readonly ImageRow[] {
  return images.map((image, number) => {
    const own = [...new Set(image.layers)];
    const bytesOf = (some: readonly number[]) => some.reduce((sum, layer) => sum + (layers[layer]?.bytes ?? 0), 0);
    const repository = image.places[0]?.repository ?? null;
    const names = new Set(image.places.flatMap((place) => place.repository ?? []));
    const tags = image.places.flatMap((place) => (place.repository === repository && place.tag !== null ? displayText(place.tag) : []));
    return {
      image: number,
      name: repository === null ? placeName(image, 0) : displayText(shortName(repository)),
      tags: repository === null ? [] : [...new Set(tags)],
      otherNames: Math.max(0, names.size - 1),
      size: image.blobBytes ?? bytesOf(own),
      unique: bytesOf(own.filter((layer) => holders[layer]?.length === 1)),
      layers: image.layers.length,
      created: knownTime(image.created),
    };
  });
}

/** Images of one repository; one that has no repository is alone. */
export interface ImageGroup {
  /** What they are together: each layer once, the newest time, and as unique what no other repository has. Its number is that of the first. */
  readonly sum: ImageRow;
  /** In the order of the rows that were grouped. */
  readonly images: readonly ImageRow[];
}

/** Groups rows by the repository of each image's first name. */
export function imageGroups({ images, layers, holders }: CatalogRows, rows: readonly ImageRow[]): readonly ImageGroup[] {
  const groups = grouped(rows, ({ image }) => images[image]?.places[0]?.repository ?? `${image}`);
  return [...groups.values()].flatMap((members): ImageGroup[] => {
    const [first] = members;
    if (first === undefined || members.length === 1) return first === undefined ? [] : [{ sum: first, images: members }];
    const own = new Set(members.map(({ image }) => image));
    const all = new Set(members.flatMap(({ image }) => images[image]?.layers ?? []));
    const bytesOf = (some: readonly number[]) => some.reduce((sum, layer) => sum + (layers[layer]?.bytes ?? 0), 0);
    const unique = [...all].filter((layer) => holders[layer]?.every((holder) => own.has(holder)));
    const sum: ImageRow = {
      ...first,
      image: Math.min(...own),
      tags: [],
      otherNames: 0,
      size: bytesOf([...all]),
      unique: bytesOf(unique),
      layers: all.size,
      created: Math.max(...members.map(({ created }) => created ?? 0)) || null,
    };
    return [{ sum, images: members }];
  });
}

/** Whether an image's names or tags have every word of a text, ignoring case. */
export function isImageFound({ images }: CatalogRows, { image, name, tags }: ImageRow, text: string): boolean {
  const places = images[image]?.places ?? [];
  const all = [name, ...tags, ...places.map(({ reference, source }) => displayText(reference ?? source))].join(' ').toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}

/** Columns by which images are sorted. */
export type ImageSort = 'name' | 'size' | 'unique' | 'layers' | 'created';

/** At first, images of one name are together, the newest first. */
export const FIRST_IMAGE_ORDER: ColumnOrder<ImageSort> = { by: 'name', descending: false };

/** Returns rows in an order; equal ones by name, then the newest first. */
export function sortedImages(rows: readonly ImageRow[], { by, descending }: ColumnOrder<ImageSort>): readonly ImageRow[] {
  const sortValue = (row: ImageRow) => (by === 'name' ? 0 : (row[by] ?? 0));
  const compare = (a: ImageRow, b: ImageRow) => (by === 'name' ? byText(a.name, b.name) : sortValue(a) - sortValue(b));
  return [...rows].sort(
    (a, b) =>
      (descending ? compare(b, a) : compare(a, b)) ||
      byText(a.name, b.name) ||
      (b.created ?? 0) - (a.created ?? 0) ||
      byText(words.list(b.tags), words.list(a.tags)),
  );
}
