import type { ArchiveSummary, ImageSummary } from '#contract';
import { type ArtifactReport, displayText, formatCount, shortDigest } from '#model';

/** An image's name for people: its first name, else its config's short digest, else the archive's name. A layer tar goes by its file's name. */
export function imageTitle(archive: ArchiveSummary, image: ImageSummary): string {
  if (archive.format === 'layer') return displayText(archive.title);
  const name = image.names[0];
  if (name !== undefined) return displayText(shortName(name));
  if (image.configDigest !== null) return shortDigest(image.configDigest);
  return displayText(archive.title);
}

/** The last part of a name, which distinguishes most images. */
export function lastPart(title: string): string {
  return title.slice(title.lastIndexOf('/') + 1);
}

/** A name without Docker Hub's host and `library/`. */
export function shortName(name: string): string {
  return name.replace(/^docker\.io\/(library\/)?/, '');
}

export const FORMAT_WORDS: Record<ArchiveSummary['format'], string> = {
  'docker-archive': 'Docker archive',
  'oci-archive': 'OCI archive',
  'oci-layout': 'OCI layout folder',
  dir: 'Image folder (dir:)',
  layer: 'Layer tar',
};

/** How many images and artifacts an archive holds, in words. */
export function contentWords({ images, artifacts = [] }: ArchiveSummary): string {
  const count = (each: readonly unknown[], word: string) => `${formatCount(each.length)} ${word}${each.length === 1 ? '' : 's'}`;
  if (artifacts.length === 0) return images.length === 0 ? 'no images' : count(images, 'image');
  return images.length === 0 ? count(artifacts, 'artifact') : `${count(images, 'image')}, ${count(artifacts, 'artifact')}`;
}

/** An artifact's name for people: its first name, else its short digest. */
export function artifactTitle({ names, digest }: ArtifactReport): string {
  return names[0] === undefined ? shortDigest(digest) : displayText(names[0]);
}

/** Bytes of the image's layers as the archive stores them. */
export function storedBytes(image: ImageSummary): number {
  let bytes = 0;
  for (const layer of image.layers) bytes += layer.blobBytes;
  return bytes;
}
