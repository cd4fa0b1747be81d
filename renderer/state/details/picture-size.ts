import type { PreviewKind } from './preview.ts';

/**
 * Pictures with more pixels are only drawn on request: drawing takes four bytes per pixel, regardless of the file's size. Photos from good
 * cameras have 24 to 50 million pixels.
 */
export const MOST_PIXELS = 50_000_000;

/** Markers of segments before a scan: tables, application data, comments. */
const SKIPPED: ReadonlySet<number> = new Set([0xc4, 0xcc, 0xdb, 0xdd, 0xfe, ...Array.from({ length: 16 }, (_, at) => 0xe0 + at)]);
/** Minimum length of a frame header, with one component. */
const FRAME_BYTES = 11;

export interface PictureSize {
  readonly width: number;
  readonly height: number;
  /**
   * Memory per pixel, as a multiple of the usual four bytes. A browser keeps several frames of an animation, and twice as many bytes for 16
   * bits per channel.
   */
  readonly weight: number;
}

/** Frames of an animation that a browser may keep at once: the one shown, those it is made from, and those decoded ahead. */
const FRAMES = 4;

/**
 * Reads a picture's size in pixels from its header. Null if the header has no size. Also null if decoders may read a different size,
 * because the result must be the size that is drawn. Source: PNG 11.2.1, GIF89a 18 and 20, RFC 9649, ITU T.81 B.1.1 and B.2.2.
 */
export function pictureSize(bytes: Uint8Array, kind: PreviewKind): PictureSize | null {
  const size = statedSize(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), kind);
  // A JPEG with a height of 0 states the real one after the first scan.
  return size === null || size.width === 0 || size.height === 0 ? null : size;
}

function statedSize(view: DataView, kind: PreviewKind): PictureSize | null {
  try {
    if (kind === 'png') return pngSize(view);
    if (kind === 'gif') return gifSize(view);
    if (kind === 'webp') return webpSize(view);
    return kind === 'jpeg' ? jpegSize(view) : null;
  } catch (error) {
    // The header is cut off.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function pngSize(view: DataView): PictureSize | null {
  const isHeader = view.getUint32(8) === 13 && view.getUint32(12) === 0x49484452; // IHDR
  if (!isHeader) return null;
  const isDeep = view.getUint8(24) === 16;
  return { width: view.getUint32(16), height: view.getUint32(20), weight: (isDeep ? 2 : 1) * (isAnimatedPng(view) ? FRAMES : 1) };
}

/** Whether a PNG has an `acTL` chunk before its pixels, as animations do. Source: PNG 11.3.5.1. */
function isAnimatedPng(view: DataView): boolean {
  // A chunk: the length of its data, its type, the data, and a checksum.
  for (let at = 8; at + 8 <= view.byteLength; at += 12 + view.getUint32(at)) {
    const type = view.getUint32(at + 4);
    if (type === 0x6163544c) return true; // acTL
    if (type === 0x49444154) return false; // IDAT
  }
  return false;
}

/** Reads the size of a GIF, which may be an animation, including its first frame: browsers enlarge the logical screen if the frame is larger. */
function gifSize(view: DataView): PictureSize | null {
  const screen = { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  const flags = view.getUint8(10);
  let at = 13 + (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
  // Extensions before the first frame: 0x21, a label, and sub-blocks up to an empty sub-block.
  while (view.getUint8(at) === 0x21) {
    at += 2;
    for (let length = view.getUint8(at); length > 0; length = view.getUint8(at)) at += length + 1;
    at++;
  }
  // If another block follows, some decoders skip to the next frame.
  if (view.getUint8(at) !== 0x2c) return null;
  return {
    width: Math.max(screen.width, view.getUint16(at + 1, true) + view.getUint16(at + 5, true)),
    height: Math.max(screen.height, view.getUint16(at + 3, true) + view.getUint16(at + 7, true)),
    weight: FRAMES,
  };
}

const uint24 = (view: DataView, at: number): number => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);

/** A flag of a `VP8X` chunk. */
const ANIMATED = 0x02;

function webpSize(view: DataView): PictureSize | null {
  const chunk = view.getUint32(12);
  if (chunk === 0x56503858)
    return { width: uint24(view, 24) + 1, height: uint24(view, 27) + 1, weight: view.getUint8(20) & ANIMATED ? FRAMES : 1 }; // VP8X
  if (chunk === 0x56503820 && uint24(view, 23) === 0x2a019d)
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff, weight: 1 }; // VP8
  if (chunk !== 0x5650384c || view.getUint8(20) !== 0x2f) return null; // VP8L
  const bits = view.getUint32(21, true);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1, weight: 1 };
}

/**
 * Reads the frame header before the first scan. Skips only segments that all decoders skip by their length. Null at any other marker, such
 * as FF 00, because decoders continue at the next FF instead.
 */
function jpegSize(view: DataView): PictureSize | null {
  let size: PictureSize | null = null;
  for (let at = 2; at < view.byteLength; ) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at++; // fill bytes
      continue;
    }
    if (marker === 0xda) return size;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (!isFrame && !SKIPPED.has(marker)) return null;
    // A second frame header is not allowed.
    if (isFrame && size !== null) return null;
    const length = view.getUint16(at + 2);
    if (length < (isFrame ? FRAME_BYTES : 2)) return null;
    if (isFrame) size = { width: view.getUint16(at + 7), height: view.getUint16(at + 5), weight: 1 };
    at += 2 + length;
  }
  return size;
}

/** Whether pictures are small enough, all together, to be drawn without asking. An unknown size counts as large. */
export function areSmall(sizes: readonly (PictureSize | null)[]): boolean {
  let pixels = 0;
  for (const size of sizes) pixels += size === null ? Number.POSITIVE_INFINITY : size.width * size.height * size.weight;
  return pixels <= MOST_PIXELS;
}
