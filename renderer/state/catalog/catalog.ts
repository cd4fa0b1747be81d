import type { CatalogHit, CatalogImage, CatalogLayer, CatalogProblem, SeverityCounts } from '#contract';
import { displayText, grouped, shortDigest } from '#model';
import { words } from '../../words/index.ts';
import { plainCommand } from '../chain.ts';
import { archiveName, lastPart, shortName, taggedTitle } from '../library.ts';
import type { PlainError } from '../plain-error.ts';

/** Rows of a catalog, once they have all arrived. */
export interface CatalogRows {
  readonly images: readonly CatalogImage[];
  readonly layers: readonly CatalogLayer[];
  /** For each layer, the numbers of the images that have it, in ascending order. */
  readonly holders: readonly (readonly number[])[];
  readonly problems: readonly CatalogProblem[];
}

/** A search over all images of the shown catalog. */
export interface CatalogSearch {
  readonly state: 'idle' | 'running' | 'done' | 'stopped' | 'failed';
  readonly hits: readonly CatalogHit[];
  /** Number of files searched so far, and the total. */
  readonly doneFiles: number;
  readonly files: number;
  /** Whether there are more hits than are listed. */
  readonly isCut: boolean;
  readonly problems: readonly CatalogProblem[];
  readonly error: PlainError | null;
}

export const NO_SEARCH: CatalogSearch = { state: 'idle', hits: [], doneFiles: 0, files: 0, isCut: false, problems: [], error: null };

/** The state of the shown catalog. */
export interface CatalogState {
  /** Id of the shown catalog; null if none is shown. */
  readonly catalogId: string | null;
  readonly rows: CatalogRows | null;
  /** Number of rows that have arrived, and the total. */
  readonly doneRows: number;
  readonly allRows: number;
  readonly error: PlainError | null;
  readonly search: CatalogSearch;
  /** Why an image couldn't be opened from the catalog. */
  readonly refusal: { readonly name: string; readonly error: PlainError } | null;
  /** Numbers of the images picked for comparison, in the order in which they were picked: two at most. */
  readonly picked: readonly number[];
}

export const NO_CATALOG: CatalogState = {
  catalogId: null,
  rows: null,
  doneRows: 0,
  allRows: 0,
  error: null,
  search: NO_SEARCH,
  refusal: null,
  picked: [],
};

/** Returns, for each of `layers` layers, the images that have it. */
export function holdersOf(images: readonly CatalogImage[], layers: number): readonly (readonly number[])[] {
  const holders: number[][] = Array.from({ length: layers }, () => []);
  for (const [number, image] of images.entries()) for (const layer of new Set(image.layers)) holders[layer]?.push(number);
  return holders;
}

/** Returns the name of an image in one of its places. A bare tag follows the archive's name, as in a list of open images. */
export function placeName({ id, places }: CatalogImage, place: number): string {
  const { reference = null, repository = null, tag = null, source = '' } = places[place] ?? {};
  const file = lastPart(source.replaceAll('\\', '/'));
  if (repository === null && tag !== null) return displayText(taggedTitle(file, tag));
  if (reference !== null) return displayText(shortName(reference));
  return file === '' ? shortDigest(id) : displayText(file);
}

/** Returns an image's first name without its tag, or the archive's name if the name is only a tag. */
export function repositoryName(image: CatalogImage): string {
  const { repository = null, tag = null, source = '' } = image.places[0] ?? {};
  if (repository !== null) return displayText(shortName(repository));
  return tag === null ? placeName(image, 0) : displayText(archiveName(lastPart(source.replaceAll('\\', '/'))));
}

/**
 * Returns two images, the earlier one first. If either time is unknown, the image with fewer layers comes first. If this doesn't decide it,
 * the order stays as given.
 */
export function inOrder({ images }: Pick<CatalogRows, 'images'>, one: number, other: number): readonly [number, number] {
  const [a, b] = [images[one], images[other]];
  const [time, otherTime] = [knownTime(a?.created ?? null), knownTime(b?.created ?? null)];
  const later = time === null || otherTime === null ? (a?.layers.length ?? 0) - (b?.layers.length ?? 0) : time - otherTime;
  return later > 0 ? [other, one] : [one, other];
}

/** Returns runs of consecutive numbers, as `[start, length]`. */
export function runsOf(numbers: readonly number[]): readonly (readonly [start: number, length: number])[] {
  const runs: [number, number][] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last !== undefined && last[0] + last[1] === number) last[1]++;
    else runs.push([number, 1]);
  }
  return runs;
}

/**
 * Returns runs of consecutive images with the same repository, each named by the shortest unique suffix of the repository's name. An image
 * without a repository is a run by itself.
 */
