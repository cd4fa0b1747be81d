import { type Archive, type ArchiveImage, chainIds, type IndexedLayer } from '#archive';
import type { ArchiveSummary, ImageSummary, StoredRef } from '#contract';
import { hiveCandidates, SYSTEM_HIVES } from '#format/layer';
import { type Finding, type ImageReport, isWindowsPlatform, type LayerReport } from '#model';
import { artifactReport, attestationReport } from '../image/stated-reports.ts';
import type { LoadedImage } from '../image/types.ts';

/** What is known about an open archive at a given moment. */
export interface ArchiveState {
  readonly archiveId: string;
  /** Name shown to the user. */
  readonly title: string;
  /** Name of the folder that contains the archive; absent if it would mean nothing to the user. */
  readonly folder?: string | undefined;
  /** The item that was opened, if it is in a store. */
  readonly stored?: StoredRef | undefined;
  readonly sizeBytes: number;
  readonly archive: Archive;
  /** By image; null until its layers are read. */
  readonly loaded: readonly (LoadedImage | null)[];
  /** By image and layer, while an image is being read; undefined for layers still to come. */
  readonly arrived: readonly (readonly (IndexedLayer | null | undefined)[])[];
}

/**
 * Maximum number of findings in one summary, which must fit into a message. Errors come first, then warnings, then notes. Secrets have
 * their own limit, so that a scan for them doesn't displace other findings.
 */
export const MAX_SUMMARY_FINDINGS = 2_000;
export const MAX_SUMMARY_SECRETS = 500;

const SEVERITIES = ['error', 'warning', 'note'] as const;

const NO_TOTALS = { files: 0, fileBytes: 0, finalBytes: 0, wastedBytes: 0, efficiency: 1 } as const;

/** Reports an image whose layers aren't stacked yet: facts from its manifest, and sizes of the layers read so far. */
function unloadedReport(image: ArchiveImage, arrived: readonly (IndexedLayer | null | undefined)[]): ImageReport {
  const layers = image.layers.map((layer): LayerReport => {
    const { index, digest, diffId, mediaType, compression, status, blobBytes, createdBy, urls, illFormed } = layer;
    const indexed = arrived[index];
    return {
      index,
      digest: digest ?? illFormed?.digest ?? null,
      diffId: diffId ?? illFormed?.diffId ?? null,
      mediaType,
      compression,
      status: indexed?.status ?? status,
      blobBytes,
      tarBytes: indexed?.tarBytes ?? 0,
      fileBytes: indexed ? sum(indexed.table.size) : 0,
      entries: indexed?.table.memberCount ?? 0,
      added: 0,
      modified: 0,
      removed: 0,
      createdBy,
      ...(urls.length === 0 ? {} : { urls }),
    };
  });
  const { index, names, platform, osVersion, manifestDigest, history } = image;
  const configDigest = image.configDigest ?? image.illFormedConfigDigest ?? null;
  const os = osVersion === undefined ? {} : { osVersion };
  const attestations = image.attestations.map(attestationReport);
  return { index, names, platform, ...os, configDigest, manifestDigest, layers, history, totals: NO_TOTALS, attestations };
}

function sum(column: Float64Array): number {
  let total = 0;
  for (let i = 0; i < column.length; i++) total += column[i] as number;
  return total;
}

/** Whether files of the image were searched for secrets. */
export function wasScanned(loaded: LoadedImage | null | undefined): boolean {
  return loaded?.layers.some((layer) => layer?.scan !== undefined) ?? false;
}

const hives = new WeakMap<LoadedImage, boolean>();

/**
 * Whether a layer has registry hives where Windows keeps them. This identifies a bare layer, which doesn't state its system, as one from
 * Windows.
 */
function holdsHives(loaded: LoadedImage): boolean {
  let found = hives.get(loaded);
  if (found === undefined) {
    found = loaded.layers.some(
      (layer, index) => layer !== null && hiveCandidates(layer.table, index).some(({ hive }) => SYSTEM_HIVES.includes(hive)),
    );
    hives.set(loaded, found);
  }
  return found;
}

function imageSummary({ archive, loaded, arrived }: ArchiveState, index: number): ImageSummary {
  const image = archive.images[index] as ArchiveImage;
  const report = loaded[index]?.report ?? unloadedReport(image, arrived[index] ?? []);
  return {
    ...report,
    loaded: loaded[index] !== null && loaded[index] !== undefined,
    chainIds: chainIds(image.layers.map(({ diffId }) => diffId)),
    scanned: wasScanned(loaded[index]),
    hasRegistry: isWindowsPlatform(image.platform) || (image.platform === 'unknown' && loaded[index] != null && holdsHives(loaded[index])),
  };
}

/** Summarizes an archive: everything the window shows about it except rows. */
export function archiveSummary(state: ArchiveState): ArchiveSummary {
  const { archiveId, title, folder, stored, sizeBytes, archive, loaded } = state;
  const findings: Finding[] = [];
  const all = [archive.findings, ...loaded.map((image) => image?.findings ?? [])];
  const rest = { secrets: MAX_SUMMARY_SECRETS, others: MAX_SUMMARY_FINDINGS };
  for (const severity of SEVERITIES) {
    for (const group of all) {
      for (const finding of group) {
        if (finding.severity !== severity) continue;
        const kind = finding.code.startsWith('secret-') ? 'secrets' : 'others';
        if (rest[kind] === 0) continue;
        rest[kind]--;
        findings.push(finding);
      }
    }
  }
  const findingsTotal = all.reduce((total, group) => total + group.length, 0);
  const images = archive.images.map((_, index) => imageSummary(state, index));
  const { format, artifacts } = archive;
  // Copied, because the reader keeps increasing `fetchedBytes` in the original.
  const source = archive.source === undefined ? {} : { source: { ...archive.source } };
  const others = artifacts.length === 0 ? {} : { artifacts: artifacts.map(artifactReport) };
  return {
    archiveId,
    title,
    ...(folder === undefined ? {} : { folder }),
    format,
    ...source,
    ...(stored === undefined ? {} : { stored }),
    sizeBytes,
    images,
    ...others,
    findings,
    findingsTotal,
  };
}
