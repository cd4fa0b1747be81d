import type { Archive, ArchiveReader } from '#archive';
import { type ArchiveReport, formatCount, type ImageReport, LayerscopeError, sortFindings } from '#model';
import { BoundedFindings } from './bounded-findings.ts';
import { assembleImage, type LoadOptions } from './load-image.ts';
import { artifactReport } from './stated-reports.ts';

/** Maximum number of entries stacked for a report of all images. */
const MAX_STACKED_ENTRIES = 100_000_000;

/**
 * Creates the report of `inspect --json`. Reads all layers of all images in parallel, reading each shared blob once. Throws what {@link
 * ArchiveReader.indexLayers} throws.
 */
export async function inspectArchive(reader: ArchiveReader, archive: Archive, options: LoadOptions = {}): Promise<ArchiveReport> {
  const indexed = await reader.indexLayers(
    archive.images.flatMap(({ layers }) => layers),
    options,
  );
  const images: ImageReport[] = [];
  const bounded = new BoundedFindings();
  const notes = new BoundedFindings();
  for (const finding of archive.findings) bounded.add(finding);
  let first = 0;
  let entries = 0;
  for (const image of archive.images) {
    const ofImage = indexed.slice(first, first + image.layers.length);
    first += image.layers.length;
    // Thousands of images may share one large layer, and stacking it for each would take hours.
    for (const layer of ofImage) entries += layer?.table.memberCount ?? 0;
    if (images.length > 0 && entries > MAX_STACKED_ENTRIES) {
      const message = `the layers of its images have more than ${formatCount(MAX_STACKED_ENTRIES)} entries, counted for each image`;
      throw new LayerscopeError('TOO_LARGE', `${message}: look at one image with ls, changes or waste --image`);
    }
    // The stack is only needed for its counts and is not kept.
    const loaded = assembleImage(reader, archive, image, ofImage);
    images.push(loaded.report);
    // Notes are bounded by themselves: an image with many of them doesn't hide what is wrong with the next.
    for (const finding of loaded.findings) (finding.severity === 'note' ? notes : bounded).add(finding);
  }
  const { format, source } = archive;
  return {
    format,
    ...(source === undefined ? {} : { source: { ...source } }),
    images,
    artifacts: archive.artifacts.map(artifactReport),
    findings: sortFindings([...bounded.finish(), ...notes.finish()]),
  };
}
