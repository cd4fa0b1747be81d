// A TOC is JSON: {"version":1,"entries":[…]}, one entry for each member of the tar, in tar order, and one of type `chunk` for each further
// piece of a file. Fields that are 0 or empty are omitted.
//
//   name (folders end in `/`), type (dir reg symlink hardlink char block fifo chunk), size, modtime (RFC 3339), linkName, mode (may have
//   type bits), uid, gid, userName, groupName (may be only at the first entry of an id), devMajor, devMinor, xattrs (base64), digest
//   offset (of the packed member with the content), innerOffset (of the content in the unpacked member), chunkOffset (in the file),
//   chunkSize (0: to the file's end), chunkDigest
//   zstd:chunked only: endOffset (at a file's first entry: where the last of its pieces ends), chunkType (`zeros`: nothing is stored)
//
// Source: stargz-snapshotter docs/estargz.md, TOCEntry; containers/storage pkg/chunked/internal.
import { displayText, isDigest } from '#model';
import { damaged, NO_FIELDS, readTocJson, type TocFields } from './toc-json.ts';

const MAX_NAME = 65_536;
const TYPES: ReadonlySet<string> = new Set<TocType>(['dir', 'reg', 'symlink', 'hardlink', 'char', 'block', 'fifo']);
/** Permissions and file type bits. Some writers keep the latter in the mode, as some tars do. */
const MODE_BITS = 0o177_777;

type TocType = 'dir' | 'reg' | 'symlink' | 'hardlink' | 'char' | 'block' | 'fifo';

/** A piece of a file's content. */
export interface TocChunk {
  /** Offset of the piece in the file. */
  readonly fileOffset: number;
  readonly sizeBytes: number;
  /** Start of the packed bytes that contain the piece: a gzip member or a zstd frame. */
  readonly packedStart: number;
  /** End of that range, which may include bytes after the piece's. */
  readonly packedEnd: number;
  /** Offset of the piece in the unpacked bytes. */
  readonly innerOffset: number;
  /** Digest of the piece; null if none is stated. */
  readonly digest: string | null;
  /** Whether the piece consists of zeros that aren't stored; the packed range is then empty. */
  readonly isZeros: boolean;
}

/** One member of the tar, as described by the TOC. Strings are unchanged. */
export interface TocEntry {
  readonly name: string;
  readonly type: TocType;
  readonly sizeBytes: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly userName: string;
  readonly groupName: string;
  readonly mtimeSeconds: number;
  readonly mtimeNanos: number;
  readonly linkName: string;
  readonly devMajor: number;
  readonly devMinor: number;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  /** Digest of the file's whole content; null if none is stated. */
  readonly digest: string | null;
  /** In order, without gaps; empty for empty files and for anything but files. */
  readonly chunks: readonly TocChunk[];
}

export interface Toc {
  readonly entries: readonly TocEntry[];
  /** Digest of the compressed tar-split metadata; zstd:chunked only. */
  readonly tarSplitDigest: string | null;
}

/** Determines the rules for where a piece ends. */
export type TocDialect = 'estargz' | 'zstd-chunked';

const NO_CHUNKS: readonly TocChunk[] = [];

/** Formats a value from the document for a message. */
function shown(value: unknown): string {
  return displayText((JSON.stringify(value) ?? 'none').slice(0, 40));
}

/** Parses a TOC. `dataEnd`: offset of the first packed byte after the contents. Throws DAMAGED for any inconsistency; TOO_LARGE. */
export function parseToc(json: Uint8Array, dialect: TocDialect, dataEnd: number): Toc {
  const { version, entries: fields, tarSplitDigest } = readTocJson(json);
  if (version !== 1) throw damaged(`version ${shown(version)} is not supported`);
  if (fields === null) throw damaged('it has no list of entries');
  const around: Surroundings = {
    members: dialect === 'estargz' ? new MemberEnds(fields, dataEnd) : null,
    dataEnd,
    users: new Map(),
    groups: new Map(),
  };
  const entries: TocEntry[] = [];
  for (let at = 0; at < fields.length; ) {
    if (fields[at]?.type === 'chunk') throw damaged('a piece without its file');
    let next = at + 1;
    while (fields[next]?.type === 'chunk') next++;
    entries.push(entryOf(fields, at, next, around));
    // Releases parsed fields that are no longer needed. Otherwise, all of them would stay in memory until the last entry is made.
    fields.fill(NO_FIELDS, at, next);
    at = next;
  }
  return { entries, tarSplitDigest };
}

