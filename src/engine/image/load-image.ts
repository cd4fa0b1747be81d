import type { Archive, ArchiveImage, ArchiveLayer, ArchiveReader, IndexedLayer, Progress } from '#archive';
import { buildStackInTurns } from '#changes';
import { createRest } from '#engine/turns';
import { wasteFindings } from '#findings/waste';
import { type Finding, type ImageReport, type LayerReport, LayerscopeError, sortFindings } from '#model';
import { applyBodyRules, configFindings, fileFindings } from '../scan/index.ts';
import { BoundedFindings } from './bounded-findings.ts';
import { attestationReport } from './stated-reports.ts';
import type { LoadedImage } from './types.ts';

/** Maximum number of an image's findings about waste and file modes, so that they don't crowd out those about damage. */
const MAX_WASTE_FINDINGS = 5_000;

export interface LoadOptions {
  /** Reads every byte and checks every digest and diffID; mismatches become findings. */
  readonly verify?: boolean;
  /** Reads every byte and searches all files for secrets, which become findings. */
  readonly scan?: boolean;
  /** Whether a scan also reports files with equal contents, which have nothing to do with secrets. Defaults to true. */
  readonly findsCopies?: boolean;
  /** Needed for comparing contents; see {@link ArchiveReader.indexLayers}. */
  readonly sums?: 'taken';
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Called for each layer once read, in any order; null if its blob is missing. */
  readonly onLayer?: (layer: ArchiveLayer, indexed: IndexedLayer | null) => void;
}

function layerReport(layer: ArchiveLayer, indexed: IndexedLayer | null, stack: LoadedImage['stack']): LayerReport {
  const { index, digest, diffId, mediaType, createdBy, compression, blobBytes, urls, illFormed } = layer;
  const summary = stack.summaries[index];
  return {
    index,
    digest: digest ?? illFormed?.digest ?? null,
    diffId: diffId ?? illFormed?.diffId ?? null,
    mediaType,
    compression,
    status: indexed?.status ?? layer.status,
    blobBytes,
    tarBytes: indexed?.tarBytes ?? 0,
    fileBytes: summary?.fileBytes ?? 0,
    entries: summary?.entries ?? 0,
    added: summary?.added ?? 0,
    modified: summary?.modified ?? 0,
    removed: summary?.removed ?? 0,
    createdBy,
    ...(indexed?.table.provenance === 'toc' ? { listedBy: 'toc' as const } : {}),
    ...(urls.length === 0 ? {} : { urls }),
  };
}

function imageReport(image: ArchiveImage, indexed: readonly (IndexedLayer | null)[], stack: LoadedImage['stack']): ImageReport {
  const { index, names, platform, osVersion, configDigest, manifestDigest, history, attestations } = image;
  return {
    index,
    names,
    platform,
    ...(osVersion === undefined ? {} : { osVersion }),
    configDigest: configDigest ?? image.illFormedConfigDigest ?? null,
    manifestDigest,
    layers: image.layers.map((layer, at) => layerReport(layer, indexed[at] ?? null, stack)),
    history,
    totals: stack.totals,
    attestations: attestations.map(attestationReport),
  };
}

/**
 * Builds an image's stack and report from layers already read, and its findings when asked for. `indexed` is parallel to `image.layers`.
 * Throws CANCELLED.
 */
export async function assembleImage(
  reader: ArchiveReader,
  archive: Archive,
  image: ArchiveImage,
  indexed: readonly (IndexedLayer | null)[],
  { findsCopies = true, signal }: Pick<LoadOptions, 'findsCopies'> & { readonly signal?: AbortSignal | undefined } = {},
): Promise<LoadedImage> {
  const stack = await buildStackInTurns(
    indexed.map((layer) => layer?.table ?? null),
    createRest(signal),
    { caseInsensitive: image.os?.toLowerCase() === 'windows' },
  );
  const report = imageReport(image, indexed, stack);
  let findings: readonly Finding[] | null = null;
  return {
    reader,
    archive,
    image,
    layers: indexed,
    stack,
    report,
    // Findings are made on demand, because most commands don't show them.
    get findings() {
      findings ??= findingsOf(image, indexed, stack, findsCopies);
      return findings;
    },
  };
}

function findingsOf(
  image: ArchiveImage,
  indexed: readonly (IndexedLayer | null)[],
  stack: LoadedImage['stack'],
  findsCopies: boolean,
): Finding[] {
  const bounded = new BoundedFindings();
  indexed.forEach((layer, index) => {
    for (const finding of layer?.findings ?? []) bounded.add({ ...finding, image: image.index, layer: index });
  });
  const isScanned = indexed.some((layer) => layer?.scan !== undefined);
  const copies = isScanned && findsCopies ? applyBodyRules(stack) : [];
  // One after the other, because there may be a million copies, most of which are only counted.
  for (const found of [copies, stack.findings]) for (const finding of found) bounded.add({ ...finding, image: image.index });
  // Secrets have their own limit, so that they and the other findings don't crowd each other out.
  const secrets = new BoundedFindings();
  const inFiles = isScanned ? fileFindings(indexed, stack) : [];
  for (const finding of [...configFindings(image), ...inFiles]) secrets.add({ ...finding, image: image.index });
  const waste = new BoundedFindings(MAX_WASTE_FINDINGS);
  for (const finding of wasteFindings(stack)) waste.add({ ...finding, image: image.index });
  return sortFindings([...bounded.finish(), ...secrets.finish(), ...waste.finish()]);
}

/**
 * Reads the layers of one image and stacks them. Throws NOT_FOUND if the image doesn't exist, and what {@link ArchiveReader.indexLayers}
 * throws.
 */
export async function loadImage(
  reader: ArchiveReader,
  archive: Archive,
  imageIndex: number,
  options: LoadOptions = {},
): Promise<LoadedImage> {
  const image = archive.images[imageIndex];
  if (image === undefined) throw new LayerscopeError('NOT_FOUND', `no image ${imageIndex}`);
  return assembleImage(reader, archive, image, await reader.indexLayers(image.layers, options), options);
}
