// A tar is a run of 512-byte blocks: for each member a header block (fields.ts), then its body, filled up to a block. Two zero
// blocks end it. A member may have extension headers before its own, members of their own by form:
//
//   x  PAX records for the next member (pax-records.ts)      g  PAX records for all that follow: handed out, not applied
//   L  GNU long name of the next member                      K  GNU long link name
//
// and old GNU sparse members have extension blocks between header and body, PAX 1.0 sparse members a map at the body's begin
// (sparse-map.ts). Wherever readers differ this one does as Go's archive/tar (reader.go, Go 1.26), since Docker and containerd
// read with it: of several x headers the last counts, a GNU name wins over a PAX path, an x before a g is lost.
import { LayerscopeError, TYPE } from '#model';
import { parseInt64, parsePaxTime } from './decimal.ts';
import { firstNonZero, isZero, parseNumeric, parseOctal, signedSum, spells, textEnd, unsignedSum } from './fields.ts';
import { MemberView } from './member.ts';
import { KEY, PaxRecords } from './pax-records.ts';
import { isValidMap, MAX_MAP_BYTES, mappedBytes, PaxMapReader, readOldGnuEntries, readPaxMap, type SparseEntry } from './sparse-map.ts';
import type { TarHandler } from './types.ts';

const BLOCK = 512;
/** Bytes of a PAX header or a GNU long name; Go's maxSpecialFileSize. */
const MAX_EXTENSION_BYTES = 1 << 20;

const FLAG_GLOBAL = 0x67; // g
const FLAG_PAX = 0x78; // x
const FLAG_LONG_NAME = 0x4c; // L
const FLAG_LONG_LINK = 0x4b; // K
const FLAG_SPARSE = 0x53; // S

/** TYPE by type flag; the extension headers never get here. */
const TYPE_OF_FLAG = new Uint8Array(256).fill(TYPE.other);
for (const [flag, type] of [
  ['\0', TYPE.file],
  ['0', TYPE.file],
  ['7', TYPE.file],
  ['S', TYPE.file],
  ['1', TYPE.hardlink],
  ['2', TYPE.symlink],
  ['3', TYPE.character],
  ['4', TYPE.block],
  ['5', TYPE.directory],
  ['6', TYPE.fifo],
] as const) {
  TYPE_OF_FLAG[flag.charCodeAt(0)] = type;
}

// What the bytes that come next are.
const AT_HEADER = 0; // a header block, or an end block
const IN_BODY = 1; // a body and its padding, passed over
const IN_EXTENSION = 2; // the body of an x, g, L or K
const IN_OLD_MAP = 3; // extension blocks of an old GNU sparse member
const IN_PAX_MAP = 4; // the map blocks of a PAX 1.0 sparse member
const AT_END = 5; // behind the two zero blocks
const STOPPED = 6; // stopped, failed or ended

export interface TarReaderOptions {
  /** Offset that the first byte pushed has in the tar: to read on from a member's `headerOffset`. Default 0. */
  readonly baseOffset?: number;
}

/** What a header says of the member, as Go's format guess: by magic. */
type Magic = 'v7' | 'ustar' | 'gnu' | 'star';

/**
 * Reads one tar from the bytes pushed into it and hands members and findings to its handler, in order, as soon as they are known.
 * Keeps no body. Fails with BAD_TAR and the offset of the block where Go's archive/tar fails (and on bodies over 2^53 bytes);
 * members before that have been handed out, and what is pushed afterwards is ignored.
 *
 * A streaming feeder pushes everything. A seeking one asks {@link wantedSkip} after each push and calls {@link skip} for bytes
 * that it jumps over: never for more than the input holds, or a body that is cut off goes unnoticed. Both call {@link end}.
 */
export class TarReader {
  readonly #handler: TarHandler;
  readonly #base: number;
  readonly #records = new PaxRecords();
  readonly #member: MemberView;
  #state = AT_HEADER;
  #offset: number;
  #memberCount = 0;
  /** A zero block was seen: another must follow. */
  #oneZeroBlock = false;
  #trailingTold = false;

