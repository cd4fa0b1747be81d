// A TOC is JSON: {"version":1,"entries":[…]}, one entry for each member of the tar, in tar order, and one of type `chunk` for each further
// piece of a file. TocFields that are 0 or empty are omitted.
//
//   name (folders end in `/`), type (dir reg symlink hardlink char block fifo chunk), size, modtime (RFC 3339), linkName, mode (may have
//   type bits), uid, gid, userName, groupName (may be only at the first entry of an id), devMajor, devMinor, xattrs (base64), digest
//   offset (of the packed member with the content), innerOffset (of the content in the unpacked member), chunkOffset (in the file),
//   chunkSize (0: to the file's end), chunkDigest
//   zstd:chunked only: endOffset (at a file's first entry: where the last of its pieces ends), chunkType (`zeros`: nothing is stored)
//
// Source: stargz-snapshotter docs/estargz.md, TOCEntry; containers/storage pkg/chunked/internal.
import { displayText, isDigest } from '#model';
import { type CountField, damaged, readTocJson, type TextField, type TocFields } from './toc-json.ts';

const MAX_NAME = 65_536;
const TYPES = ['dir', 'reg', 'symlink', 'hardlink', 'char', 'block', 'fifo'] as const;
/** Some writers keep the file type bits in the mode, as some tars do. */
const MODE_BITS = 0o177_777;

type TocType = (typeof TYPES)[number];

