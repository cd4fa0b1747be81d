// A zstd stream is a sequence of frames (RFC 8878, section 3). A frame is the magic 28 B5 2F FD; a descriptor byte (bits 7-6: size of the
// content size field; 5: single segment, so no window byte; 2: a checksum follows; 1-0: size of the dictionary id); those fields; then
// blocks, each with a 3-byte header (bit 0: last block; 2-1: raw, RLE of one byte, compressed; 23-3: size); then a 4-byte checksum, if any.
// A skippable frame is the magic 5x 2A 4D 18, a 4-byte length, and that many bytes.
import { isSkippableFrame, isZstdFrame, MAGIC_BYTES } from './compression.ts';
import type { FileRange } from './source-file.ts';

const DICTIONARY_BYTES = [0, 1, 2, 4] as const;
/** Size of the largest block. */
const BLOCK_BYTES = 2 ** 17;
/** Size of the largest window that the decompressor accepts. */
const WINDOW_BYTES = 2 ** 27;

/**
 * Finds the ends of frames from their block sizes, without decompressing. Offsets are relative to the blob. Bytes that begin like a frame,
 * or that end within what may be a frame's magic, count as a frame; anything else is trailing data.
 */
export class ZstdFrames {
  readonly #range: FileRange;
  readonly #head = new Uint8Array(MAGIC_BYTES);
  /** Offset of the current frame's next block header; -1 if there is no current frame. */
  #nextBlock = -1;
  #checksum = false;
  #contentBytes: number | null = null;
  /** Offset of a frame whose first byte must be passed to the decompressor alone; -1 if there is none. */
  #aloneAt = -1;
  /** End of the current frame, known once its last block header has been seen. */
  #frameEnd = -1;

  constructor(range: FileRange) {
    this.#range = range;
  }

  /**
   * Returns the offset at which to continue reading, after any skippable frames; null if no frame follows. `at` is at or inside a frame.
   */
  skipTo(at: number): number | null {
    if (this.#nextBlock >= 0) {
      if (this.#frameEnd < 0 || at < this.#frameEnd) return at;
      this.#nextBlock = -1;
      this.#frameEnd = -1;
    }
    const { length } = this.#range;
    for (let offset = at; ; ) {
      const count = this.#read(offset);
      if (count === 0) return null;
      const head = this.#head.subarray(0, count);
      if (isSkippableFrame(head, 0) && count >= 8) {
        const next = offset + 8 + uint32(head, 4);
        if (next <= length) {
          offset = next;
          continue;
        }
      } else if (isZstdFrame(head, 0) && count >= 5) {
        this.#start(offset);
        return offset;
      } else if (!couldBeFrame(head)) return this.#end(offset, at);
      // The frame is cut off, which the decompressor will report.
      return this.#startCut(offset);
    }
  }

  /** Returns how many of the bytes, which are at offset `at`, belong to the current frame. */
  cut(bytes: Uint8Array, at: number): number {
    if (at === this.#aloneAt) return Math.min(1, bytes.length);
    const count = bytes.length;
    const end = at + count;
    while (this.#frameEnd < 0 && this.#nextBlock < end) {
      const block = this.#nextBlock;
      if (block + 3 > this.#range.length) break;
      let source = bytes;
      let from = block - at;
      if (from < 0 || from + 3 > count) {
        this.#read(block);
        source = this.#head;
        from = 0;
      }
      const header = (source[from] as number) | ((source[from + 1] as number) << 8) | ((source[from + 2] as number) << 16);
      const size = ((header >> 1) & 3) === 1 ? 1 : header >> 3;
      this.#nextBlock = block + 3 + size;
      if ((header & 1) === 1) this.#frameEnd = this.#nextBlock + (this.#checksum ? 4 : 0);
    }
    return this.#frameEnd >= 0 && this.#frameEnd < end ? this.#frameEnd - at : count;
  }

  /** Returns the stated content size of a frame that ends at `at`: null if none is stated, undefined if no frame ends there. */
  contentBytesAt(at: number): number | null | undefined {
    return at === this.#frameEnd ? this.#contentBytes : undefined;
  }

  #start(offset: number): void {
    const descriptor = this.#head[4] as number;
    const single = (descriptor & 0x20) !== 0;
    const sizeFlag = descriptor >> 6;
    const sizeBytes = sizeFlag === 0 ? (single ? 1 : 0) : 1 << sizeFlag;
    this.#checksum = (descriptor & 4) !== 0;
    const sizeAt = 5 + (single ? 0 : 1) + (DICTIONARY_BYTES[descriptor & 3] as number);
    this.#nextBlock = offset + sizeAt + sizeBytes;
    this.#frameEnd = -1;
    this.#contentBytes = contentBytes(this.#head, sizeAt, sizeBytes);
    const window = single ? (this.#contentBytes ?? 0) : windowBytes(this.#head[5] as number);
    // libzstd skips checking window and block sizes if it gets a frame of known size in one piece, but not if it gets the first byte alone.
    // Small frames don't need this, because their wrong sizes always cause another error.
    const needsChecks = this.#contentBytes !== null && (this.#contentBytes > Math.min(window, BLOCK_BYTES) || window > WINDOW_BYTES);
    this.#aloneAt = needsChecks ? offset : -1;
  }

  #startCut(offset: number): number {
    this.#nextBlock = this.#range.length;
    this.#frameEnd = -1;
    this.#aloneAt = -1;
    return offset;
  }

  /** Handles bytes that don't begin a frame: trailing data, unless they are the first bytes of the blob. */
  #end(offset: number, at: number): number | null {
    this.#trailingFrom = offset;
    return at === 0 && offset === 0 ? this.#startCut(0) : null;
  }

  /** Offset of the first bytes that don't belong to a frame; -1 if none were found. */
  #trailingFrom = -1;

  get trailing(): boolean {
    return this.#trailingFrom >= 0;
  }

  #read(offset: number): number {
    const { file, start, length } = this.#range;
    return offset >= length ? 0 : file.read(this.#head, start + offset, Math.min(MAGIC_BYTES, length - offset));
  }
}

const FRAME_MAGIC = [0x28, 0xb5, 0x2f, 0xfd] as const;
const SKIPPABLE_MAGIC = [0x50, 0x2a, 0x4d, 0x18] as const;

/** Whether these bytes (at least one) may be the beginning of a frame. */
function couldBeFrame(head: Uint8Array): boolean {
  const isBegun = (magic: readonly number[], mask: number): boolean =>
    magic.every((byte, at) => at >= head.length || ((head[at] as number) & (at === 0 ? mask : 0xff)) === byte);
  return isBegun(FRAME_MAGIC, 0xff) || isBegun(SKIPPABLE_MAGIC, 0xf0);
}

function windowBytes(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function contentBytes(head: Uint8Array, at: number, sizeBytes: number): number | null {
  if (sizeBytes === 0) return null;
  if (sizeBytes === 1) return head[at] as number;
  if (sizeBytes === 2) return ((head[at] as number) | ((head[at + 1] as number) << 8)) + 256;
  return uint32(head, at) + (sizeBytes === 8 ? uint32(head, at + 4) * 2 ** 32 : 0);
}

function uint32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)) >>> 0
  );
}
