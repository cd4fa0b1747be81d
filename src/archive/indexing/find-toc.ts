// Finds a layer's table of contents (TOC): by its annotations, or by the footer at its end. Only ranges of the layer are read.
import { ESTARGZ_FOOTER_BYTES, parseEstargzFooter } from '#format/estargz';
import {
  parseZstdChunkedAnnotations,
  parseZstdChunkedFooter,
  ZSTD_CHUNKED_FOOTER_BYTES,
  type ZstdChunkedPosition,
} from '#format/zstd-chunked';
import { type Compression, isDigest, LayerscopeError } from '#model';
import type { OnTocSize, PackedToc } from '../source-types.ts';

const TOC_DIGEST = 'containerd.io/snapshot/stargz/toc.digest';
const PLAIN_BYTES = 'io.containers.estargz.uncompressed-size';
const ZSTD_CHECKSUMS = ['io.github.containers.zstd-chunked.manifest-checksum', 'io.containers.zstd-chunked.manifest-checksum'];

/** How many bytes at a layer's end to read first. In many small layers, these contain the entire TOC. */
const TAIL_BYTES = 16 * 1024;
/** Smaller layers without annotations aren't searched for a footer, because reading the whole layer takes no longer. */
const MIN_SEARCHED_BYTES = 1024 * 1024;
const MAX_PACKED_BYTES = 150 * 1024 * 1024;
const SKIPPABLE_HEAD = 8;
/** Estimated number of bytes that a packed byte of a JSON TOC unpacks to. */
const RATIO = 8;
/** Size of the field at the end of a gzip member that states the length of its content. */
const GZIP_LENGTH_BYTES = 4;

/** A layer that can be read in parts. */
export interface PartialLayer {
  readonly length: number;
  readonly compression: Compression;
  /** Annotations of the layer's descriptor. */
  readonly annotations: Readonly<Record<string, string>>;
  read(first: number, length: number): Promise<Uint8Array>;
  /** Reads this layer's packed TOC from a separate image; null if there is none. */
  readonly external?: () => Promise<Uint8Array | null>;
  readonly onSize?: OnTocSize;
}

type Stated = Pick<PartialLayer, 'annotations'>;

/** Returns the digest that a layer's descriptor states for the TOC; null if it doesn't state one. */
export function statedTocDigest({ annotations }: Stated): string | null {
  const stated = annotations[TOC_DIGEST] ?? ZSTD_CHECKSUMS.map((key) => annotations[key]).find((each) => each !== undefined);
  return stated !== undefined && isDigest(stated) ? stated : null;
}

/** Whether it is worth looking for a TOC in a layer. */
export function mayHaveToc(layer: Pick<PartialLayer, 'length' | 'compression' | 'annotations'>): boolean {
  return statedTocDigest(layer) !== null || (layer.compression !== 'none' && layer.length >= MIN_SEARCHED_BYTES);
}

/** Finds and reads a TOC, still packed; null if there is none. Throws DAMAGED, TOO_LARGE, UNSUPPORTED, and what reading throws. */
export async function findToc(layer: PartialLayer): Promise<PackedToc | null> {
  const stated = parseZstdChunkedAnnotations(layer.annotations, layer.length);
  if (stated !== null) return zstdToc(layer, stated);
  const start = Math.max(0, layer.length - TAIL_BYTES);
  const tail = await layer.read(start, layer.length - start);
  const footer = parseZstdChunkedFooter(tail.subarray(-ZSTD_CHUNKED_FOOTER_BYTES), layer.length);
  if (footer !== null) return zstdToc(layer, footer);
  const estargz = parseEstargzFooter(tail.subarray(-ESTARGZ_FOOTER_BYTES), layer.length);
  if (estargz === null) return null;
  const { footerOffset } = estargz;
  const tocOffset = estargz.kind === 'inside' ? estargz.tocOffset : footerOffset;
  refuseLarge(footerOffset - tocOffset);
  await layer.onSize?.((footerOffset - tocOffset) * RATIO);
  const packed =
    estargz.kind === 'external'
      ? await layer.external?.()
      : tocOffset >= start
        ? tail.slice(tocOffset - start, footerOffset - start)
        : await layer.read(tocOffset, footerOffset - tocOffset);
  if (packed == null) return null;
  const plainBytes = Number(layer.annotations[PLAIN_BYTES]);
  return {
    dialect: 'estargz',
    packed,
    start: tocOffset,
    end: footerOffset,
    plainBytes: gzipPlainBytes(packed),
    dataEnd: tocOffset,
    statedDigest: statedTocDigest(layer),
    tarSplit: null,
    tarBytes: Number.isSafeInteger(plainBytes) && plainBytes > 0 ? plainBytes : 0,
  };
}

/** Returns the content length, modulo 2^32, stated at the end of a gzip member; null if it is cut off. */
function gzipPlainBytes(packed: Uint8Array): number | null {
  if (packed.length < GZIP_LENGTH_BYTES) return null;
  return new DataView(packed.buffer, packed.byteOffset + packed.length - GZIP_LENGTH_BYTES, GZIP_LENGTH_BYTES).getUint32(0, true);
}

async function zstdToc(layer: PartialLayer, { toc, tarSplit, tocDigest }: ZstdChunkedPosition): Promise<PackedToc> {
  refuseLarge(toc.length + (tarSplit?.length ?? 0));
  if (toc.rawLength > MAX_PACKED_BYTES) refuseLarge(toc.rawLength);
  await layer.onSize?.(Math.max(toc.rawLength, toc.length));
  const first = Math.min(toc.offset, tarSplit?.offset ?? toc.offset);
  const end = Math.max(toc.offset + toc.length, tarSplit === null ? 0 : tarSplit.offset + tarSplit.length);
  // If the TOC and the tar-split data are close together, one request reads both.
  const isJoined = end - first <= toc.length + (tarSplit?.length ?? 0) + SKIPPABLE_HEAD;
  const both = isJoined ? await layer.read(first, end - first) : null;
  const part = async ({ offset, length }: { readonly offset: number; readonly length: number }): Promise<Uint8Array> =>
    both === null ? layer.read(offset, length) : both.slice(offset - first, offset - first + length);
  return {
    dialect: 'zstd-chunked',
    packed: await part(toc),
    start: toc.offset,
    end: toc.offset + toc.length,
    plainBytes: toc.rawLength,
    dataEnd: first - SKIPPABLE_HEAD,
    statedDigest: tocDigest,
    tarSplit: tarSplit === null ? null : await part(tarSplit),
    tarBytes: 0,
  };
}

function refuseLarge(bytes: number): void {
  if (bytes > MAX_PACKED_BYTES)
    throw new LayerscopeError('TOO_LARGE', `the table of contents has ${bytes} bytes; the limit is ${MAX_PACKED_BYTES}`);
}
