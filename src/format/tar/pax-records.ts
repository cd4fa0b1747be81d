// PAX extended headers (POSIX.1-2001 pax, "pax Extended Header"): the body of a member of type x (for the next member) or g
// (global) is a sequence of records
//
//   LENGTH SPACE KEY = VALUE NEWLINE
//
// LENGTH is the decimal length of the whole record, including itself; KEY ends at the first `=`; VALUE is any bytes. If a key is
// repeated, the last record wins; an empty value leaves the header's value. GNU sparse 0.0 repeats `GNU.sparse.offset` and
// `GNU.sparse.numbytes`, which are read as 0.1's `GNU.sparse.map`. Records that Go's archive/tar refuses (parsePAX) are refused here too.
import { decodeUtf8 } from '#model';
import { parseInt64 } from './decimal.ts';
import { spells } from './fields.ts';

/** Indexes of the keys that the reader knows. */
export const KEY = {
  path: 0,
  linkpath: 1,
  uname: 2,
  gname: 3,
  uid: 4,
  gid: 5,
  size: 6,
  mtime: 7,
  atime: 8,
  ctime: 9,
  sparseMajor: 10,
  sparseMinor: 11,
  sparseName: 12,
  sparseSize: 13,
  sparseRealSize: 14,
  sparseBlocks: 15,
  sparseMap: 16,
  sparseOffset: 17,
  sparseBytes: 18,
} as const;

const KEYS: readonly string[] = [
  'path',
  'linkpath',
  'uname',
  'gname',
  'uid',
  'gid',
  'size',
  'mtime',
  'atime',
  'ctime',
  'GNU.sparse.major',
  'GNU.sparse.minor',
  'GNU.sparse.name',
  'GNU.sparse.size',
  'GNU.sparse.realsize',
  'GNU.sparse.numblocks',
  'GNU.sparse.map',
  'GNU.sparse.offset',
  'GNU.sparse.numbytes',
];
const LONGEST_KEY = Math.max(...KEYS.map((key) => key.length));
const KEYS_BY_LENGTH: readonly (readonly number[])[] = Array.from({ length: LONGEST_KEY + 1 }, (_, length) =>
  KEYS.flatMap((key, number) => (key.length === length ? [number] : [])),
);
const ATTRIBUTE_PREFIXES: readonly string[] = ['SCHILY.xattr.', 'LIBARCHIVE.xattr.', 'MSWINDOWS.'];

const EMPTY = new Uint8Array(0);

function keyNumber(bytes: Uint8Array, start: number, end: number): number {
  for (const number of KEYS_BY_LENGTH[end - start] ?? []) if (spells(bytes, start, KEYS[number] as string)) return number;
  return -1;
}

function indexOf(bytes: Uint8Array, byte: number, start: number, end: number): number {
  for (let at = start; at < end; at++) if (bytes[at] === byte) return at;
  return -1;
}