/** Finds where eStargz's gzip members end: each ends where the next one begins. */
class MemberEnds {
  readonly #starts: Float64Array;
  readonly #dataEnd: number;

  constructor(fields: readonly TocFields[], dataEnd: number) {
    const starts = new Float64Array(fields.length);
    let count = 0;
    for (const each of fields) if (hasContent(each)) starts[count++] = each.offset;
    this.#starts = starts.subarray(0, count).sort();
    this.#dataEnd = dataEnd;
  }

  /** Returns the end of the member that begins at an offset. */
  after(start: number): number {
    const starts = this.#starts;
    let [low, high] = [0, starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle] as number) <= start) low = middle + 1;
      else high = middle;
    }
    return starts[low] ?? this.#dataEnd;
  }
}

function hasContent({ type, size }: TocFields): boolean {
  return type === 'chunk' || (type === 'reg' && size > 0);
}

interface Surroundings {
  /** Where eStargz's gzip members end; null for zstd:chunked, whose TOC states where pieces end. */
  readonly members: MemberEnds | null;
  readonly dataEnd: number;
  readonly users: Map<number, string>;
  readonly groups: Map<number, string>;
}

/** Makes an entry from its fields and those of its further pieces, at indexes `at` to `next`. */
function entryOf(fields: readonly TocFields[], at: number, next: number, around: Surroundings): TocEntry {
  const first = fields[at] as TocFields;
  const { name, type, uid, gid } = first;
  if (!isType(type)) throw damaged(`an entry of the unknown type ${shown(type === '' ? undefined : type)}`);
  if (name === '' || name.length > MAX_NAME) throw damaged(name === '' ? 'an entry without a name' : 'a name that is too long');
  const sizeBytes = type === 'reg' ? first.size : 0;
  if (type !== 'reg' && next > at + 1) throw damaged("a chunk of an entry that isn't a file");
  const digest = digestOf(first.digest, 'digest');
  const { mtimeSeconds, mtimeNanos } = tocTime(first.modtime);
  return {
    name,
    type,
    sizeBytes,
    mode: first.mode & MODE_BITS,
    uid,
    gid,
    userName: nameOfId(around.users, uid, first.userName),
    groupName: nameOfId(around.groups, gid, first.groupName),
    mtimeSeconds,
    mtimeNanos,
    linkName: first.linkName,
    devMajor: first.devMajor,
    devMinor: first.devMinor,
    xattrs: first.xattrs,
    digest,
    chunks: sizeBytes === 0 ? NO_CHUNKS : chunksOf(fields, at, next, digest, around),
  };
}

function isType(type: string): type is TocType {
  return TYPES.has(type);
}

function chunksOf(
  all: readonly TocFields[],
  first: number,
  next: number,
  whole: string | null,
  { members, dataEnd }: Surroundings,
): readonly TocChunk[] {
  const chunks: TocChunk[] = [];
  const frames = members === null ? frameEnds(all, first, next) : null;
  const sizeBytes = (all[first] as TocFields).size;
  const isOnly = next === first + 1;
  let expected = 0;
  for (let at = first; at < next; at++) {
    const fields = all[at] as TocFields;
    const { chunkOffset: fileOffset, chunkSize, offset: packedStart, innerOffset } = fields;
    const end = at === next - 1 ? sizeBytes : (all[at + 1] as TocFields).chunkOffset;
    const size = chunkSize === 0 ? end - fileOffset : chunkSize;
    if (fileOffset !== expected || size <= 0 || fileOffset + size > sizeBytes) throw damaged('pieces that do not make up their whole file');
    expected = fileOffset + size;
    const isZeros = fields.chunkType === 'zeros';
    const packedEnd = isZeros ? packedStart : (frames?.[at - first] ?? members?.after(packedStart) ?? dataEnd);
    if (!isZeros && !(packedStart < packedEnd && packedEnd <= dataEnd)) throw damaged('a piece outside the layer');
    // If a file is a single piece, its digest is usually stated twice. The second one needn't be validated again.
    const isWhole = isOnly && fields.chunkDigest === fields.digest;
    const digest = isWhole ? whole : (digestOf(fields.chunkDigest, 'chunkDigest') ?? (isOnly ? whole : null));
    chunks.push({ fileOffset, sizeBytes: size, packedStart, packedEnd, innerOffset, digest, isZeros });
  }
  if (expected !== sizeBytes) throw damaged('pieces that do not make up their whole file');
  if (isOnly && contradicts(whole, chunks[0]?.digest ?? null)) throw damaged('two different digests for the same content');
  return chunks;
}

