// Lists layers from their tables of contents (TOCs) so that little of the layers has to be fetched.
import { type LayerTable, NO_NODE, nodePath } from '#format/layer';
import { asLayerscopeError, type Finding, finding } from '#model';
import { type Arrival, arrivalOf } from '../blob/arrival.ts';
import type { IndexCache } from '../cache/index-cache.ts';
import type { OnTocSize, PackedToc } from '../source-types.ts';
import type { BlobSource, IndexedBlob } from '../types.ts';
import { findToc, mayHaveToc, statedTocDigest } from './find-toc.ts';

/** SOCI indexes aren't looked up for smaller layers, because that takes a request. By default, SOCI doesn't index layers under 10 MiB. */
const MIN_SOCI_BYTES = 1024 * 1024;

/** Errors that end the reading; after any other, the layer itself is read. */
const FATAL: ReadonlySet<string> = new Set(['CANCELLED', 'INTERNAL']);
/** Errors that prove a TOC wrong. */
export const UNTRUE: ReadonlySet<string> = new Set(['DAMAGED', 'TRUNCATED', 'DIGEST_MISMATCH', 'BAD_TAR']);

/** The outcome of listing a layer by its TOC. */
export interface LazyResult {
  /** Null if the layer itself must be read. */
  readonly indexed: IndexedBlob | null;
  /** What is wrong with the layer's TOC; null if nothing is known to be. */
  readonly problem: Finding | null;
}

/** Returns the arrival of a layer that has to be fetched and may have a TOC; null for any other layer. */
export function lazyArrival(blob: BlobSource): Arrival | null {
  const arrival = arrivalOf(blob);
  if (arrival === null || arrival.parts === null || arrival.isHere) return null;
  return mayHaveToc({ ...blob, annotations: arrival.parts.annotations }) ? arrival : null;
}

/** Returns the cached table made from a TOC; null if there is none. */
export function keptLazily(blob: BlobSource, cache: IndexCache | null): IndexedBlob | null {
  const annotations = arrivalOf(blob)?.parts?.annotations;
  const digest = annotations === undefined ? null : statedTocDigest({ annotations });
  return digest === null ? null : (cache?.readToc(blob, digest) ?? null);
}

interface LazyParts {
  /** Makes the table from a packed TOC. */
  readonly index: (toc: PackedToc) => Promise<IndexedBlob>;
  /** Waits until there is memory for a TOC of this unpacked size. */
  readonly onSize: OnTocSize;
  readonly cache: IndexCache | null;
}

/** Lists a layer by its TOC. Throws CANCELLED; after any other error, the layer itself is read. */
export async function readLazily(
  arrival: Arrival,
  blob: BlobSource,
  { index, onSize, cache }: LazyParts,
  signal: AbortSignal,
): Promise<LazyResult> {
  const { annotations = {}, onUnverified } = arrival.parts ?? {};
  try {
    const { length, compression } = blob;
    const read = (first: number, count: number): Promise<Uint8Array> => arrival.part(first, count, false, signal);
    const external = async (): Promise<Uint8Array | null> => (await arrival.parts?.externalToc?.(signal, onSize)) ?? null;
    const toc =
      (await findZtoc(arrival, blob, signal, onSize)) ?? (await findToc({ length, compression, annotations, read, external, onSize }));
    if (toc === null) return { indexed: null, problem: null };
    const known = toc.dialect === 'ztoc' && toc.statedDigest !== null ? cache?.readToc(blob, toc.statedDigest) : null;
    const indexed = known ?? (await index(toc));
    if (indexed.layer.findings.some(({ code }) => code === 'unverified')) onUnverified?.();
    return { indexed, problem: null };
  } catch (error) {
    const { code, message } = asLayerscopeError(error);
    if (FATAL.has(code)) throw error;
    return { indexed: null, problem: UNTRUE.has(code) ? finding('toc-mismatch', message) : null };
  }
}

/** TOCs of a layer that are stored outside the layer. Structured-clonable. */
export interface TocsBeside {
  readonly ztoc: PackedToc | null;
  /** The packed TOC from a separate image. */
  readonly external: Uint8Array | null;
  /** Why one of these TOCs can't be right, even though it could be fetched. */
  readonly problem: string | null;
}

/**
 * Fetches the TOCs that a registry has outside the layer, so that they can be compared with the layer; null if there can't be any. Throws
 * CANCELLED. A TOC that can't be fetched can't mislead anybody, so other errors are ignored.
 */
export async function tocsBeside(blob: BlobSource, signal: AbortSignal): Promise<TocsBeside | null> {
  const arrival = arrivalOf(blob);
  if (arrival === null || arrival.parts === null || blob.compression !== 'gzip') return null;
  const { annotations = {}, externalToc } = arrival.parts;
  let problem: string | null = null;
  const attempt = async <T>(fetching: () => Promise<T> | undefined): Promise<T | null> => {
    try {
      return (await fetching()) ?? null;
    } catch (error) {
      const { code, message } = asLayerscopeError(error);
      if (FATAL.has(code)) throw error;
      if (UNTRUE.has(code)) problem ??= message;
      return null;
    }
  };
  const isEstargz = statedTocDigest({ annotations }) !== null;
  const ztoc = await attempt(() => findZtoc(arrival, blob, signal));
  const external = isEstargz ? await attempt(() => externalToc?.(signal)) : null;
  return ztoc === null && external === null && problem === null ? null : { ztoc, external, problem };
}

/** Finds the zTOC of a gzip layer without a TOC in its annotations. SOCI doesn't make zTOCs for small layers. */
async function findZtoc(
  arrival: Arrival,
  { compression, length }: BlobSource,
  signal: AbortSignal,
  onSize?: OnTocSize,
): Promise<PackedToc | null> {
  const { ztoc, annotations = {} } = arrival.parts ?? {};
  if (ztoc === undefined || compression !== 'gzip' || length < MIN_SOCI_BYTES || statedTocDigest({ annotations }) !== null) return null;
  const found = await ztoc(signal, onSize);
  if (found === null) return null;
  const { bytes, digest, isVouched } = found;
  const nowhere = { start: 0, end: 0, plainBytes: null, dataEnd: 0, tarSplit: null, tarBytes: 0 };
  return { dialect: 'ztoc', packed: bytes, statedDigest: isVouched ? digest : null, ...nowhere };
}

/** Whether a member has the same type and path in both tables. */
export function isSameEntry(a: LayerTable, b: LayerTable, member: number): boolean {
  const [node, other] = [a.node[member], b.node[member]];
  if (node === undefined || other === undefined || a.type[member] !== b.type[member]) return false;
  if (node === NO_NODE || other === NO_NODE) return node === other;
  return Buffer.from(nodePath(a, node)).equals(nodePath(b, other));
}
