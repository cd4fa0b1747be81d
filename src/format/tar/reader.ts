// A tar is a sequence of 512-byte blocks: for each member a header block (fields.ts), then its body, padded to a block. Two zero
// blocks end it. A member's own header may follow extension headers, which look like members:
//
//   x  PAX records for the next member (pax-records.ts)      g  PAX records for all that follow: reported, not applied
//   L  GNU long name of the next member                      K  GNU long link name
//
// Old GNU sparse members have extension blocks between header and body; the body of PAX 1.0 sparse members begins with a map
// (sparse-map.ts). Where readers differ, this one follows Go's archive/tar (reader.go, Go 1.26), which Docker and containerd use: the last
// of several x headers wins, a GNU name wins over a PAX path, an x before a g is lost.
import { type FindingCode, LayerscopeError, TYPE } from '#model';
import { Extensions } from './extensions.ts';
import { firstNonZero, isZeroBlock, parseOctal, signedSum, unsignedSum } from './fields.ts';
import { HeaderBlock, type Magic, magicOf } from './header-block.ts';
import { MemberView } from './member.ts';
import { KEY } from './pax-records.ts';
import { isPaxSparse, mappedBytes } from './sparse-map.ts';
import { SparseReading } from './sparse-reading.ts';
import { FLAG_GLOBAL, FLAG_LONG_LINK, FLAG_LONG_NAME, FLAG_PAX, FLAG_SPARSE, isHeaderOnly, TYPE_OF_FLAG } from './type-flags.ts';
import type { TarHandler } from './types.ts';

const BLOCK = 512;
const SLASH = 0x2f;

// States, named by what the next bytes are.
const AT_HEADER = 0; // a header block, or an end block
const IN_BODY = 1; // a body and its padding
const IN_EXTENSION = 2; // the body of an x, g, L or K
const IN_OLD_MAP = 3; // extension blocks of an old GNU sparse member
const IN_PAX_MAP = 4; // the map blocks of a PAX 1.0 sparse member
const AT_END = 5; // after the two zero blocks
const STOPPED = 6; // stopped, failed or ended

export interface TarReaderOptions {
  /** Offset of the first pushed byte in the tar, to start reading at a member's `headerOffset`. Default 0. */
  readonly baseOffset?: number;
}

/**
 * Reads a tar from the bytes pushed into it and passes members and findings to its handler, in order, as soon as they are known.
 * Doesn't keep bodies. Throws BAD_TAR with the block's offset where Go's archive/tar fails, and for bodies over 2^53 bytes; earlier members
 * have already been passed on, and later bytes are ignored.
 *
 * Streaming callers push everything. Seeking callers check {@link wantedSkip} after each push and call {@link skip} for the bytes they seek
 * over, but never beyond the end of the input, or a truncated body goes unnoticed. Both call {@link end}.
 */
export class TarReader {
  readonly #handler: TarHandler;
  readonly #base: number;
  readonly #extensions = new Extensions();
  readonly #sparse = new SparseReading();
  readonly #member: MemberView;
  #state = AT_HEADER;
  #offset: number;
  #memberCount = 0;
  /** Whether the previous block was all zeros. If so, the next one must be too. */
  #oneZeroBlock = false;
  #trailingReported = false;

  /** A block that is split between pushes. */
  readonly #partial = new Uint8Array(BLOCK);
  readonly #partialWords = new Uint32Array(this.#partial.buffer);
  /** How many bytes of the split block have arrived so far. */
  #filled = 0;
  /** A copy of the header block of a sparse member or a global header. */
  readonly #kept = new Uint8Array(BLOCK);

  /** Remaining bytes of the body or extension, including its padding. */
  #left = 0;
  /** How many of the remaining bytes are padding. */
  #padding = 0;

  readonly #block = new HeaderBlock();

  #words: Uint32Array = new Uint32Array(0);
  #wordsBuffer: ArrayBufferLike = this.#words.buffer;

  constructor(handler: TarHandler, options: TarReaderOptions = {}) {
    this.#handler = handler;
    this.#base = options.baseOffset ?? 0;
    this.#offset = this.#base;
    this.#member = new MemberView(this.#extensions.records);
  }

  /** Offset in the tar of the next byte to push. During a handler's call, the end of the current push. */
  get offset(): number {
    return this.#offset;
  }

