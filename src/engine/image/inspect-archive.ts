import type { Archive, ArchiveReader, BlobSource } from '#archive';
import { type ArchiveReport, formatCount, type ImageReport, LayerscopeError, sortFindings } from '#model';
import { BoundedFindings } from './bounded-findings.ts';
import { assembleImage, type LoadOptions } from './load-image.ts';
import { artifactReport } from './stated-reports.ts';

/** Maximum number of entries stacked for a report of all images. */
const MAX_STACKED_ENTRIES = 100_000_000;

/** Limits of an archive whose report is kept. Naming all that a larger one's is made from takes as long as making it. */
const MAX_KEPT_LAYERS = 1_000;
const MAX_KEPT_CONFIG_BYTES = 1024 * 1024;

interface InspectOptions extends LoadOptions {
  /** Identifies this build of the program. If set, the report is kept for the next call of the same build. */
  readonly build?: string | undefined;
}

/**
 * Creates the report of `inspect --json`. Reads all layers of all images in parallel, reading each shared blob once, unless the report of
 * the same archive is kept. Throws what {@link ArchiveReader.indexLayers} throws.
 */
export async function inspectArchive(reader: ArchiveReader, archive: Archive, options: InspectOptions = {}): Promise<ArchiveReport> {
  const key = options.verify || options.scan ? null : reportKey(archive, options.build);
  const kept = key === null ? null : reader.keptReport(key);
  if (kept !== null) return withSource(JSON.parse(kept) as ArchiveReport, archive);
  const report = await makeReport(reader, archive, options);
  if (key !== null && mayKeep(report, archive)) reader.keepReport(key, JSON.stringify(report));
  return withSource(report, archive);
}

/** What an image's source has answered so far is part of each report, and of no kept one. */
function withSource({ format, ...rest }: ArchiveReport, { source }: Archive): ArchiveReport {
  return { format, ...(source === undefined ? {} : { source: { ...source } }), ...rest };
}

/**
 * Names everything that a report is made from: what was read of the archive, and the layers, whose bytes the index cache knows by the same
 * names. Null if the report can't be kept.
 */
function reportKey({ format, source, images, artifacts, findings }: Archive, build: string | undefined): string | null {
  const layers = images.flatMap((image) => image.layers);
  const configBytes = images.reduce((sum, { configSource }) => sum + (configSource?.length ?? 0), 0);
  if (build === undefined || layers.length > MAX_KEPT_LAYERS || configBytes > MAX_KEPT_CONFIG_BYTES) return null;
  // Where the config and the blobs lie may be another place each time; what the config says is among the image's fields.
  const named = images.map((image) => {
    const ofImage = image.layers.map((layer) => ({ ...layer, blob: layer.blob?.cacheKey ?? null }));
    return { ...image, layers: ofImage, configSource: null };
  });
  if (layers.some(({ blob }) => blob !== null && !isNamed(blob, source !== undefined))) return null;
  return `report:${build}:${JSON.stringify([format, named, artifacts, findings])}`;
}

/** Whether a blob's bytes have a name. What an engine has on the disk may change beside the file that names it, but not a digest's bytes. */
function isNamed({ cacheKey }: BlobSource, hasSource: boolean): boolean {
  return hasSource ? cacheKey.startsWith('digest:') : cacheKey !== '';
}

/** What is found of secrets is never kept, nor what a failing network or an unverified table of contents may have made of an image. */
function mayKeep({ findings }: ArchiveReport, { source }: Archive): boolean {
  if (findings.some(({ code }) => code.startsWith('secret-'))) return false;
  return source === undefined || (source.verified && findings.every(({ severity, code }) => severity !== 'error' && code !== 'unverified'));
}

async function makeReport(reader: ArchiveReader, archive: Archive, options: LoadOptions): Promise<ArchiveReport> {
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
  return {
    format: archive.format,
    images,
    artifacts: archive.artifacts.map(artifactReport),
    findings: sortFindings([...bounded.finish(), ...notes.finish()]),
  };
}