  /** A block that the chunks broke in two, and how much of it is here. Also the kept header of a sparse member. */
  readonly #partial = new Uint8Array(BLOCK);
  readonly #partialWords = new Uint32Array(this.#partial.buffer);
  #filled = 0;
  readonly #kept = new Uint8Array(BLOCK);

  /** Bytes to come of the body or extension, padding included, and how many of them are padding. */
  #left = 0;
  #padding = 0;

  /** Offset of the first extension header of the member to come; -1: none yet. */
  #pendingOffset = -1;
  #extensionFlag = 0;
  #extensionOffset = 0;
  #extension = new Uint8Array(0);
  #extensionFilled = 0;
  #longName: Uint8Array | null = null;
  #longLink: Uint8Array | null = null;
  #sparse: SparseEntry[] = [];
  #oldMapBytes = 0;
  #paxMap: PaxMapReader | null = null;
  readonly #joined = new Uint8Array(256);

  #words: Uint32Array = new Uint32Array(0);
  #wordsBuffer: ArrayBufferLike = this.#words.buffer;

  constructor(handler: TarHandler, options: TarReaderOptions = {}) {
    this.#handler = handler;
    this.#base = options.baseOffset ?? 0;
    this.#offset = this.#base;
    this.#member = new MemberView(this.#records);
  }

  /** Where the next byte to push stands in the tar. In a handler's call: behind all of the push under way. */
  get offset(): number {
    return this.#offset;
  }

