// The images of a catalog as rows of a table.
import type { CatalogPlace } from '#contract';
import { displayText, grouped } from '#model';
import { words } from '../../words/index.ts';
import { byText, type CatalogRows, type ColumnOrder, knownTime, repositoryName, type TagGroup, tagCounts } from './catalog.ts';

/** An image of a catalog, with the values of its columns. Sizes are in bytes, as stored. */
export interface ImageRow {
  /** The image's number in the catalog. */
  readonly image: number;
  /** The name without the tag, or the image's title if it has no name. */
  readonly name: string;
  /** The image's tags with that name. */
  readonly tags: readonly string[];
  /** How many other names the image has. */
  readonly otherNames: number;
  readonly size: number;
  /** Bytes in layers that no other image has. */
  readonly unique: number;
  /** Number of layers; null if the catalog's files that describe them can't be read. */
  readonly layers: number | null;
  /** Milliseconds since 1970; null if unknown. */
  readonly created: number | null;
}

/** Returns a row for each image, in the catalog's order. */
export function imageRows({ images, layers, holders }: CatalogRows): readonly ImageRow[] {
  return images.map((image, number) => {
    const own = [...new Set(image.layers)];
    const bytesOf = (some: readonly number[]) => some.reduce((sum, layer) => sum + (layers[layer]?.bytes ?? 0), 0);
    const { repository = null, source = '' } = image.places[0] ?? {};
    const names = new Set(image.places.flatMap((place) => place.repository ?? []));
    const tags = image.places.flatMap((place) =>
      isSameName(place, { repository, source }) && place.tag !== null ? displayText(place.tag) : [],
    );
    return {
      image: number,
      name: repositoryName(image),
      tags: [...new Set(tags)],
      otherNames: Math.max(0, names.size - 1),
      size: image.blobBytes ?? bytesOf(own),
      unique: bytesOf(own.filter((layer) => holders[layer]?.length === 1)),
      layers: image.layers.length === 0 && image.blobBytes !== 0 ? null : image.layers.length,
      created: knownTime(image.created),
    };
  });
}

/** Whether two places have the same name apart from the tag. A bare tag belongs to the name of its archive. */
function isSameName(a: Named, b: Named): boolean {
  return a.repository === b.repository && (a.repository !== null || a.source === b.source);
}

type Named = Pick<CatalogPlace, 'repository' | 'source'>;

/** Images of one repository; an image without one is a group by itself. */
export interface ImageGroup {
  /**
   * All the group's images as one row: each layer is counted once, the time is the newest, and `unique` has the bytes of layers that no
   * other repository has. Its number is the lowest image number.
   */
  readonly sum: ImageRow;
  /** The group's images, in the order of the rows that were grouped. */
  readonly images: readonly ImageRow[];
}

/** Groups rows by the repository of each image's first name, or by its archive's name if the name is only a tag. */
export function imageGroups({ images, layers, holders }: CatalogRows, rows: readonly ImageRow[]): readonly ImageGroup[] {
  const groups = grouped(rows, ({ image }) => groupKey(images, image));
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
      layers: all.size === 0 && first.layers === null ? null : all.size,
      created: Math.max(...members.map(({ created }) => created ?? 0)) || null,
    };
    return [{ sum, images: members }];
  });
}

function groupKey(images: CatalogRows['images'], image: number): string {
  const { repository = null, tag = null, source = '' } = images[image]?.places[0] ?? {};
  return repository ?? (tag === null ? `${image}` : `\0${source}`);
}

/** Returns the images in the same group as the given one. */
export function imagesOfName({ images }: CatalogRows, image: number): readonly number[] {
  const key = groupKey(images, image);
  return [...images.keys()].filter((each) => groupKey(images, each) === key);
}

/**
 * Returns images sorted by time, newest first; those without a known time come last. Images with equal times are sorted by name,
 * descending.
 */
export function newestFirst({ images }: CatalogRows, some: readonly number[]): readonly number[] {
  const time = (image: number) => knownTime(images[image]?.created ?? null) ?? 0;
  const name = (image: number) => images[image]?.places[0]?.reference ?? '';
  return [...some].sort((a, b) => time(b) - time(a) || byText(name(b), name(a)));
}

/** Whether an image's names, tags and files, together, contain every word of `text`, ignoring case. */
export function isImageFound({ images }: CatalogRows, { image, name, tags }: ImageRow, text: string): boolean {
  const places = images[image]?.places ?? [];
  return hasWords(text, [
    name,
    ...tags,
    `${name}:${tags[0] ?? ''}`,
    ...places.map(({ reference, source }) => displayText(reference ?? source)),
  ]);
}

/**
 * Returns the groups with only the tags that are found: their repository, tag, platform, and name or file, together, contain every word of
 * `text`, ignoring case. Groups without such tags are left out.
 */
export function foundTags({ images }: CatalogRows, groups: readonly TagGroup[], text: string): readonly TagGroup[] {
  return groups.flatMap((group): TagGroup[] => {
    const repository = group.repository === null ? '' : displayText(group.repository);
    const tags = group.tags.filter(({ image, place, label, platform }) => {
      const { reference = null, source = '' } = images[image]?.places[place] ?? {};
      return hasWords(text, [repository, label, `${repository}:${label}`, displayText(platform ?? ''), displayText(reference ?? source)]);
    });
    if (tags.length === 0) return [];
    // The group's growth covers all its tags, so it doesn't apply if only some are listed.
    const grown = tags.length < group.tags.length ? null : group.grown;
    return [{ ...group, tags, ...tagCounts(group.repository, tags), grown }];
  });
}

/** Whether some strings, together, contain every word of `text`, ignoring case. */
function hasWords(text: string, strings: readonly string[]): boolean {
  const all = strings.join(' ').toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}

/** Columns by which images are sorted. */
export type ImageSort = 'name' | 'size' | 'unique' | 'layers' | 'created';

/** How images are listed: in groups by repository, as a tree with each image below the one that it is built on, or ungrouped. */
type Grouping = 'repository' | 'base' | 'none';

/** The default order: images with the same name are together, newest first. */
const FIRST_IMAGE_ORDER: ColumnOrder<ImageSort> = { by: 'name', descending: false };

/** How the images of a catalog are listed. Kept while one of the images is shown. */
export interface ImageList {
  readonly catalogId: string | null;
  /** The filter's text. */
  readonly text: string;
  readonly grouping: Grouping;
  readonly order: ColumnOrder<ImageSort>;
}

export const FIRST_LIST: ImageList = { catalogId: null, text: '', grouping: 'repository', order: FIRST_IMAGE_ORDER };

/** Returns the rows, sorted. Equal rows are sorted by name, then newest first. */
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
