// A zstd stream is a sequence of frames (RFC 8878, section 3). A frame is the magic 28 B5 2F FD; a descriptor byte (bits 7-6: size of the
// content size field; 5: single segment, so no window byte; 2: a checksum follows; 1-0: size of the dictionary id); those fields; then
// blocks, each with a 3-byte header (bit 0: last block; 2-1: raw, RLE of one byte, compressed; 23-3: size); then a 4-byte checksum, if any.
// A skippable frame is the magic 5x 2A 4D 18, a 4-byte length, and that many bytes.
import { isSkippableFrame, isZstdFrame, MAGIC_BYTES } from './compression.ts';
import type { FileRange } from './source-file.ts';

const DICTIONARY_BYTES = [0, 1, 2, 4] as const;

/** Finds the ends of frames from their block sizes, without decompressing. Offsets are relative to the blob. */
export class ZstdFrames {
  readonly #range: FileRange;
  readonly #head = new Uint8Array(MAGIC_BYTES);
  /** Of the current frame: the offset of its next block header, and whether it ends with a checksum. -1: no frame. */
  #nextBlock = -1;
  #checksum = false;
  /** End of the current frame, known once its last block header has been seen. */
  #frameEnd = -1;

  constructor(range: FileRange) {
    this.#range = range;
  }

  /** From `at`, at or inside a frame, returns the offset to read on from, past skippable frames. Null: no frame follows. */
  skipTo(at: number): number | null {
    if (this.#nextBlock >= 0) {
      if (this.#frameEnd < 0 || at < this.#frameEnd) return at;
      this.#nextBlock = -1;
      this.#frameEnd = -1;
    }
    const { length } = this.#range;
    for (let offset = at; ; ) {
      const count = this.#read(offset);
      if (count >= 8 && isSkippableFrame(this.#head, 0)) {
        offset += 8 + this.#uint32(4);
        continue;
      }
      if (count < 5 || !isZstdFrame(this.#head, 0)) {
        // Treats a truncated frame header as a frame, so that the decompressor reports it.
        return count > 0 && count < 5 && offset > 0 && couldBeFrame(this.#head, count)
          ? this.#startCut(offset)
          : offset >= length
            ? null
            : this.#end(offset, at);
      }
      this.#start(offset);
      return offset;
    }
  }

  /** Returns how many of the bytes, which are at offset `at`, belong to the current frame. */
  cut(bytes: Uint8Array, at: number): number {
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

  #start(offset: number): void {
    const descriptor = this.#head[4] as number;
    const single = (descriptor & 0x20) !== 0;
    const sizeFlag = descriptor >> 6;
    const sizeBytes = sizeFlag === 0 ? (single ? 1 : 0) : 1 << sizeFlag;
    this.#checksum = (descriptor & 4) !== 0;
    this.#nextBlock = offset + 5 + (single ? 0 : 1) + (DICTIONARY_BYTES[descriptor & 3] as number) + sizeBytes;
    this.#frameEnd = -1;
  }

  #startCut(offset: number): number {
    this.#nextBlock = this.#range.length;
    this.#frameEnd = -1;
    return offset;
  }

  /** Handles bytes that aren't a frame: trailing data, unless nothing came before them. */
  #end(offset: number, at: number): number | null {
    this.#trailingFrom = offset;
    return at === 0 && offset === 0 ? this.#startCut(0) : null;
  }

  /** Offset of the first bytes that aren't a frame; -1: none found. */
  #trailingFrom = -1;

  get trailing(): boolean {
    return this.#trailingFrom >= 0;
  }

  #read(offset: number): number {
    const { file, start, length } = this.#range;
    return offset >= length ? 0 : file.read(this.#head, start + offset, Math.min(MAGIC_BYTES, length - offset));
  }

  #uint32(at: number): number {
    const head = this.#head;
    return (
      ((head[at] as number) | ((head[at + 1] as number) << 8) | ((head[at + 2] as number) << 16) | ((head[at + 3] as number) << 24)) >>> 0
    );
  }
}

function couldBeFrame(head: Uint8Array, count: number): boolean {
  const magic = [0x28, 0xb5, 0x2f, 0xfd];
  for (let i = 0; i < Math.min(count, 4); i++) if (head[i] !== magic[i]) return false;
  return true;
}