export function repositoryRuns(
  images: readonly CatalogImage[],
): readonly { readonly name: string; readonly start: number; readonly length: number }[] {
  const runs: { repository: string | null; name: string; start: number; length: number }[] = [];
  const nameOf = distinctEnds(images.flatMap(({ places }) => places[0]?.repository ?? []));
  for (const [start, image] of images.entries()) {
    const repository = image.places[0]?.repository ?? null;
    const last = runs.at(-1);
    if (last !== undefined && repository !== null && last.repository === repository) last.length++;
    else runs.push({ repository, name: repository === null ? placeName(image, 0) : displayText(nameOf(repository)), start, length: 1 });
  }
  return runs;
}

/** Returns a function that returns the shortest suffix of a name that no other name has. A suffix consists of whole components. */
function distinctEnds(names: readonly string[]): (name: string) => string {
  const all = [...new Set(names)].map((name) => name.split('/'));
  const counts = new Map<string, number>();
  for (const parts of all) {
    for (let at = parts.length - 1; at >= 0; at--) {
      const end = parts.slice(at).join('/');
      counts.set(end, (counts.get(end) ?? 0) + 1);
    }
  }
  return (name) => {
    const parts = name.split('/');
    const ends = parts.map((_, at) => parts.slice(parts.length - 1 - at).join('/'));
    return ends.find((end) => counts.get(end) === 1) ?? name;
  };
}

/** Which layers are listed: those in several images, those in only one, or all. */
export type LayerChoice = 'all' | 'shared' | 'alone';

/** Returns the numbers of the chosen layers, in ascending order. */
export function layersOf(holders: CatalogRows['holders'], choice: LayerChoice): readonly number[] {
  const isWanted = { all: () => true, shared: (count: number) => count > 1, alone: (count: number) => count === 1 }[choice];
  return holders.flatMap(({ length }, layer) => (isWanted(length) ? [layer] : []));
}

/** Columns by which layers are sorted. */
export type LayerSort = 'layer' | 'size' | 'images' | 'saved';

/** The column by which rows are sorted, and in which direction. */
export interface ColumnOrder<By extends string> {
  readonly by: By;
  readonly descending: boolean;
}

export type LayerOrder = ColumnOrder<LayerSort>;

/** The default order: layers that save the most by being shared come first. */
export const FIRST_ORDER: LayerOrder = { by: 'saved', descending: true };

/**
 * Returns the order after a click on a column's heading. The first click sorts in descending order, but the column `text` in ascending
 * order. The next click reverses the order.
 */
export function nextColumnOrder<By extends string>(order: ColumnOrder<By>, by: By, text: By): ColumnOrder<By> {
  return { by, descending: order.by === by ? !order.descending : by !== text };
}

export function nextLayerOrder(order: LayerOrder, by: LayerSort): LayerOrder {
  return nextColumnOrder(order, by, 'layer');
}

/** Returns the bytes that aren't stored again because a layer is shared. */
export function savedBytes({ layers, holders }: CatalogRows, layer: number): number {
  return (layers[layer]?.bytes ?? 0) * Math.max(0, (holders[layer]?.length ?? 0) - 1);
}

/** Returns the numbers of layers, sorted; if two are equal, the larger layer comes first. */
export function sortedLayers(rows: CatalogRows, layers: readonly number[], { by, descending }: LayerOrder): readonly number[] {
  const size = (layer: number) => rows.layers[layer]?.bytes ?? 0;
  const images = (layer: number) => rows.holders[layer]?.length ?? 0;
  const compare = {
    layer: (a: number, b: number) => byText(layerTitle(rows, a), layerTitle(rows, b)),
    size: (a: number, b: number) => size(a) - size(b),
    images: (a: number, b: number) => images(a) - images(b),
    saved: (a: number, b: number) => savedBytes(rows, a) - savedBytes(rows, b),
  }[by];
  return [...layers].sort((a, b) => (descending ? compare(b, a) : compare(a, b)) || size(b) - size(a));
}

/** Returns a layer's command, or else its digest and an image that has it. */
export function layerTitle({ layers, holders, images }: CatalogRows, layer: number): string {
  const { createdBy = null, layer: diffId = '' } = layers[layer] ?? {};
  const image = images[holders[layer]?.[0] ?? -1];
  const digest = shortDigest(displayText(diffId));
  return plainCommand(createdBy) ?? (image === undefined ? digest : words.catalog.layerOf(digest, placeName(image, 0)));
}

