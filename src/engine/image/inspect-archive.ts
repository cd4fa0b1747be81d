import type { Archive, ArchiveReader } from '#archive';
import type { ArchiveReport, ImageReport } from '#model';
import { BoundedFindings } from './bounded-findings.ts';
import { assembleImage, type LoadOptions } from './load-image.ts';

/** Creates the report of `inspect --json`. Reads all layers of all images in parallel, each shared blob once. Throws what {@link ArchiveReader.indexLayers} throws. */
export async function inspectArchive(reader: ArchiveReader, archive: Archive, options: LoadOptions = {}): Promise<ArchiveReport> {
  const indexed = await reader.indexLayers(
    archive.images.flatMap(({ layers }) => layers),
    options,
  );
  const images: ImageReport[] = [];
  const bounded = new BoundedFindings();
  for (const finding of archive.findings) bounded.add(finding);
  let first = 0;
  for (const image of archive.images) {
    const ofImage = indexed.slice(first, first + image.layers.length);
    first += image.layers.length;
    // The stack is only needed for its counts and is not kept.
    const loaded = assembleImage(reader, archive, image, ofImage);
    images.push(loaded.report);
    for (const finding of loaded.findings) bounded.add(finding);
  }
  return { format: archive.format, images, artifacts: archive.artifacts, findings: bounded.finish() };
}