  /** How many of the bytes that come next aren't needed; more than any input has once nothing is. */
  get wantedSkip(): number {
    if (this.#state === IN_BODY) return this.#left;
    return this.#state === STOPPED || (this.#state === AT_END && this.#trailingTold) ? Number.MAX_SAFE_INTEGER : 0;
  }

  /** The end marker was seen, or the reader was stopped or has failed: no member comes any more. */
  get done(): boolean {
    return this.#state === AT_END || this.#state === STOPPED;
  }

  /** Members handed out so far, globals included. */
  get memberCount(): number {
    return this.#memberCount;
  }

  /** No more members: may be called by the handler. Findings about the member handed out last still come. */
  stop(): void {
    this.#state = STOPPED;
  }

  /** Counts `count` bytes as seen. Throws INTERNAL where more than {@link wantedSkip} are skipped. */
  skip(count: number): void {
    if (!(count >= 0 && count <= this.wantedSkip)) throw new LayerscopeError('INTERNAL', 'more bytes skipped than the reader can spare');
    this.#offset += count;
    if (this.#state !== IN_BODY) return;
    this.#left -= count;
    if (this.#left === 0) this.#state = AT_HEADER;
  }

  /** Takes `bytes` from `start` to `end`, all of it. The array may be reused afterwards. Throws BAD_TAR. */
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
          if (this.#filled === 0 && end - at >= BLOCK) {
            this.#takeBlock(bytes, at, origin + at, words, bytes.byteOffset);
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

  /** The input is over: tells what was cut off or is missing. */
  end(): void {
    const state = this.#state;
    this.#state = STOPPED;
    if (state === AT_END || state === STOPPED) return;
    if (state === IN_BODY && this.#left > this.#padding) {
      this.#handler.truncated?.(this.#memberCount - 1);
      this.#tell('truncated', this.#offset, `the body of the last entry is cut off: ${this.#left - this.#padding} bytes are missing`);
    } else if (state === IN_EXTENSION) {
      this.#tell('truncated', this.#offset, 'the tar is cut off in an extension header');
    } else if (state === IN_OLD_MAP || state === IN_PAX_MAP) {
      this.#tell('truncated', this.#offset, 'the tar is cut off in the map of a sparse file');
    } else if (!isZero(this.#partial, 0, this.#filled, this.#partialWords, 0)) {
      this.#tell('truncated', this.#offset, 'the tar is cut off in a header');
    } else if (this.#pendingOffset >= 0) {
      this.#tell('truncated', this.#offset, 'the tar ends behind an extension header, without its entry');
    } else if (this.#offset > this.#base) {
      const what = this.#oneZeroBlock ? 'one zero block in place of two' : 'the tar ends without its two zero blocks';
      this.#tell('missing-end-marker', this.#offset, what);
    }
  }

  #tell(
    code:
      | 'truncated'
      | 'missing-end-marker'
      | 'trailing-data'
      | 'odd-name'
      | 'ambiguous-name'
      | 'global-header'
      | 'unknown-type'
      | 'size-mismatch',
    offset: number,
    message: string,
  ): void {
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
    if (this.#trailingTold) return;
    const at = firstNonZero(bytes, start, end, this.#words, bytes.byteOffset);
    if (at === end) return;
    this.#trailingTold = true;
    this.#tell('trailing-data', origin + at, 'bytes that are no zeros follow the end of the tar');
  }

  #takeBlock(bytes: Uint8Array, at: number, offset: number, words: Uint32Array, shift: number): void {
    if (this.#state === IN_OLD_MAP) {
      this.#takeOldMap(bytes, at, offset);
      return;
    }
    if (this.#state === IN_PAX_MAP) {
      this.#takePaxMap(bytes, at, offset);
      return;
    }
    if (bytes[at] === 0 && isZero(bytes, at, at + BLOCK, words, shift)) {
      if (this.#oneZeroBlock) this.#finishAtMarker(offset);
      this.#oneZeroBlock = true;
      return;
    }
    if (this.#oneZeroBlock) this.#fail(offset, 'it follows a single zero block');
    const stated = parseOctal(bytes, at + 148, at + 156);
    const sum = unsignedSum(bytes, at, words, shift);
    if (stated !== sum && stated !== signedSum(bytes, at, sum)) this.#fail(offset, 'the checksum is wrong');
    this.#takeHeader(bytes, at, offset);
  }

  #finishAtMarker(offset: number): void {
    this.#state = AT_END;
    if (this.#pendingOffset >= 0) this.#tell('truncated', offset, 'the tar ends behind an extension header, without its entry');
  }

  #takeHeader(bytes: Uint8Array, at: number, offset: number): void {
    const member = this.#member;
    const size = parseNumeric(bytes, at + 124, at + 136);
    member.mode = parseNumeric(bytes, at + 100, at + 108);
    member.uid = parseNumeric(bytes, at + 108, at + 116);
    member.gid = parseNumeric(bytes, at + 116, at + 124);
    member.mtimeSeconds = parseNumeric(bytes, at + 136, at + 148);
    member.mtimeNanos = 0;
    const magic = this.#magic(bytes, at);
    if (magic === 'v7') {
      member.devMajor = 0;
      member.devMinor = 0;
    } else {
      member.devMajor = parseNumeric(bytes, at + 329, at + 337);
      member.devMinor = parseNumeric(bytes, at + 337, at + 345);
    }
    // NaN, which a refused number is, survives addition.
    let all = size + member.mode + member.uid + member.gid + member.mtimeSeconds + member.devMajor + member.devMinor;
    if (magic === 'star') all += parseNumeric(bytes, at + 476, at + 488) + parseNumeric(bytes, at + 488, at + 500);
    if (Number.isNaN(all)) this.#fail(offset, 'a number is malformed');

    const flag = bytes[at + 156] as number;
    member.typeflag = flag;
    if (flag === FLAG_PAX || flag === FLAG_GLOBAL || flag === FLAG_LONG_NAME || flag === FLAG_LONG_LINK) {
      this.#startExtension(bytes, at, offset, size, magic);
    } else this.#takeFile(bytes, at, offset, size, magic);
  }

  #magic(bytes: Uint8Array, at: number): Magic {
    if ((bytes[at + 257] as number) !== 0x75 || !spells(bytes, at + 257, 'ustar')) return 'v7';
    if ((bytes[at + 262] as number) === 0)
      return (bytes[at + 508] as number) === 0x74 && spells(bytes, at + 508, 'tar\0') ? 'star' : 'ustar';
    return spells(bytes, at + 262, '  \0') ? 'gnu' : 'v7';
  }

  // Extension headers

  #startExtension(bytes: Uint8Array, at: number, offset: number, size: number, magic: Magic): void {
    if (size < 0) this.#fail(offset, 'a negative size');
    if (size > MAX_EXTENSION_BYTES) this.#fail(offset, 'an extension header over 1 MiB');
    if (this.#member.typeflag === FLAG_GLOBAL) {
      this.#kept.set(bytes.subarray(at, at + BLOCK));
      this.#setTexts(this.#kept, 0, magic);
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

  /** Copies what there is of the extension; returns how many bytes were taken. */
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
      const text = this.#extension.slice(0, textEnd(this.#extension, 0, length));
      if (this.#extensionFlag === FLAG_LONG_NAME) this.#longName = text;
      else this.#longLink = text;
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
    if (path >= 0) this.#setName(this.#records.bytes, path, this.#records.end(KEY.path));
    member.headerOffset = this.#extensionOffset;
    member.ownHeaderOffset = this.#extensionOffset;
    member.bodyOffset = this.#extensionOffset + BLOCK;
    member.dataOffset = member.bodyOffset;
    member.size = 0;
    member.storedSize = this.#extensionFilled;
    member.type = TYPE.global;
    member.format = 'pax';
    member.hasAttributes = this.#records.hasAttributes;
    member.sparse = null;
    this.#handOut();
    const message = lost
      ? 'a PAX global header: not applied to what follows, and the extension header before it is lost'
      : 'a PAX global header: not applied to what follows';
    this.#tell('global-header', member.headerOffset, message);
    this.#forgetExtensions();
  }

  #forgetExtensions(): void {
    this.#pendingOffset = -1;
    this.#longName = null;
    this.#longLink = null;
    if (this.#records.present) this.#records.clear();
  }

  // Members

  #setName(bytes: Uint8Array, start: number, end: number): void {
    this.#member.nameBytes = bytes;
    this.#member.nameStart = start;
    this.#member.nameEnd = end;
  }

  #setLink(bytes: Uint8Array, start: number, end: number): void {
    this.#member.linkBytes = bytes;
    this.#member.linkStart = start;
    this.#member.linkEnd = end;
  }

  #setTexts(bytes: Uint8Array, at: number, magic: Magic): void {
    const member = this.#member;
    this.#setName(bytes, at, textEnd(bytes, at, at + 100));
    this.#setLink(bytes, at + 157, (bytes[at + 157] as number) === 0 ? at + 157 : textEnd(bytes, at + 157, at + 257));
    member.unameBytes = bytes;
    member.gnameBytes = bytes;
    member.unameStart = at + 265;
    member.gnameStart = at + 297;
    if (magic === 'v7') {
      member.unameEnd = member.unameStart;
      member.gnameEnd = member.gnameStart;
      return;
    }
    member.unameEnd = textEnd(bytes, at + 265, at + 297);
    member.gnameEnd = textEnd(bytes, at + 297, at + 329);
    if ((bytes[at + 345] as number) === 0 && magic !== 'gnu') return;
    const prefixEnd = this.#prefixEnd(bytes, at, magic);
    if (prefixEnd > at + 345) this.#join(bytes, at + 345, prefixEnd);
  }

  #prefixEnd(bytes: Uint8Array, at: number, magic: Magic): number {
    const start = at + 345;
    if (magic === 'star') return textEnd(bytes, start, start + 131);
    const end = textEnd(bytes, start, start + 155);
    if (magic === 'ustar') return end;
    // GNU has times there. Go before 1.8 wrote a prefix all the same: where the times don't parse and the text is ASCII, it is one.
    const atimeBad = bytes[start] !== 0 && Number.isNaN(parseNumeric(bytes, start, start + 12));
    const ctimeBad = bytes[start + 12] !== 0 && Number.isNaN(parseNumeric(bytes, start + 12, start + 24));
    if (!atimeBad && !ctimeBad) return start;
    for (let i = start; i < end; i++) if ((bytes[i] as number) >= 0x80) return start;
    return end;
  }

  /** Prefix, `/` and the name that is set. */
  #join(bytes: Uint8Array, start: number, end: number): void {
    const joined = this.#joined;
    const { nameBytes, nameStart, nameEnd } = this.#member;
    let to = 0;
    for (let i = start; i < end; i++) joined[to++] = bytes[i] as number;
    joined[to++] = 0x2f;
    for (let i = nameStart; i < nameEnd; i++) joined[to++] = nameBytes[i] as number;
    this.#setName(joined, 0, to);
  }

  #takeFile(source: Uint8Array, from: number, offset: number, headerSize: number, magic: Magic): void {
    const member = this.#member;
    const records = this.#records;
    let bytes = source;
    let at = from;
    if (member.typeflag === FLAG_SPARSE || records.start(KEY.sparseMajor) >= 0) {
      // The member is handed out behind its map, when the chunk may be gone.
      this.#kept.set(source.subarray(from, from + BLOCK));
      bytes = this.#kept;
      at = 0;
    }
    this.#setTexts(bytes, at, magic);
    member.format = magic;
    member.hasAttributes = false;
    member.sparse = null;
    let size = headerSize;
    if (size < 0 && !this.#headerOnly(TYPE_OF_FLAG[member.typeflag] as number)) this.#fail(offset, 'a negative size');
    if (this.#pendingOffset >= 0) size = this.#mergeExtensions(offset, size);
    let type = TYPE_OF_FLAG[member.typeflag] as number;
    // V7 has no type for directories: a name that ends in a slash says it.
    if (member.typeflag === 0 && member.nameEnd > member.nameStart && member.nameBytes[member.nameEnd - 1] === 0x2f) type = TYPE.directory;
    member.type = type;
    const stored = this.#headerOnly(type) ? 0 : size;
    if (stored < 0) this.#fail(offset, 'a negative size');
    if (offset + stored > Number.MAX_SAFE_INTEGER - BLOCK * 2) this.#fail(offset, 'a size over 2^53 bytes');
    member.size = stored;
    member.storedSize = stored;
    member.headerOffset = this.#pendingOffset >= 0 ? this.#pendingOffset : offset;
    member.ownHeaderOffset = offset;
    member.bodyOffset = offset + BLOCK;
    member.dataOffset = member.bodyOffset;
    this.#padding = -stored & (BLOCK - 1);
    this.#left = stored + this.#padding;
    if (member.typeflag === FLAG_SPARSE) this.#startOldSparse(bytes, at, offset, magic);
    else if (records.present && this.#isPaxSparse()) this.#startPaxSparse(offset);
    else this.#handOutFile();
  }

  #headerOnly(type: number): boolean {
    return type >= TYPE.directory && type <= TYPE.fifo;
  }

  /** Applies the extension headers to the member; returns its size. */
  #mergeExtensions(offset: number, headerSize: number): number {
    const member = this.#member;
    const records = this.#records;
    let size = headerSize;
    if (records.present) {
      member.format = 'pax';
      member.hasAttributes = records.hasAttributes;
      const { bytes } = records;
      let start = records.start(KEY.path);
      if (start >= 0) this.#setName(bytes, start, records.end(KEY.path));
      start = records.start(KEY.linkpath);
      if (start >= 0) this.#setLink(bytes, start, records.end(KEY.linkpath));
      start = records.start(KEY.uname);
      if (start >= 0) {
        member.unameBytes = bytes;
        member.unameStart = start;
        member.unameEnd = records.end(KEY.uname);
      }
      start = records.start(KEY.gname);
      if (start >= 0) {
        member.gnameBytes = bytes;
        member.gnameStart = start;
        member.gnameEnd = records.end(KEY.gname);
      }
      member.uid = this.#decimal(KEY.uid, member.uid, offset);
      member.gid = this.#decimal(KEY.gid, member.gid, offset);
      size = this.#decimal(KEY.size, size, offset);
      this.#time(KEY.atime, offset);
      this.#time(KEY.ctime, offset);
      const mtime = this.#time(KEY.mtime, offset);
      if (mtime !== null) {
        member.mtimeSeconds = mtime.seconds;
        member.mtimeNanos = mtime.nanos;
      }
    }
    if (this.#longName !== null && this.#longName.length > 0) this.#setName(this.#longName, 0, this.#longName.length);
    if (this.#longLink !== null && this.#longLink.length > 0) this.#setLink(this.#longLink, 0, this.#longLink.length);
    return size;
  }

  #decimal(key: number, otherwise: number, offset: number): number {
    const start = this.#records.start(key);
    if (start < 0) return otherwise;
    const value = parseInt64(this.#records.bytes, start, this.#records.end(key));
    if (Number.isNaN(value)) this.#fail(offset, 'a number in its PAX records is malformed');
    return value;
  }

  #time(key: number, offset: number): { seconds: number; nanos: number } | null {
    const start = this.#records.start(key);
    if (start < 0) return null;
    const time = parsePaxTime(this.#records.bytes, start, this.#records.end(key));
    if (Number.isNaN(time.seconds)) this.#fail(offset, 'a time in its PAX records is malformed');
    return time;
  }

  // Sparse members

  #startOldSparse(bytes: Uint8Array, at: number, offset: number, magic: Magic): void {
    if (magic !== 'gnu') this.#fail(offset, 'a sparse file that is not in GNU form');
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

  #isPaxSparse(): boolean {
    const major = this.#records.value(KEY.sparseMajor);
    const minor = this.#records.value(KEY.sparseMinor);
    if (major.length === 0 && minor.length === 0) return this.#records.value(KEY.sparseMap).length > 0;
    if (major.length !== 1 || minor.length !== 1) return false;
    return (major[0] === 0x30 && (minor[0] === 0x30 || minor[0] === 0x31)) || (major[0] === 0x31 && minor[0] === 0x30);
  }

  #startPaxSparse(offset: number): void {
    const member = this.#member;
    const records = this.#records;
    const name = records.start(KEY.sparseName);
    if (name >= 0) this.#setName(records.bytes, name, records.end(KEY.sparseName));
    member.size = this.#decimal(records.start(KEY.sparseSize) >= 0 ? KEY.sparseSize : KEY.sparseRealSize, member.storedSize, offset);
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
    if (this.#headerOnly(member.type)) this.#fail(offset, 'a sparse map on an entry that has no body');
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
    if (member.type === TYPE.other) this.#tellUnknownType();
    if (member.sparse !== null) this.#tellSparse(member.sparse);
    if (this.#pendingOffset < 0) return;
    this.#tellAmbiguous(this.#longName, KEY.path, 'name');
    this.#tellAmbiguous(this.#longLink, KEY.linkpath, 'link name');
    this.#forgetExtensions();
  }

  #handOut(): void {
    this.#memberCount++;
    this.#member.forget();
    this.#handler.member(this.#member);
  }

  #tellUnknownType(): void {
    const flag = this.#member.typeflag;
    const shown = flag > 0x20 && flag < 0x7f ? String.fromCharCode(flag) : `0x${flag.toString(16).toUpperCase().padStart(2, '0')}`;
    this.#tell('unknown-type', this.#member.headerOffset, `an entry of the unknown type ${shown}`);
  }

  #tellSparse(map: readonly SparseEntry[]): void {
    const stored = this.#left - this.#padding;
    const mapped = mappedBytes(map);
    if (stored === mapped) return;
    this.#tell('size-mismatch', this.#member.headerOffset, `the sparse map speaks of ${mapped} stored bytes, there are ${stored}`);
  }

  #tellAmbiguous(long: Uint8Array | null, key: number, what: string): void {
    if (long === null || long.length === 0 || this.#records.start(key) < 0) return;
    const other = this.#records.value(key);
    if (other.length === long.length && other.every((byte, i) => byte === long[i])) return;
    this.#tell('ambiguous-name', this.#member.headerOffset, `a GNU long ${what} and another in its PAX records: the GNU one counts`);
  }
}
