// At the end of the layer are skippable frames: the TOC (called the manifest in the source below), tar-split metadata in newer layers,
// and a footer. The first two are compressed with zstd; offsets point past the 8-byte head of the skippable frame.
//
//   older   502a4d18 28000000   offset, length, raw length, 1 (u64), "GnUlInUx"
//   newer   502a4d18 40000000   offset, length, raw length, 1, tar-split's offset, length, raw length, "GNUlInUx"
//
// The layer's annotations state the same values and a digest: `io.containers.zstd-chunked.…` (older) or
// `io.github.containers.zstd-chunked.…`. Source: containers/storage pkg/chunked/internal/compression.go.
import { isDigest, LayerscopeError } from '#model';

/** Number of bytes at a layer's end that {@link parseZstdChunkedFooter} needs. */
export const ZSTD_CHUNKED_FOOTER_BYTES = 72;

const PREFIXES = ['io.github.containers.zstd-chunked.', 'io.containers.zstd-chunked.'];
const HEAD = [0x50, 0x2a, 0x4d, 0x18];
/** The only known TOC type. */
const CRFS = 1;

/** A range of compressed bytes in a layer. */
interface PackedRange {
  readonly offset: number;
  readonly length: number;
  /** Unpacked length. */
  readonly rawLength: number;
}

export interface ZstdChunkedPosition {
  readonly toc: PackedRange;
  /** Null in older layers. */
  readonly tarSplit: PackedRange | null;
  /** Digest of the compressed TOC; null if only the footer was read, so that the TOC can't be verified. */
  readonly tocDigest: string | null;
}

function damaged(what: string): LayerscopeError {
  return new LayerscopeError('DAMAGED', `a zstd:chunked layer ${what}`);
}

/** Reads a footer from a layer's last bytes; null if there is none. Throws DAMAGED if the footer points outside the layer; UNSUPPORTED. */
export function parseZstdChunkedFooter(tail: Uint8Array, layerBytes: number): ZstdChunkedPosition | null {
  for (const [length, magic] of [
    [72, 'GNUlInUx'],
    [48, 'GnUlInUx'],
  ] as const) {
    if (tail.length < length || layerBytes < length) continue;
    const footer = tail.subarray(tail.length - length);
    const isOne =
      HEAD.every((byte, at) => footer[at] === byte) && footer[4] === length - 8 && footer[5] === 0 && footer[6] === 0 && footer[7] === 0;
    if (!isOne || String.fromCharCode(...footer.subarray(length - 8)) !== magic) continue;
    const view = new DataView(footer.buffer, footer.byteOffset, footer.byteLength);
    const numbers = Array.from({ length: (length - 16) / 8 }, (_, at) => Number(view.getBigUint64(8 + 8 * at, true)));
    const [offset = 0, packed = 0, raw = 0, kind = 0, splitOffset = 0, splitPacked = 0, splitRaw = 0] = numbers;
    if (kind !== CRFS) throw new LayerscopeError('UNSUPPORTED', `a zstd:chunked layer with a table of contents of kind ${kind}`);
    return {
      toc: within(offset, packed, raw, layerBytes),
      tarSplit: splitOffset === 0 ? null : within(splitOffset, splitPacked, splitRaw, layerBytes),
      tocDigest: null,
    };
  }
  return null;
}

/** Reads a layer's annotations; null if none of them are for this format. Throws DAMAGED if malformed; UNSUPPORTED. */
export function parseZstdChunkedAnnotations(annotations: Readonly<Record<string, string>>, layerBytes: number): ZstdChunkedPosition | null {
  for (const prefix of PREFIXES) {
    const [position, digest] = [annotations[`${prefix}manifest-position`], annotations[`${prefix}manifest-checksum`]];
    if (position === undefined || digest === undefined) continue;
    if (!isDigest(digest)) throw damaged('with an invalid checksum');
    const [offset, length, raw, kind] = numbersOf(position, 4);
    if (kind !== CRFS) throw new LayerscopeError('UNSUPPORTED', `a zstd:chunked layer with a table of contents of kind ${kind}`);
    const split = annotations[`${prefix}tarsplit-position`];
    const [splitOffset, splitLength, splitRaw] = split === undefined ? [] : numbersOf(split, 3);
    return {
      toc: within(offset, length, raw, layerBytes),
      tarSplit: splitOffset === undefined ? null : within(splitOffset, splitLength, splitRaw, layerBytes),
      tocDigest: digest,
    };
  }
  return null;
}

function numbersOf(text: string, count: number): readonly number[] {
  const parts = text.split(':');
  if (parts.length !== count || !parts.every((part) => /^\d{1,15}$/.test(part))) throw damaged('with an invalid position');
  return parts.map(Number);
}

function within(offset = 0, length = 0, rawLength = 0, layerBytes = 0): PackedRange {
  const isInside =
    Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 8 && length > 0 && offset + length <= layerBytes;
  if (!isInside || !Number.isSafeInteger(rawLength)) throw damaged('whose table of contents would be outside it');
  return { offset, length, rawLength };
}
