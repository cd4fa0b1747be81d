import type { ArchiveSummary, ImageSummary } from '#contract';
import { displayText } from '#model';
import { words } from '../words/index.ts';
import { imageTitle, lastPart } from './library.ts';

interface ImageOf {
  readonly archive: ArchiveSummary;
  readonly image: ImageSummary;
}

/**
 * Returns an archive's name, with what distinguishes it from other open archives with the same name: its folder or, if they are in the same
 * folder, its place in the order in which they were opened.
 */
export function archiveLabel(archives: readonly ArchiveSummary[], archive: ArchiveSummary): string {
  const sameTitle = archives.filter(({ title }) => title === archive.title);
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
  const name = shownName(of);
  return archives.some((archive) =>
    archive.images.some((image) => image.platform !== of.image.platform && shownName({ archive, image }) === name),
  );
}

/** Appends what {@link apartFrom} returns to a name. */
export function withApart(name: string, apart: string | null): string {
  return apart === null ? name : words.library.apart(name, apart);
}

function shownName({ archive, image }: ImageOf): string {
  return lastPart(imageTitle(archive, image));
}

/**
 * Returns what a list says about an image next to its name: its platform, and before that its archive if the list has other images of that
 * name; undefined if there is nothing to say.
 */
export function choiceDetail(archives: readonly ArchiveSummary[], of: ImageOf): string | undefined {
  const name = shownName(of);
  const isTwice =
    archives.reduce((count, archive) => count + archive.images.filter((image) => shownName({ archive, image }) === name).length, 0) > 1;
  const platform = of.image.platform === 'unknown' ? '' : displayText(of.image.platform);
  if (isTwice) return words.compare.imageDetail(archiveLabel(archives, of.archive), platform);
  return platform === '' ? undefined : platform;
}
