// The footer is an empty gzip member at the end of the layer, whose extra field contains the offset of the TOC in 16 hex digits:
//
//   51 bytes   1f8b 08 04 00000000 00 ff  1a00 "SG" 1600 HEX16 "STARGZ"  01 0000 ffff  8 zeros
//   47 bytes   older, without the subfield's head: 1f8b 08 04 00000000 00 ff  1600 HEX16 "STARGZ"  01 0000 ffff  8 zeros
//   46 bytes   "SG" 1100 "STARGZEXTERNALTOC" as the extra field: the TOC is in another image
//
// Source: stargz-snapshotter docs/estargz.md, Footer; estargz/gzip.go, estargz/externaltoc.
import { decodeUtf8, LayerscopeError } from '#model';

/** Number of bytes at a layer's end that {@link parseEstargzFooter} needs. */
export const ESTARGZ_FOOTER_BYTES = 51;

const EXTRA = 10;
const HEX = /^[0-9a-f]{16}$/i;
const MAGIC = 'STARGZ';
const EXTERNAL = 'SG\u0011\0STARGZEXTERNALTOC';
const GZIP_HEAD = [0x1f, 0x8b, 8, 4];
const EMPTY_BLOCK = [1, 0, 0, 0xff, 0xff];

export type EstargzFooter =
  | { readonly kind: 'inside'; readonly tocOffset: number; readonly footerOffset: number }
  /** The TOC is in another image. */
  | { readonly kind: 'external'; readonly footerOffset: number };

/**
 * Finds the footer in a layer's last bytes; null if the layer isn't eStargz. `layerBytes`: length of the layer. Throws DAMAGED if the TOC
 * would be outside the layer.
 */
export function parseEstargzFooter(tail: Uint8Array, layerBytes: number): EstargzFooter | null {
  for (const length of [51, 47, 46]) {
    if (tail.length < length || layerBytes < length) continue;
    const footer = tail.subarray(tail.length - length);
    const extra = extraOf(footer);
    if (extra === null) continue;
    const footerOffset = layerBytes - length;
    if (extra === EXTERNAL) return { kind: 'external', footerOffset };
    const digits = extra.startsWith('SG\u0016\0') ? extra.slice(4) : extra;
    if (!HEX.test(digits.slice(0, 16)) || digits.slice(16) !== MAGIC) continue;
    const tocOffset = Number.parseInt(digits.slice(0, 16), 16);
    if (!(tocOffset < footerOffset))
      throw new LayerscopeError('DAMAGED', `the footer says that the TOC is at byte ${tocOffset}, outside the layer`);
    return { kind: 'inside', tocOffset, footerOffset };
  }
  return null;
}

/** Returns the extra field of a gzip member that has no other optional fields; null if these bytes aren't one. */
function extraOf(footer: Uint8Array): string | null {
  if (!GZIP_HEAD.every((byte, at) => footer[at] === byte)) return null;
  const length = (footer[EXTRA] as number) | ((footer[EXTRA + 1] as number) << 8);
  const end = EXTRA + 2 + length;
  const isEmpty =
    EMPTY_BLOCK.every((byte, at) => footer[end + at] === byte) && footer.subarray(end + EMPTY_BLOCK.length).every((byte) => byte === 0);
  return end + EMPTY_BLOCK.length + 8 === footer.length && isEmpty ? decodeUtf8(footer.subarray(EXTRA + 2, end)) : null;
}
