import type { Archive, ArchiveReader, BlobSource } from '#archive';
import { type ArchiveReport, formatCount, type ImageReport, LayerscopeError, sortFindings } from '#model';
import { BoundedFindings } from './bounded-findings.ts';
import { assembleImage, type LoadOptions } from './load-image.ts';
import { artifactReport } from './stated-reports.ts';

/** Maximum number of entries stacked for a report of all images. */
const MAX_STACKED_ENTRIES = 100_000_000;

/** Limits for caching an archive's report. For a larger archive, computing the cache key takes as long as making the report. */
const MAX_KEPT_LAYERS = 1_000;
const MAX_KEPT_CONFIG_BYTES = 1024 * 1024;

interface InspectOptions extends LoadOptions {
  /** Identifies this build of the program. If set, the report is cached for later calls by the same build. */
  readonly build?: string | undefined;
}

/**
 * Creates the report of `inspect --json`. Reads all layers of all images in parallel, reading each shared blob once, unless a report of the
 * same archive is cached. Throws what {@link ArchiveReader.indexLayers} throws.
 */
export async function inspectArchive(reader: ArchiveReader, archive: Archive, options: InspectOptions = {}): Promise<ArchiveReport> {
  const key = options.verify || options.scan ? null : reportKey(archive, options.build);
  const kept = key === null ? null : reader.keptReport(key);
  if (kept !== null) return withSource(JSON.parse(kept) as ArchiveReport, archive);
  const report = await makeReport(reader, archive, options);
  if (key !== null && mayKeep(report, archive)) reader.keepReport(key, JSON.stringify(report));
  return withSource(report, archive);
}

/** Adds the facts about the image's source, such as the bytes fetched so far. They differ between calls, so they are never cached. */
function withSource({ format, ...rest }: ArchiveReport, { source }: Archive): ArchiveReport {
  return { format, ...(source === undefined ? {} : { source: { ...source } }), ...rest };
}

/**
 * Returns the cache key, made of everything that goes into a report: what was read from the archive, and the keys that the index cache has
 * for the bytes of its layers. Null if the report can't be cached.
 */
function reportKey({ format, source, images, artifacts, findings }: Archive, build: string | undefined): string | null {
  const layers = images.flatMap((image) => image.layers);
  const configBytes = images.reduce((sum, { configSource }) => sum + (configSource?.length ?? 0), 0);
  if (build === undefined || layers.length > MAX_KEPT_LAYERS || configBytes > MAX_KEPT_CONFIG_BYTES) return null;
  // Leaves out where the config and the blobs are, which may change; the image's other fields cover what the config says.
  const named = images.map((image) => {
    const ofImage = image.layers.map((layer) => ({ ...layer, blob: layer.blob?.cacheKey ?? null }));
    return { ...image, layers: ofImage, configSource: null };
  });
  if (layers.some(({ blob }) => blob !== null && !isNamed(blob, source !== undefined))) return null;
  return `report:${build}:${JSON.stringify([format, named, artifacts, findings])}`;
}

/**
 * Whether a blob's key identifies its bytes. An engine may change its files while their names stay the same, but a digest stands for fixed
 * bytes.
 */
function isNamed({ cacheKey }: BlobSource, hasSource: boolean): boolean {
  return hasSource ? cacheKey.startsWith('digest:') : cacheKey !== '';
}

/**
 * Reports that list secrets are never cached, nor are those that a failing network or an unverified table of contents may have affected.
 */
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
    // Limits the total, because thousands of images may share one large layer, and stacking it for each would take hours.
    for (const layer of ofImage) entries += layer?.table.memberCount ?? 0;
    if (images.length > 0 && entries > MAX_STACKED_ENTRIES) {
      const message = `the layers of its images have more than ${formatCount(MAX_STACKED_ENTRIES)} entries, counted for each image`;
      throw new LayerscopeError('TOO_LARGE', `${message}: look at one image with ls, changes or waste --image`);
    }
    // The stack is needed only for its counts and isn't kept.
    const loaded = await assembleImage(reader, archive, image, ofImage, { signal: options.signal });
    images.push(loaded.report);
    // Notes have their own limit, so that an image with many of them doesn't hide what is wrong with the next image.
    for (const finding of loaded.findings) (finding.severity === 'note' ? notes : bounded).add(finding);
  }
  return {
    format: archive.format,
    images,
    artifacts: archive.artifacts.map(artifactReport),
    findings: sortFindings([...bounded.finish(), ...notes.finish()]),
  };
}
