// A tar is a sequence of 512-byte blocks: for each member a header block (fields.ts), then its body, padded to a block. Two zero
// blocks end it. A member's own header may follow extension headers, which look like members:
//
//   x  PAX records for the next member (pax-records.ts)      g  PAX records for all that follow: reported, not applied
//   L  GNU long name of the next member                      K  GNU long link name
//
// Old GNU sparse members have extension blocks between header and body; the body of PAX 1.0 sparse members begins with a map
// (sparse-map.ts). Where readers differ, this one does what Go's archive/tar does (reader.go, Go 1.26), since Docker and containerd
// read with it: the last of several x headers wins, a GNU name wins over a PAX path, an x before a g is lost.
import { compareBytes, type FindingCode, LayerscopeError, TYPE } from '#model';
import { applyRecords, decimalRecord } from './apply-records.ts';
import { firstNonZero, isZeroBlock, parseNumeric, parseOctal, signedSum, textEnd, unsignedSum } from './fields.ts';
import { HeaderBlock, type Magic, magicOf } from './header-block.ts';
import { LongText } from './long-text.ts';
import { MemberView } from './member.ts';
import { KEY, PaxRecords } from './pax-records.ts';
import {
  isPaxSparse,
  isValidMap,
  MAX_MAP_BYTES,
  mappedBytes,
  PaxMapReader,
  readOldGnuEntries,
  readPaxMap,
  type SparseEntry,
} from './sparse-map.ts';
import { FLAG_GLOBAL, FLAG_LONG_LINK, FLAG_LONG_NAME, FLAG_PAX, FLAG_SPARSE, isHeaderOnly, TYPE_OF_FLAG } from './type-flags.ts';
import type { TarHandler } from './types.ts';

const BLOCK = 512;
/** Maximum size in bytes of a PAX header or a GNU long name: Go's maxSpecialFileSize. */
const MAX_EXTENSION_BYTES = 1 << 20;

const SLASH = 0x2f;

// States: what the next bytes are.
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
 * Keeps no bodies. Throws BAD_TAR with the block's offset where Go's archive/tar fails, and for bodies over 2^53 bytes; earlier members
 * have already been passed on, and later bytes are ignored.
 *
 * Streaming callers push everything. Seeking callers check {@link wantedSkip} after each push and call {@link skip} for the bytes
 * they seek over, never for more than the input has left, or a truncated body goes unnoticed. Both call {@link end}.
 */
export class TarReader {
  readonly #handler: TarHandler;
  readonly #base: number;
  readonly #records = new PaxRecords();
  readonly #member: MemberView;
  #state = AT_HEADER;
  #offset: number;
  #memberCount = 0;
  /** Whether the last block was zeros; the next one must be, too. */
  #oneZeroBlock = false;
  #trailingReported = false;

  /** A block that is split between pushes, and how much of it has arrived. */
  readonly #partial = new Uint8Array(BLOCK);
  readonly #partialWords = new Uint32Array(this.#partial.buffer);
  #filled = 0;
  /** A copy of the header block of a sparse member or a global header. */
  readonly #kept = new Uint8Array(BLOCK);

  /** Remaining bytes of the body or extension including padding, and how many of them are padding. */
  #left = 0;
  #padding = 0;

  /** Offset of the next member's first extension header; -1 if there is none yet. */
  #pendingOffset = -1;
  #extensionFlag = 0;
  #extensionOffset = 0;
  #extension = new Uint8Array(0);
  #extensionFilled = 0;
  readonly #longName = new LongText();
  readonly #longLink = new LongText();
  #sparse: SparseEntry[] = [];
  #oldMapBytes = 0;
  #paxMap: PaxMapReader | null = null;
  readonly #block = new HeaderBlock();

  #words: Uint32Array = new Uint32Array(0);
  #wordsBuffer: ArrayBufferLike = this.#words.buffer;

  constructor(handler: TarHandler, options: TarReaderOptions = {}) {
    this.#handler = handler;
    this.#base = options.baseOffset ?? 0;
    this.#offset = this.#base;
    this.#member = new MemberView(this.#records);
  }

  /** Offset in the tar of the next byte to push. During a handler's call, the end of the current push. */
  get offset(): number {
    return this.#offset;
  }