  /** How many of the next bytes can be skipped; MAX_SAFE_INTEGER if all can. */
  get wantedSkip(): number {
    if (this.#state === IN_BODY) return this.#left;
    return this.#state === STOPPED || (this.#state === AT_END && this.#trailingReported) ? Number.MAX_SAFE_INTEGER : 0;
  }

  /** Whether no more members follow: the end marker was read, or the reader was stopped or has failed. */
  get done(): boolean {
    return this.#state === AT_END || this.#state === STOPPED;
  }

  /** Number of members read so far, including global headers. */
  get memberCount(): number {
    return this.#memberCount;
  }

  /** Stops reading; handlers may call it. Findings about the current member are still reported. */
  stop(): void {
    this.#state = STOPPED;
  }

  /** Skips `count` bytes that the caller doesn't push. Throws INTERNAL if `count` exceeds {@link wantedSkip}. */
  skip(count: number): void {
    if (!(count >= 0 && count <= this.wantedSkip)) throw new LayerscopeError('INTERNAL', 'more bytes skipped than the reader can spare');
    this.#offset += count;
    if (this.#state !== IN_BODY) return;
    this.#left -= count;
    if (this.#left === 0) this.#state = AT_HEADER;
  }

  /** Reads `bytes` from `start` to `end`. The caller may reuse the array afterwards. Throws BAD_TAR. */
  push(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const origin = this.#offset - start;
    this.#offset += end - start;
    if (bytes.buffer !== this.#wordsBuffer) {
      this.#wordsBuffer = bytes.buffer;
      this.#words = new Uint32Array(bytes.buffer, 0, bytes.buffer.byteLength >>> 2);
    }
    const words = this.#words;
    for (let at = start; at < end; ) {
      switch (this.#state) {
        case IN_BODY: {
          const count = Math.min(this.#left, end - at);
          this.#passBody(bytes, at, count);
          at += count;
          break;
        }
        case IN_EXTENSION:
          at += this.#takeExtension(bytes, at, end);
          break;
        case AT_END:
          this.#checkTrailing(bytes, at, end, origin);
          return;
        case STOPPED:
          return;
        default:
          if (this.#filled === 0 && end - at >= BLOCK && ((at + bytes.byteOffset) & 3) === 0) {
            this.#takeBlock(bytes, at, origin + at, words, (at + bytes.byteOffset) >>> 2);
            at += BLOCK;
          } else {
            const count = Math.min(BLOCK - this.#filled, end - at);
            this.#partial.set(bytes.subarray(at, at + count), this.#filled);
            this.#filled += count;
            at += count;
            if (this.#filled === BLOCK) {
              this.#filled = 0;
              this.#takeBlock(this.#partial, 0, origin + at - BLOCK, this.#partialWords, 0);
            }
          }
      }
    }
  }

  /** Ends the input, and reports what is truncated or missing. */
  end(): void {
    const state = this.#state;
    this.#state = STOPPED;
    if (state === AT_END || state === STOPPED) return;
    if (state === IN_BODY && this.#left > this.#padding) {
      this.#handler.truncated?.(this.#memberCount - 1);
      this.#report('truncated', this.#offset, `the body of the last entry is cut off: ${this.#left - this.#padding} bytes are missing`);
    } else if (state === IN_EXTENSION) {
      this.#report('truncated', this.#offset, 'the tar is cut off in an extension header');
    } else if (state === IN_OLD_MAP || state === IN_PAX_MAP) {
      this.#report('truncated', this.#offset, 'the tar is cut off in the map of a sparse file');
    } else if (firstNonZero(this.#partial, 0, this.#filled, this.#partialWords, 0) < this.#filled) {
      this.#report('truncated', this.#offset, 'the tar is cut off in a header');
    } else if (this.#extensions.firstOffset >= 0) {
      this.#report('truncated', this.#offset, 'the tar ends after an extension header, without its entry');
    } else if (this.#offset > this.#base) {
      const what = this.#oneZeroBlock ? 'one zero block instead of two' : 'the tar ends without its two zero blocks';
      this.#report('missing-end-marker', this.#offset, what);
    }
  }

  #report(code: FindingCode, offset: number, message: string): void {
    this.#handler.finding({ code, offset, message });
  }

  #fail(offset: number, message: string): never {
    this.#state = STOPPED;
    throw new LayerscopeError('BAD_TAR', `tar header at byte ${offset}: ${message}`, { offset });
  }

  #require(problem: string | null, offset: number): void {
    if (problem !== null) this.#fail(offset, problem);
  }

  #passBody(bytes: Uint8Array, at: number, count: number): void {
    const stored = Math.min(count, this.#left - this.#padding);
    this.#left -= count;
    if (this.#left === 0) this.#state = AT_HEADER;
    if (stored > 0 && this.#handler.body !== undefined) this.#handler.body(bytes, at, at + stored);
  }

  #checkTrailing(bytes: Uint8Array, start: number, end: number, origin: number): void {
    if (this.#trailingReported) return;
    const at = firstNonZero(bytes, start, end, this.#words, bytes.byteOffset);
    if (at === end) return;
    this.#trailingReported = true;
    this.#report('trailing-data', origin + at, 'bytes other than zeros follow the end of the tar');
  }

  /** Reads a whole block. `words` holds the same block as 32-bit words, starting at `word`. */
  #takeBlock(bytes: Uint8Array, at: number, offset: number, words: Uint32Array, word: number): void {
    if (this.#state === IN_OLD_MAP) {
      this.#takeOldMap(bytes, at, offset);
      return;
    }
    if (this.#state === IN_PAX_MAP) {
      this.#takePaxMap(bytes, at, offset);
      return;
    }
    if (bytes[at] === 0 && isZeroBlock(words, word)) {
      if (this.#oneZeroBlock) this.#finishAtMarker(offset);
      this.#oneZeroBlock = true;
      return;
    }
    if (this.#oneZeroBlock) this.#fail(offset, 'it follows a single zero block');
    const stated = parseOctal(bytes, at + 148, at + 156);
    const sum = unsignedSum(bytes, at, words, word);
    if (stated !== sum && stated !== signedSum(bytes, at, sum)) this.#fail(offset, 'the checksum is wrong');

    const member = this.#member;
    const flag = bytes[at + 156] as number;
    const magic = magicOf(bytes, at);
    const size = this.#block.readNumbers(member, bytes, at, magic, words, word);
    if (Number.isNaN(size)) this.#fail(offset, 'a number is malformed');
    member.typeflag = flag;
    if (flag === FLAG_PAX || flag === FLAG_GLOBAL || flag === FLAG_LONG_NAME || flag === FLAG_LONG_LINK) {
      this.#startExtension(bytes, at, offset, size, magic);
    } else this.#takeFile(bytes, at, offset, size, magic);
  }

  #finishAtMarker(offset: number): void {
    this.#state = AT_END;
    if (this.#extensions.firstOffset >= 0) this.#report('truncated', offset, 'the tar ends after an extension header, without its entry');
  }

  // Extension headers

  #startExtension(bytes: Uint8Array, at: number, offset: number, size: number, magic: Magic): void {
    const flag = this.#member.typeflag;
    this.#require(this.#extensions.start(flag, size, offset), offset);
    if (flag === FLAG_GLOBAL) {
      this.#kept.set(bytes.subarray(at, at + BLOCK));
      this.#block.readTexts(this.#member, this.#kept, 0, magic);
    }
    this.#padding = -size & (BLOCK - 1);
    this.#left = size + this.#padding;
    this.#state = IN_EXTENSION;
    if (size === 0) this.#finishExtension();
  }

  /** Copies the next bytes of the extension; returns how many. */
  #takeExtension(bytes: Uint8Array, at: number, end: number): number {
    const count = Math.min(this.#left - this.#padding, end - at);
    this.#extensions.take(bytes, at, at + count);
    this.#left -= count;
    if (this.#left === this.#padding) this.#finishExtension();
    return count;
  }

  #finishExtension(): void {
    this.#state = this.#left === 0 ? AT_HEADER : IN_BODY;
    this.#require(this.#extensions.finish(), this.#extensions.offset);
    if (this.#member.typeflag === FLAG_GLOBAL) this.#handOutGlobal();
  }

  #handOutGlobal(): void {
    const isAfterAnother = this.#extensions.firstOffset >= 0;
    this.#extensions.describeGlobal(this.#member);
    this.#handOut();
    const message = isAfterAnother
      ? 'a PAX global header: not applied to what follows, and the extension header before it is lost'
      : 'a PAX global header: not applied to what follows';
    this.#report('global-header', this.#member.headerOffset, message);
    this.#extensions.forget();
  }

  // Members

  #takeFile(source: Uint8Array, from: number, offset: number, headerSize: number, magic: Magic): void {
    const member = this.#member;
    const { records } = this.#extensions;
    let bytes = source;
    let at = from;
    if (member.typeflag === FLAG_SPARSE || records.start(KEY.sparseMajor) >= 0) {
      // Keeps a copy, because the member is passed on only after its map has been read, when the chunk may no longer be valid.
      this.#kept.set(source.subarray(from, from + BLOCK));
      bytes = this.#kept;
      at = 0;
    }
    this.#block.readTexts(member, bytes, at, magic);
    member.format = magic;
    member.attributeEnd = 0;
    member.sparse = null;
    member.storedSize = headerSize;
    let type = TYPE_OF_FLAG[member.typeflag] as number;
    if (headerSize < 0 && !isHeaderOnly(type)) this.#fail(offset, 'a negative size');
    if (this.#extensions.firstOffset >= 0) this.#require(this.#extensions.apply(member), offset);
    // V7 has no type flag for directories: their names end in a slash.
    if (member.typeflag === 0 && member.nameEnd > member.nameStart && member.nameBytes[member.nameEnd - 1] === SLASH) type = TYPE.directory;
    const stored = isHeaderOnly(type) ? 0 : member.storedSize;
    if (stored < 0) this.#fail(offset, 'a negative size');
    if (offset + stored > Number.MAX_SAFE_INTEGER - BLOCK * 2) this.#fail(offset, 'a size over 2^53 bytes');
    member.type = type;
    member.size = stored;
    member.headerSize = member.storedSize;
    member.storedSize = stored;
    member.setPlace(this.#extensions.firstOffset >= 0 ? this.#extensions.firstOffset : offset, offset);
    this.#padding = -stored & (BLOCK - 1);
    this.#left = stored + this.#padding;
    if (member.typeflag === FLAG_SPARSE) this.#startOldSparse(bytes, at, offset, magic);
    else if (records.present && isPaxSparse(records)) this.#startPaxSparse(offset);
    else this.#handOutFile();
  }

  // Sparse members

  #startOldSparse(bytes: Uint8Array, at: number, offset: number, magic: Magic): void {
    this.#require(this.#sparse.startOld(this.#member, bytes, at, magic), offset);
    if (this.#sparse.hasMore) this.#state = IN_OLD_MAP;
    else this.#finishSparse(offset);
  }

  #takeOldMap(bytes: Uint8Array, at: number, offset: number): void {
    const member = this.#member;
    this.#require(this.#sparse.takeOld(bytes, at), member.ownHeaderOffset);
    member.bodyOffset = offset + BLOCK;
    member.dataOffset = member.bodyOffset;
    if (!this.#sparse.hasMore) this.#finishSparse(member.ownHeaderOffset);
  }

  #startPaxSparse(offset: number): void {
    this.#require(this.#sparse.startPax(this.#member, this.#extensions.records), offset);
    if (this.#sparse.hasMore) this.#state = IN_PAX_MAP;
    else this.#finishSparse(offset);
  }

  #takePaxMap(bytes: Uint8Array, at: number, offset: number): void {
    const member = this.#member;
    this.#left -= BLOCK;
    this.#require(this.#sparse.takePax(bytes, at, this.#left - this.#padding), member.ownHeaderOffset);
    if (this.#sparse.hasMore) return;
    member.dataOffset = offset + BLOCK;
    this.#finishSparse(member.ownHeaderOffset);
  }

  #finishSparse(offset: number): void {
    this.#require(this.#sparse.finish(this.#member), offset);
    this.#handOutFile();
  }

  #handOutFile(): void {
    const member = this.#member;
    this.#state = this.#left === 0 ? AT_HEADER : IN_BODY;
    this.#handOut();
    if (member.type === TYPE.other) this.#report('unknown-type', member.headerOffset, unknownType(member.typeflag));
    if (member.sparse !== null) {
      const stored = this.#left - this.#padding;
      const mapped = mappedBytes(member.sparse);
      if (stored !== mapped) {
        this.#report('sparse-mismatch', member.headerOffset, `the sparse map lists ${mapped} stored bytes, but there are ${stored}`);
      }
    }
    if (this.#extensions.firstOffset < 0) return;
    for (const what of this.#extensions.ambiguous) {
      const message = `a GNU long ${what} and another in its PAX records: the GNU one takes precedence`;
      this.#report('ambiguous-name', member.headerOffset, message);
    }
    this.#extensions.forget();
  }

  #handOut(): void {
    this.#memberCount++;
    this.#member.forget();
    this.#handler.member(this.#member);
  }
}

function unknownType(flag: number): string {
  const shown = flag > 0x20 && flag < 0x7f ? String.fromCharCode(flag) : `0x${flag.toString(16).toUpperCase().padStart(2, '0')}`;
  return `an entry of the unknown type ${shown}`;
}