/**
 * For zstd:chunked, returns where each piece ends: at the file's next stored piece; the end of the last piece is stated in the file's first
 * entry.
 */
function frameEnds(all: readonly TocFields[], first: number, next: number): readonly number[] {
  const ends = new Array<number>(next - first);
  let end = (all[first] as TocFields).endOffset;
  for (let at = next - 1; at >= first; at--) {
    const fields = all[at] as TocFields;
    ends[at - first] = end;
    if (fields.chunkType !== 'zeros') end = fields.offset;
  }
  return ends;
}

/** Whether both are digests by the same algorithm, and differ. */
function contradicts(whole: string | null, only: string | null): boolean {
  return whole !== null && only !== null && whole !== only && whole.length === only.length;
}

const ZEROS = /:0+$/;

/** An all-zero digest is refused: no known content has that hash, and columns of digests use zeros for "not stated". */
function digestOf(stated: string, key: 'digest' | 'chunkDigest'): string | null {
  if (stated === '') return null;
  if (!isDigest(stated)) throw damaged(`a ${key} that isn't a digest`);
  if (stated.endsWith('00000000') && ZEROS.test(stated)) throw damaged(`a ${key} of zeros`);
  return stated;
}

function nameOfId(names: Map<number, string>, id: number, stated: string): string {
  if (stated !== '') names.set(id, stated);
  return names.get(id) ?? '';
}

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;
/**
 * The day of the most recently parsed time, such as `2026-01-31T`, and its first second. Cached because most files in a layer share a few
 * days.
 */
let lastDay = { text: '-', seconds: 0 };

/** Parses a TOC's time (RFC 3339). Returns 1970 for a missing time and for Go's zero time. Throws DAMAGED. */
export function tocTime(stated: string): { readonly mtimeSeconds: number; readonly mtimeNanos: number } {
  if (stated === '' || stated.startsWith('0001-01-01T00:00:00')) return { mtimeSeconds: 0, mtimeNanos: 0 };
  const ofDay = stated.startsWith(lastDay.text) ? secondsOfDay(stated) : -1;
  if (ofDay >= 0) return { mtimeSeconds: lastDay.seconds + ofDay, mtimeNanos: 0 };
  const [, moment, fraction = '', zone] = TIME.exec(stated) ?? [];
  const milliseconds = Date.parse(`${moment}${zone}`);
  if (Number.isNaN(milliseconds)) throw damaged('an invalid time');
  const mtimeSeconds = milliseconds / 1000;
  const known = secondsOfDay(stated);
  if (known >= 0) lastDay = { text: stated.slice(0, 11), seconds: mtimeSeconds - known };
  return { mtimeSeconds, mtimeNanos: Number(fraction.padEnd(9, '0')) };
}

/** Returns the seconds since midnight of a time such as `2026-01-31T23:59:59Z`; -1 for any other form. */
function secondsOfDay(stated: string): number {
  if (stated.length !== 20 || stated[13] !== ':' || stated[16] !== ':' || stated[19] !== 'Z') return -1;
  const [hours, minutes, seconds] = [twoDigits(stated, 11), twoDigits(stated, 14), twoDigits(stated, 17)];
  return hours < 24 && minutes < 60 && seconds < 60 ? hours * 3600 + minutes * 60 + seconds : -1;
}

/** Returns a two-digit number; NaN if there is none. */
function twoDigits(text: string, at: number): number {
  const [tens, ones] = [text.charCodeAt(at) - 0x30, text.charCodeAt(at + 1) - 0x30];
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? 10 * tens + ones : Number.NaN;
}
