import type { ArchiveSummary, ImageSummary } from '#contract';
import { type ArtifactReport, displayText, isBareTag, shortDigest } from '#model';
import { words } from '../words/index.ts';

/**
 * Returns the name to show for an image. This is its first name, appended to the archive's name if it is only a tag; for an image without a
 * name, its config's short digest or else the archive's name. For a layer tar, it is the name of the file.
 */
export function imageTitle(archive: ArchiveSummary, image: ImageSummary): string {
  if (archive.format === 'layer') return displayText(archive.title);
  const name = image.names[0];
  if (name !== undefined) return displayText(shortName(fullName(archive, name)));
  if (image.configDigest !== null) return shortDigest(image.configDigest);
  return displayText(archive.title);
}

/**
 * Returns the full form of an image's name. In OCI archives and layouts it is often only a tag, which is then appended to the archive's
 * name: `debian:12`.
 */
export function fullName({ title, format }: ArchiveSummary, name: string): string {
  // The title of a stored image is `store:` with a digest, to which no tag is appended.
  return isBareTag(format, name) && !title.includes(':') ? taggedTitle(title, name) : name;
}

/** Returns the name of an archive with a tag: `debian:12` for `debian.tar`. */
export function taggedTitle(title: string, tag: string): string {
  return `${archiveName(title)}:${tag}`;
}

/** Returns an archive's name without its extension. */
export function archiveName(title: string): string {
  return title.replace(/\.(tar|tgz|oci)(\.\w+)?$/i, '');
}

/** Returns the last part of a name, which distinguishes most images. */
export function lastPart(title: string): string {
  return title.slice(title.lastIndexOf('/') + 1);
}

/** Returns the last part of an image's name, and its tag, for places with space only for the beginnings of both. */
export function shortTitle(title: string): readonly string[] {
  const last = lastPart(title);
  const colon = last.lastIndexOf(':');
  const parts = colon <= 0 ? [last] : [last.slice(0, colon), last.slice(colon + 1)];
  return parts.filter((part) => part !== '');
}

/** Shortens a name by dropping Docker Hub's host and `library/`. */
export function shortName(name: string): string {
  return name.replace(/^docker\.io\/(library\/)?/, '');
}

/**
 * Number of images per archive, and of archives, that the library draws at first. Even an archive of a few kilobytes may list thousands of
 * images.
 */
export const MOST_IMAGES = 500;

/**
 * Returns how many images of each archive the library draws at first. With many archives it is fewer, so that the total stays small enough
 * for the page.
 */
export function imagesPerArchive(archives: readonly ArchiveSummary[]): number {
  const drawn = (most: number) => archives.reduce((sum, { images }) => sum + Math.min(images.length, most), 0);
  let most = MOST_IMAGES;
  while (most > 1 && drawn(most) > 2 * MOST_IMAGES) most = Math.floor(most / 2);
  return most;
}

/** Returns the items of a list that are drawn: its first ones, and the current one if it isn't among them. */
export function withCurrent<T>(first: readonly T[], current: T | undefined): readonly T[] {
  return current === undefined || first.includes(current) ? first : [...first, current];
}

/** Describes how many images and artifacts an archive contains. */
export function contentWords({ images, artifacts = [] }: ArchiveSummary): string {
  return words.library.holds(images.length, artifacts.length);
}

/** Returns the name to show for an artifact: its first name, else its short digest. */
export function artifactTitle({ names, digest }: ArtifactReport): string {
  return names[0] === undefined ? shortDigest(digest) : displayText(names[0]);
}

/** Returns the stored size of the image's layers in the archive. */
export function storedBytes(image: ImageSummary): number {
  let bytes = 0;
  for (const layer of image.layers) bytes += layer.blobBytes;
  return bytes;
}