/** A row about one tag of a name: an image in one of its places. */
export interface TagRow {
  readonly image: number;
  readonly place: number;
  readonly label: string;
  /** The tag; null if the image has none in this place. */
  readonly tag: string | null;
  readonly platform: string | null;
  /** Null if unknown. */
  readonly created: number | null;
  /** Bytes of the files visible in the image; null if unknown. */
  readonly bytes: number | null;
  /** By how many bytes the image is larger than the previous tag's; null for the oldest. */
  readonly grown: number | null;
  readonly findings: SeverityCounts | null;
  /** Whether another row of the same name has the same tag and platform, so that only the place distinguishes them. */
  readonly isRepeated: boolean;
}

/** A name without its tag, and its tags, newest first. */
export interface TagGroup {
  /** Null for images without a name. */
  readonly repository: string | null;
  readonly tags: readonly TagRow[];
  /** Number of distinct tags; one of them may be listed for several platforms or places. */
  readonly tagCount: number;
  /** Number of distinct images. */
  readonly images: number;
  /** Whether the name's tags are for different platforms. */
  readonly hasPlatforms: boolean;
  /** Growth in bytes from the oldest to the newest tag of the most frequent platform; null with fewer than two tags. */
  readonly grown: number | null;
}

/** Returns a catalog's names with their tags, those with the most tags first. */
export function tagGroups(images: readonly CatalogImage[]): readonly TagGroup[] {
  const byName = new Map<string | null, Omit<TagRow, 'grown' | 'isRepeated'>[]>();
  for (const [number, image] of images.entries()) {
    for (const [place, { repository, tag }] of image.places.entries()) {
      const { findings, platform } = image;
      const created = knownTime(image.created);
      const label = tag === null || repository === null ? placeName(image, place) : displayText(tag);
      const row = { image: number, place, label, tag, platform, created, findings, bytes: image.finalBytes };
      byName.set(repository, [...(byName.get(repository) ?? []), row]);
    }
  }
  const groups = [...byName].map(([repository, rows]) => groupOf(repository, rows));
  return groups.sort(
    (a, b) =>
      Number(a.repository === null) - Number(b.repository === null) || b.tags.length - a.tags.length || byText(a.repository, b.repository),
  );
}

const DAY_MS = 86_400_000;

/**
 * Returns a time, or null if it is on or before the first day of 1970. Reproducible builds write the beginning of 1970 or of the year 1
 * instead of a time.
 */
export function knownTime(created: number | null): number | null {
  return created === null || created < DAY_MS ? null : created;
}

function groupOf(repository: string | null, rows: readonly Omit<TagRow, 'grown' | 'isRepeated'>[]): TagGroup {
  const sorted = [...rows].sort((a, b) => (a.created ?? 0) - (b.created ?? 0) || byText(a.label, b.label));
  const before = new Map<string | null, number>();
  const named = grouped(rows, ({ label, platform }) => JSON.stringify([label, platform]));
  const sums = new Map<string | null, { tags: number; grown: number }>();
  const tags = sorted.map((row): TagRow => {
    const last = repository === null ? undefined : before.get(row.platform);
    const grown = last === undefined || row.bytes === null ? null : row.bytes - last;
    if (row.bytes !== null) before.set(row.platform, row.bytes);
    const sum = sums.get(row.platform) ?? { tags: 0, grown: 0 };
    sums.set(row.platform, { tags: sum.tags + 1, grown: sum.grown + (grown ?? 0) });
    const same = named.get(JSON.stringify([row.label, row.platform]))?.length ?? 0;
    return { ...row, grown, isRepeated: same > 1 };
  });
  const usual = [...sums.values()].sort((a, b) => b.tags - a.tags)[0];
  const grown = repository === null || usual === undefined || usual.tags < 2 ? null : usual.grown;
  return {
    repository,
    tags: tags.reverse(),
    ...tagCounts(repository, tags),
    hasPlatforms: sums.size > 1,
    grown,
  };
}

/** Counts the distinct tags and images of a name's rows. */
export function tagCounts(repository: string | null, tags: readonly TagRow[]): Pick<TagGroup, 'tagCount' | 'images'> {
  return {
    tagCount: repository === null ? 0 : new Set(tags.flatMap(({ tag }) => tag ?? [])).size,
    images: new Set(tags.map(({ image }) => image)).size,
  };
}

const BY_TEXT = new Intl.Collator('en', { numeric: true });

export function byText(a: string | null, b: string | null): number {
  return BY_TEXT.compare(a ?? '', b ?? '');
}

/** Returns the registry and folders that the names of all images begin with; empty if they share none, or if there are few images. */
export function sharedStart(images: readonly CatalogImage[]): string {
  const [first, ...others] = images.map((image) => placeName(image, 0));
  if (first === undefined || others.length === 0) return '';
  let length = first.length;
  for (const name of others) {
    let same = 0;
    while (same < length && name[same] === first[same]) same++;
    length = same;
  }
  return first.slice(0, first.lastIndexOf('/', length - 1) + 1);
}