/** A piece of a file's content. */
export interface TocChunk {
  /** Offset of the piece in the file. */
  readonly fileOffset: number;
  readonly sizeBytes: number;
  /** The packed bytes that contain the piece: a gzip member or a zstd frame, and possibly later bytes. */
  readonly packedStart: number;
  readonly packedEnd: number;
  /** Offset of the piece in the unpacked bytes. */
  readonly innerOffset: number;
  /** Digest of the piece; null if none is stated. */
  readonly digest: string | null;
  /** Nothing is stored: the piece is zeros, and the packed range is empty. */
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

const TAKEN: TocFields = {};
// Most entries have neither, and a map of one's own takes more memory than the rest of an entry.
const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();
const NO_CHUNKS: readonly TocChunk[] = [];

/** A value from the document, for a message. */
function shown(value: unknown): string {
  return displayText((JSON.stringify(value) ?? 'none').slice(0, 40));
}

/** Parses a TOC. `dataEnd`: offset of the first packed byte after the contents. Throws DAMAGED for any inconsistency; TOO_LARGE. */
export function parseToc(json: Uint8Array, dialect: TocDialect, dataEnd: number): Toc {
  const { version, entries: fields, tarSplitDigest } = readTocJson(json);
  if (version !== 1) throw damaged(`version ${shown(version)} is not supported`);
  if (fields === null) throw damaged('it has no list of entries');
  const ends = dialect === 'estargz' ? endsOf(fields, dataEnd) : null;
  const users = new Map<number, string>();
  const groups = new Map<number, string>();
  const entries: TocEntry[] = [];
  for (let at = 0; at < fields.length; ) {
    const first = fields[at] as TocFields;
    let next = at + 1;
    while (fields[next]?.type === 'chunk') next++;
    entries.push(entryOf(fields.slice(at, next), { ends, dataEnd, users, groups }));
    // A million parsed objects need not stay until the last one is an entry.
    fields.fill(TAKEN, at, next);
    at = next;
    if (first.type === 'chunk') throw damaged('a piece without its file');
  }
  return { entries, tarSplitDigest };
}

/** For eStargz, returns where the gzip member at each offset ends, which is where the next one begins. */
function endsOf(fields: readonly TocFields[], dataEnd: number): ReadonlyMap<number, number> {
  const starts = [...new Set(fields.filter(hasContent).map((each) => count(each, 'offset')))].sort((a, b) => a - b);
  return new Map(starts.map((start, at) => [start, starts[at + 1] ?? dataEnd]));
}

function hasContent(fields: TocFields): boolean {
  return fields.type === 'chunk' || (fields.type === 'reg' && count(fields, 'size') > 0);
}

interface Surroundings {
  readonly ends: ReadonlyMap<number, number> | null;
  readonly dataEnd: number;
  readonly users: Map<number, string>;
  readonly groups: Map<number, string>;
}

/** Makes an entry from its fields and those of its further pieces. */
function entryOf(all: readonly TocFields[], around: Surroundings): TocEntry {
  const first = all[0] as TocFields;
  const type = TYPES.find((known) => known === first.type);
  const name = text(first, 'name');
  if (type === undefined) throw damaged(`an entry of the unknown type ${shown(first.type)}`);
  if (name === '' || name.length > MAX_NAME) throw damaged(name === '' ? 'an entry without a name' : 'a name that is too long');
  const sizeBytes = type === 'reg' ? count(first, 'size') : 0;
  if (type !== 'reg' && all.length > 1) throw damaged("a chunk of an entry that isn't a file");
  const [uid, gid] = [count(first, 'uid'), count(first, 'gid')];
  const digest = digestOf(first, 'digest');
  return {
    name,
    type,
    sizeBytes,
    mode: count(first, 'mode') & MODE_BITS,
    uid,
    gid,
    userName: nameOfId(around.users, uid, text(first, 'userName')),
    groupName: nameOfId(around.groups, gid, text(first, 'groupName')),
    ...tocTime(text(first, 'modtime')),
    linkName: text(first, 'linkName'),
    devMajor: count(first, 'devMajor'),
    devMinor: count(first, 'devMinor'),
    xattrs: first.xattrs ?? NO_XATTRS,
    digest,
    chunks: sizeBytes === 0 ? NO_CHUNKS : chunksOf(all, sizeBytes, digest, around),
  };
}

function chunksOf(
  all: readonly TocFields[],
  sizeBytes: number,
  whole: string | null,
  { ends, dataEnd }: Surroundings,
): readonly TocChunk[] {
  const chunks: TocChunk[] = [];
  const frames = ends === null ? frameEnds(all) : null;
  let expected = 0;
  for (const [index, fields] of all.entries()) {
    const fileOffset = count(fields, 'chunkOffset');
    const stated = count(fields, 'chunkSize');
    const size =
      stated === 0 ? (index === all.length - 1 ? sizeBytes : count(all[index + 1] as TocFields, 'chunkOffset')) - fileOffset : stated;
    if (fileOffset !== expected || size <= 0 || fileOffset + size > sizeBytes) throw damaged('pieces that are not the whole of their file');
    expected = fileOffset + size;
    const isZeros = fields.chunkType === 'zeros';
    const packedStart = count(fields, 'offset');
    const packedEnd = isZeros ? packedStart : (frames?.[index] ?? ends?.get(packedStart) ?? dataEnd);
    if (!isZeros && !(packedStart < packedEnd && packedEnd <= dataEnd)) throw damaged('a piece outside the layer');
    // A file of one piece mostly states its digest twice, and it has been checked already.
    const isWhole = all.length === 1 && fields.chunkDigest === fields.digest;
    const digest = isWhole ? whole : (digestOf(fields, 'chunkDigest') ?? (all.length === 1 ? whole : null));
    chunks.push({ fileOffset, sizeBytes: size, packedStart, packedEnd, innerOffset: count(fields, 'innerOffset'), digest, isZeros });
  }
  if (expected !== sizeBytes) throw damaged('pieces that are not the whole of their file');
  return chunks;
}

/**
 * For zstd:chunked, returns where each piece ends: at the file's next stored piece; the end of the last piece is stated in the file's first
 * entry.
 */
function frameEnds(all: readonly TocFields[]): readonly number[] {
  const ends = new Array<number>(all.length);
  let end = count(all[0] as TocFields, 'endOffset');
  for (let index = all.length - 1; index >= 0; index--) {
    const fields = all[index] as TocFields;
    ends[index] = end;
    if (fields.chunkType !== 'zeros') end = count(fields, 'offset');
  }
  return ends;
}

function text(fields: TocFields, key: TextField): string {
  return fields[key] ?? '';
}

function count(fields: TocFields, key: CountField): number {
  return fields[key] ?? 0;
}

function digestOf(fields: TocFields, key: 'digest' | 'chunkDigest'): string | null {
  const value = text(fields, key);
  if (value === '') return null;
  if (!isDigest(value)) throw damaged(`a ${key} that isn't a digest`);
  return value;
}

function nameOfId(names: Map<number, string>, id: number, stated: string): string {
  if (stated !== '') names.set(id, stated);
  return names.get(id) ?? '';
}

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** Parses a TOC's time (RFC 3339). A missing time and Go's zero time count as 1970. Throws DAMAGED. */
export function tocTime(stated: string): { readonly mtimeSeconds: number; readonly mtimeNanos: number } {
  if (stated === '' || stated.startsWith('0001-01-01T00:00:00')) return { mtimeSeconds: 0, mtimeNanos: 0 };
  const [, moment, fraction = '', zone] = TIME.exec(stated) ?? [];
  const milliseconds = Date.parse(`${moment}${zone}`);
  if (Number.isNaN(milliseconds)) throw damaged('an invalid time');
  return { mtimeSeconds: milliseconds / 1000, mtimeNanos: Number(fraction.padEnd(9, '0')) };
}
