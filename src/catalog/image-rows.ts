// Rows of one image: its steps, packages and findings.
import { chainIds, sha256 } from '#archive';
import type { Row } from '#catalog/layout';
import type { LoadedImage } from '#engine';
import type { InstalledPackage } from '#engine/packages';
import { asObject } from '#format/image';
import { encodeUtf8, type Finding, type HistoryReport } from '#model';

/** Maps an image's layers to the catalog's: the diffID of each, or null if it has none. */
export type LayerIds = readonly (string | null)[];

/**
 * Returns the image's id: the digest of its config or, without one, of its manifest, or of its layers' ids. The config states the digests
 * of the unpacked layers, so an image has the same id however its layers are compressed.
 */
export function imageId({ configDigest, manifestDigest, platform }: LoadedImage['image'], layers: LayerIds): string {
  return configDigest ?? manifestDigest ?? sha256(encodeUtf8(JSON.stringify([platform, layers])));
}

/** Yields the rows of `history`: one for each step, and one for each layer without a step. */
export function* historyRows(image: string, loaded: LoadedImage, layers: LayerIds): Generator<Row> {
  const { history } = loaded.image;
  const chains = chainIds(layers);
  let index = 0;
  let step = 0;
  const layerCells = (at: number): Row => {
    const layer = loaded.image.layers[at];
    return {
      layerIndex: at,
      layer: layers[at] ?? null,
      chain: chains[at] ?? null,
      digest: layer?.digest ?? null,
      bytes: layer === undefined ? null : BigInt(layer.blobBytes),
    };
  };
  for (const each of history) {
    const hasLayer = !each.emptyLayer && index < layers.length;
    yield { image, step: step++, ...stepCells(each), ...(hasLayer ? layerCells(index++) : {}) };
  }
  while (index < layers.length) yield { image, step: step++, ...layerCells(index++) };
}

function stepCells({ createdBy, created, comment }: HistoryReport): Row {
  return { createdBy, created: timeOf(created), comment };
}

/** Parses an RFC 3339 time into microseconds; null if it is invalid. */
export function timeOf(text: unknown): bigint | null {
  if (typeof text !== 'string') return null;
  const [, whole = '', fraction = '', zone = ''] = /^(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  const millis = Date.parse(`${whole}${zone}`);
  if (Number.isNaN(millis)) return null;
  return BigInt(millis) * 1000n + BigInt(fraction.slice(1, 7).padEnd(6, '0') || '0');
}

/** Yields the packages as seen at the image's top layer. */
export function* packageRows(image: string, packages: readonly InstalledPackage[], layers: LayerIds): Generator<Row> {
  for (const { layer, largest: _, statedBytes, files, bytes, filesKnown, ...facts } of packages) {
    yield {
      image,
      layer: layers[layer] ?? null,
      layerIndex: layer,
      ...facts,
      statedBytes: whole(statedBytes),
      files: filesKnown ? BigInt(files) : null,
      bytes: filesKnown ? BigInt(bytes) : null,
    };
  }
}

/** Yields the findings, in the order of `inspect --json`. */
export function* findingRows(image: string, findings: readonly Finding[], layers: LayerIds): Generator<Row> {
  for (const {
    layer,
    code,
    severity,
    path,
    message,
    where,
    name,
    line,
    offset,
    shown,
    visible,
    removedIn,
    encrypted,
    bytes,
    of,
  } of findings) {
    yield {
      image,
      layer: layer === undefined ? null : (layers[layer] ?? null),
      layerIndex: layer ?? null,
      code,
      severity,
      path: path ?? null,
      message,
      foundIn: where ?? null,
      name: name ?? null,
      line: whole(line),
      fileOffset: whole(offset),
      shown: shown ?? null,
      visible: visible ?? null,
      removedIn: removedIn ?? null,
      encrypted: encrypted ?? null,
      bytes: whole(bytes),
      sameAs: of ?? null,
    };
  }
}

function whole(value: number | null | undefined): bigint | null {
  return value === null || value === undefined || !Number.isFinite(value) ? null : BigInt(Math.trunc(value));
}

/** Returns a config's labels, leaving out any that aren't strings. */
export function labelsOf(config: unknown): ReadonlyMap<string, string> {
  const inner = asObject(asObject(config)?.config);
  const labels = asObject(inner?.Labels) ?? {};
  return new Map(Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