  /** How many of the next bytes aren't needed; MAX_SAFE_INTEGER once nothing more is needed. */
  get wantedSkip(): number {
    if (this.#state === IN_BODY) return this.#left;
    return this.#state === STOPPED || (this.#state === AT_END && this.#trailingReported) ? Number.MAX_SAFE_INTEGER : 0;
  }

  /** Whether no more members will come: the end marker was read, or the reader was stopped or has failed. */
  get done(): boolean {
    return this.#state === AT_END || this.#state === STOPPED;
  }

  /** Number of members so far, including globals. */
  get memberCount(): number {
    return this.#memberCount;
  }

  /** Stops reading; handlers may call it. Findings about the current member are still reported. */
  stop(): void {
    this.#state = STOPPED;
  }

  /** Skips `count` bytes that the caller doesn't push. Throws INTERNAL if that is more than {@link wantedSkip}. */
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

  /** Ends the input, and reports what was cut off or is missing. */
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
    } else if (this.#pendingOffset >= 0) {
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
    if (this.#pendingOffset >= 0) this.#report('truncated', offset, 'the tar ends after an extension header, without its entry');
  }

  // Extension headers

  #startExtension(bytes: Uint8Array, at: number, offset: number, size: number, magic: Magic): void {
    if (size < 0) this.#fail(offset, 'a negative size');
    if (size > MAX_EXTENSION_BYTES) this.#fail(offset, 'an extension header over 1 MiB');
    if (this.#member.typeflag === FLAG_GLOBAL) {
      this.#kept.set(bytes.subarray(at, at + BLOCK));
      this.#block.readTexts(this.#member, this.#kept, 0, magic);
    } else if (this.#pendingOffset < 0) this.#pendingOffset = offset;
    this.#extensionFlag = this.#member.typeflag;
    this.#extensionOffset = offset;
    this.#extensionFilled = 0;
    if (this.#extension.length < size) this.#extension = new Uint8Array(Math.max(size, 2048));
    this.#padding = -size & (BLOCK - 1);
    this.#left = size + this.#padding;
    this.#state = IN_EXTENSION;
    if (size === 0) this.#finishExtension();
  }

  /** Copies the next bytes of the extension; returns how many. */
  #takeExtension(bytes: Uint8Array, at: number, end: number): number {
    const count = Math.min(this.#left - this.#padding, end - at);
    this.#extension.set(bytes.subarray(at, at + count), this.#extensionFilled);
    this.#extensionFilled += count;
    this.#left -= count;
    if (this.#left === this.#padding) this.#finishExtension();
    return count;
  }

  #finishExtension(): void {
    this.#state = this.#left === 0 ? AT_HEADER : IN_BODY;
    const length = this.#extensionFilled;
    if (this.#extensionFlag === FLAG_LONG_NAME || this.#extensionFlag === FLAG_LONG_LINK) {
      const long = this.#extensionFlag === FLAG_LONG_NAME ? this.#longName : this.#longLink;
      long.set(this.#extension, textEnd(this.#extension, 0, length));
      return;
    }
    const lost = this.#pendingOffset >= 0 && this.#extensionFlag === FLAG_GLOBAL;
    const problem = this.#records.parse(this.#extension, length);
    if (problem !== null) this.#fail(this.#extensionOffset, problem);
    if (this.#extensionFlag === FLAG_GLOBAL) this.#handOutGlobal(lost);
  }

  #handOutGlobal(lost: boolean): void {
    const member = this.#member;
    const path = this.#records.start(KEY.path);
    if (path >= 0) member.setName(this.#records.bytes, path, this.#records.end(KEY.path));
    member.setPlace(this.#extensionOffset, this.#extensionOffset);
    member.size = 0;
    member.headerSize = this.#extensionFilled;
    member.storedSize = this.#extensionFilled;
    member.type = TYPE.global;
    member.format = 'pax';
    member.setAttributes(this.#records.attributes, this.#records.attributesEnd);
    member.sparse = null;
    this.#handOut();
    const message = lost
      ? 'a PAX global header: not applied to what follows, and the extension header before it is lost'
      : 'a PAX global header: not applied to what follows';
    this.#report('global-header', member.headerOffset, message);
    this.#forgetExtensions();
  }

  #forgetExtensions(): void {
    this.#pendingOffset = -1;
    this.#longName.length = 0;
    this.#longLink.length = 0;
    if (this.#records.present) this.#records.clear();
  }

  // Members

  #takeFile(source: Uint8Array, from: number, offset: number, headerSize: number, magic: Magic): void {
    const member = this.#member;
    const records = this.#records;
    let bytes = source;
    let at = from;
    if (member.typeflag === FLAG_SPARSE || records.start(KEY.sparseMajor) >= 0) {
      // The member is passed on after its map, when the chunk may be gone.
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
    if (this.#pendingOffset >= 0) this.#applyExtensions(offset);
    // V7 has no type flag for directories: their names end in a slash.
    if (member.typeflag === 0 && member.nameEnd > member.nameStart && member.nameBytes[member.nameEnd - 1] === SLASH) type = TYPE.directory;
    const stored = isHeaderOnly(type) ? 0 : member.storedSize;
    if (stored < 0) this.#fail(offset, 'a negative size');
    if (offset + stored > Number.MAX_SAFE_INTEGER - BLOCK * 2) this.#fail(offset, 'a size over 2^53 bytes');
    member.type = type;
    member.size = stored;
    member.headerSize = member.storedSize;
    member.storedSize = stored;
    member.setPlace(this.#pendingOffset >= 0 ? this.#pendingOffset : offset, offset);
    this.#padding = -stored & (BLOCK - 1);
    this.#left = stored + this.#padding;
    if (member.typeflag === FLAG_SPARSE) this.#startOldSparse(bytes, at, offset, magic);
    else if (records.present && isPaxSparse(records)) this.#startPaxSparse(offset);
    else this.#handOutFile();
  }

  #applyExtensions(offset: number): void {
    const member = this.#member;
    if (this.#records.present) {
      const problem = applyRecords(member, this.#records);
      if (problem !== null) this.#fail(offset, problem);
    }
    if (this.#longName.length > 0) member.setName(this.#longName.bytes, 0, this.#longName.length);
    if (this.#longLink.length > 0) member.setLink(this.#longLink.bytes, 0, this.#longLink.length);
  }

  // Sparse members

  #startOldSparse(bytes: Uint8Array, at: number, offset: number, magic: Magic): void {
    if (magic !== 'gnu') this.#fail(offset, 'a sparse file in a format other than GNU');
    this.#member.size = parseNumeric(bytes, at + 483, at + 495);
    this.#sparse = [];
    this.#oldMapBytes = 97;
    if (Number.isNaN(this.#member.size) || !readOldGnuEntries(bytes, at + 386, 4, this.#sparse))
      this.#fail(offset, 'a malformed sparse map');
    if (bytes[at + 482] === 0) this.#finishSparse(offset);
    else this.#state = IN_OLD_MAP;
  }

  #takeOldMap(bytes: Uint8Array, at: number, offset: number): void {
    const member = this.#member;
    this.#oldMapBytes += BLOCK;
    if (this.#oldMapBytes >= MAX_MAP_BYTES) this.#fail(member.ownHeaderOffset, 'the sparse map is too long');
    if (!readOldGnuEntries(bytes, at, 21, this.#sparse)) this.#fail(member.ownHeaderOffset, 'a malformed sparse map');
    member.bodyOffset = offset + BLOCK;
    member.dataOffset = member.bodyOffset;
    if (bytes[at + 504] === 0) this.#finishSparse(member.ownHeaderOffset);
  }

  #startPaxSparse(offset: number): void {
    const member = this.#member;
    const records = this.#records;
    const name = records.start(KEY.sparseName);
    if (name >= 0) member.setName(records.bytes, name, records.end(KEY.sparseName));
    const sizeKey = records.start(KEY.sparseSize) >= 0 ? KEY.sparseSize : KEY.sparseRealSize;
    member.size = decimalRecord(records, sizeKey, member.storedSize);
    if (Number.isNaN(member.size)) this.#fail(offset, 'a number in its PAX records is malformed');
    if (records.value(KEY.sparseMajor)[0] === 0x31) {
      this.#paxMap = new PaxMapReader();
      this.#state = IN_PAX_MAP;
      if (member.storedSize < BLOCK) this.#fail(offset, 'no room for its sparse map');
      return;
    }
    const map = readPaxMap(records.value(KEY.sparseMap), records.value(KEY.sparseBlocks));
    if (map === null) this.#fail(offset, 'a malformed sparse map');
    this.#sparse = map;
    this.#finishSparse(offset);
  }

  #takePaxMap(bytes: Uint8Array, at: number, offset: number): void {
    const member = this.#member;
    const reader = this.#paxMap as PaxMapReader;
    const result = reader.push(bytes, at);
    if (result === 'refused') this.#fail(member.ownHeaderOffset, 'a malformed sparse map');
    this.#left -= BLOCK;
    if (result === 'more') {
      if (this.#left - this.#padding < BLOCK) this.#fail(member.ownHeaderOffset, 'no room for its sparse map');
      return;
    }
    this.#sparse = reader.map();
    this.#paxMap = null;
    member.dataOffset = offset + BLOCK;
    this.#finishSparse(member.ownHeaderOffset);
  }

  #finishSparse(offset: number): void {
    const member = this.#member;
    if (isHeaderOnly(member.type)) this.#fail(offset, 'a sparse map on an entry without a body');
    if (!isValidMap(this.#sparse, member.size)) this.#fail(offset, 'a sparse map that contradicts itself');
    if (member.size > Number.MAX_SAFE_INTEGER) this.#fail(offset, 'a size over 2^53 bytes');
    member.sparse = this.#sparse;
    this.#sparse = [];
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
    if (this.#pendingOffset < 0) return;
    this.#reportAmbiguous(this.#longName, KEY.path, 'name');
    this.#reportAmbiguous(this.#longLink, KEY.linkpath, 'link name');
    this.#forgetExtensions();
  }

  #reportAmbiguous(long: LongText, key: number, what: string): void {
    if (long.length === 0 || this.#records.start(key) < 0) return;
    if (compareBytes(long.bytes.subarray(0, long.length), this.#records.value(key)) === 0) return;
    this.#report(
      'ambiguous-name',
      this.#member.headerOffset,
      `a GNU long ${what} and another in its PAX records: the GNU one takes precedence`,
    );
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
