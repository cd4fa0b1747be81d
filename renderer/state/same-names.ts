import type { ArchiveSummary, ImageSummary } from '#contract';
import { displayText } from '#model';
import { words } from '../words/index.ts';
import { imageTitle, lastPart } from './library.ts';

interface ImageOf {
  readonly archive: ArchiveSummary;
  readonly image: ImageSummary;
}

/** The names under which open archives and their images are shown, counted once for all of them. */
interface Names {
  readonly archives: ReadonlyMap<string, readonly ArchiveSummary[]>;
  /** How many images have each title. */
  readonly titles: ReadonlyMap<string, number>;
  /** How many images are shown under each name, and their platforms. */
  readonly shown: ReadonlyMap<string, { readonly count: number; readonly platforms: ReadonlySet<string> }>;
}

const counted = new WeakMap<readonly ArchiveSummary[], Names>();

/**
 * Returns the names, counted once for each list of archives: an archive may have thousands of images, and each looks up the others' names
 * whenever the state changes.
 */
function namesOf(archives: readonly ArchiveSummary[]): Names {
  const known = counted.get(archives);
  if (known !== undefined) return known;
  const byTitle = new Map<string, ArchiveSummary[]>();
  const titles = new Map<string, number>();
  const shown = new Map<string, { count: number; platforms: Set<string> }>();
  for (const archive of archives) {
    const same = byTitle.get(archive.title);
    if (same === undefined) byTitle.set(archive.title, [archive]);
    else same.push(archive);
    for (const image of archive.images) {
      const title = imageTitle(archive, image);
      titles.set(title, (titles.get(title) ?? 0) + 1);
      const name = lastPart(title);
      const those = shown.get(name) ?? { count: 0, platforms: new Set() };
      those.count++;
      those.platforms.add(image.platform);
      shown.set(name, those);
    }
  }
  const names = { archives: byTitle, titles, shown };
  counted.set(archives, names);
  return names;
}

/**
 * Returns an archive's name, with what distinguishes it from other open archives with the same name: its folder or, if they are in the same
 * folder, its place in the order in which they were opened.
 */
export function archiveLabel(archives: readonly ArchiveSummary[], archive: ArchiveSummary): string {
  const sameTitle = namesOf(archives).archives.get(archive.title) ?? [];
  if (sameTitle.length < 2) return displayText(archive.title);
  const twins = sameTitle.filter(({ folder }) => folder === archive.folder);
  const label = displayText(
    archive.folder === undefined || twins.length === sameTitle.length ? archive.title : `${archive.folder}/${archive.title}`,
  );
  if (twins.length < 2) return label;
  return words.library.opening(label, twins.findIndex(({ archiveId }) => archiveId === archive.archiveId) + 1);
}

/**
 * Returns what distinguishes an image from another one that is shown under the same name; null if the names differ, or if both are the same
 * image.
 */
export function apartFrom(archives: readonly ArchiveSummary[], of: ImageOf, other: ImageOf): string | null {
  if (shownName(of) !== shownName(other)) return null;
  if (of.archive.archiveId !== other.archive.archiveId) return archiveLabel(archives, of.archive);
  if (of.image.index === other.image.index) return null;
  return of.image.platform === other.image.platform ? words.library.imageNumber(of.image.index + 1) : displayText(of.image.platform);
}

/** Whether another open image is shown under the same name and differs from this one in its platform. */
export function differsInPlatform(archives: readonly ArchiveSummary[], of: ImageOf): boolean {
  const platforms = namesOf(archives).shown.get(shownName(of))?.platforms;
  return platforms !== undefined && platforms.size > (platforms.has(of.image.platform) ? 1 : 0);
}

/** Whether more than one open image has this title. */
export function isTitleOfSeveral(archives: readonly ArchiveSummary[], title: string): boolean {
  return (namesOf(archives).titles.get(title) ?? 0) > 1;
}

/** Appends what {@link apartFrom} returns to a name. */
export function withApart(name: string, apart: string | null): string {
  return apart === null ? name : words.library.apart(name, apart);
}

/** Maximum length of the part of a name that {@link distinctFrom} keeps visible. */
const MOST_DISTINCT = 24;

/**
 * Returns where the part of a name begins that distinguishes it from another name, at the start of a word. Undefined if the names share no
 * first word, if one of them is all that the other begins with, or if that part is too long to be kept visible.
 */
export function distinctFrom(name: string, other: string): number | undefined {
  let same = 0;
  while (same < name.length && name[same] === other[same]) same++;
  if (same === name.length || same === other.length) return undefined;
  const word = name.slice(0, same).search(/[-_:@/ ][^-_:@/ ]*$/) + 1;
  return word > 0 && name.length - word <= MOST_DISTINCT ? word : undefined;
}

function shownName({ archive, image }: ImageOf): string {
  return lastPart(imageTitle(archive, image));
}

/**
 * Returns what a list says about an image next to its name: its platform, and before that its archive if the list has other images of that
 * name; undefined if there is nothing to say.
 */
export function choiceDetail(archives: readonly ArchiveSummary[], of: ImageOf): string | undefined {
  const isTwice = (namesOf(archives).shown.get(shownName(of))?.count ?? 0) > 1;
  const platform = of.image.platform === 'unknown' ? '' : displayText(of.image.platform);
  if (isTwice) return words.compare.imageDetail(archiveLabel(archives, of.archive), platform);
  return platform === '' ? undefined : platform;
}