function isAttribute(bytes: Uint8Array, start: number, end: number): boolean {
  for (const prefix of ATTRIBUTE_PREFIXES) if (end - start > prefix.length && spells(bytes, start, prefix)) return true;
  return false;
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** The records of one extended header. Reused: `parse` replaces the previous ones. */
export class PaxRecords {
  /** Whether the member has an extended header, even an empty one. */
  present = false;
  /** The raw records of extended and Windows attributes, one after another up to `attributesEnd`, in a reused buffer. */
  attributes: Uint8Array = EMPTY;
  attributesEnd = 0;
  /** A copy of the header's body, which the spans refer to. */
  bytes: Uint8Array = EMPTY;
  #length = 0;
  /** Start and end of each {@link KEY}'s value; -1 if there is no such record. */
  readonly #spans = new Int32Array(KEYS.length * 2).fill(-1);
  #sparseMap: Uint8Array | null = null;

  clear(): void {
    this.present = false;
    this.attributesEnd = 0;
    this.#sparseMap = null;
    this.#spans.fill(-1);
  }

  /** Copies and parses `source[0..length]`. Returns why the header is refused, or null. */
  parse(source: Uint8Array, length: number): string | null {
    this.clear();
    this.present = true;
    if (this.bytes.length < length) this.bytes = new Uint8Array(Math.max(length, 2048));
    const bytes = this.bytes;
    bytes.set(source.subarray(0, length));
    this.#length = length;
    const pieces: string[] = [];
    for (let at = 0; at < length; ) {
      const space = indexOf(bytes, 0x20, at, length);
      if (space < 0) return 'a PAX record without its length';
      const size = parseInt64(bytes, at, space);
      const end = at + size;
      if (!(size >= 5) || end > length || end <= space + 1 || bytes[end - 1] !== 0x0a) return 'a PAX record of the wrong length';
      const equals = indexOf(bytes, 0x3d, space + 1, end - 1);
      if (equals < 0) return 'a PAX record without =';
      if (equals === space + 1) return 'a PAX record without a key';
      const problem = this.#take(at, space + 1, equals, end, pieces);
      if (problem !== null) return problem;
      at = end;
    }
    if (pieces.length > 0) {
      this.#sparseMap = Uint8Array.from(pieces.join(','), (ch) => ch.charCodeAt(0));
    }
    return null;
  }

  #take(start: number, keyStart: number, keyEnd: number, end: number, pieces: string[]): string | null {
    const { bytes } = this;
    const valueEnd = end - 1;
    const key = keyNumber(bytes, keyStart, keyEnd);
    const valueStart = keyEnd + 1;
    if (key >= KEY.path && key <= KEY.gname) {
      if (indexOf(bytes, 0, valueStart, valueEnd) >= 0) return `a NUL in the PAX record ${KEYS[key]}`;
    } else if (indexOf(bytes, 0, keyStart, keyEnd) >= 0) return 'a NUL in the key of a PAX record';
    if (key === KEY.sparseOffset || key === KEY.sparseBytes) {
      const expected = pieces.length % 2 === 0 ? KEY.sparseOffset : KEY.sparseBytes;
      if (key !== expected || indexOf(bytes, 0x2c, valueStart, valueEnd) >= 0) return 'PAX sparse records out of order';
      pieces.push(latin1(bytes.subarray(valueStart, valueEnd)));
    } else if (key >= 0) {
      this.#spans[key * 2] = valueStart;
      this.#spans[key * 2 + 1] = valueEnd;
    } else if (isAttribute(bytes, keyStart, keyEnd)) this.#keepAttribute(start, end);
    return null;
  }

  #keepAttribute(start: number, end: number): void {
    const length = this.attributesEnd + end - start;
    if (length > this.attributes.length) {
      const longer = new Uint8Array(length * 2);
      longer.set(this.attributes.subarray(0, this.attributesEnd));
      this.attributes = longer;
    }
    this.attributes.set(this.bytes.subarray(start, end), this.attributesEnd);
    this.attributesEnd = length;
  }

  /** Returns the start of a key's value in `bytes`; -1 if there is no such record or it is empty, which means the same. */
  start(key: number): number {
    const start = this.#spans[key * 2] as number;
    return start === this.#spans[key * 2 + 1] ? -1 : start;
  }

  end(key: number): number {
    return this.#spans[key * 2 + 1] as number;
  }

  /** Returns a view of a key's value; empty if there is none. */
  value(key: number): Uint8Array {
    if (key === KEY.sparseMap && this.#sparseMap !== null) return this.#sparseMap;
    const start = this.start(key);
    return start < 0 ? EMPTY : this.bytes.subarray(start, this.end(key));
  }

  /** Returns all records, as in Go's Header.PAXRecords. Keys that aren't UTF-8 are read as Latin-1; values are copies. */
  toMap(): Map<string, Uint8Array> {
    const map = new Map<string, Uint8Array>();
    for (let at = 0; at < this.#length; ) {
      const space = indexOf(this.bytes, 0x20, at, this.#length);
      const end = at + parseInt64(this.bytes, at, space);
      const equals = indexOf(this.bytes, 0x3d, space + 1, end);
      const key = this.bytes.subarray(space + 1, equals);
      const number = keyNumber(this.bytes, space + 1, equals);
      if (number !== KEY.sparseOffset && number !== KEY.sparseBytes) {
        map.set(decodeUtf8(key) ?? latin1(key), this.bytes.slice(equals + 1, end - 1));
      }
      at = end;
    }
    if (this.#sparseMap !== null) map.set(KEYS[KEY.sparseMap] as string, this.#sparseMap.slice());
    return map;
  }
}
