// A zTOC is a FlatBuffer. Fields of its tables, in order:
//
//   Ztoc             version, build tool, compressed size i64, uncompressed size i64, toc, compression info
//   TOC              metadata []
//   FileMetadata     name, type, offset i64, size i64, link name, mode i64, uid u32, gid u32, user name, group name, time, device major i64,
//                    device minor i64, xattrs [] (key, value)
//   CompressionInfo  algorithm i8 (1 gzip, 2 none), highest span id i32, span digests [], checkpoints
//
// The checkpoints: count i32, span i64, then records of 32,785 bytes: packed offset i64, plain offset i64, bits u8, window. Before version 0.9
// there was no record for the beginning of the stream. Source: awslabs/soci-snapshotter ztoc/fbs/ztoc.fbs, ztoc/compression/gzip_zinfo.c.
import { type Checkpoint, WINDOW_BYTES } from '#format/deflate';
import { isDigest, LayerscopeError } from '#model';
import { type FlatBudget, type FlatTable, rootTable } from './flatbuffer.ts';

const MAX_ZTOC_BYTES = 1024 * 1024 * 1024;
/** Maximum number of entries, as for other tables of contents. If a layer has more, the layer itself is read instead. */
const MAX_ENTRIES = 600_000;
const MAX_TEXT_BYTES = 96 * 1024 * 1024;
/** Maximum number of entries, attributes and span digests together. */
const MAX_REFERENCES = 2 * MAX_ENTRIES;
/** Maximum number of a file's attributes. Linux lists at most 64 KiB of their names, each of which takes at least two bytes. */
const MAX_XATTRS = 32_768;
const HEAD_BYTES = 12;
const RECORD_HEAD = 17;
const RECORD_BYTES = RECORD_HEAD + WINDOW_BYTES;
const TYPES = ['reg', 'dir', 'symlink', 'hardlink', 'char', 'block', 'fifo'] as const;

type ZtocType = (typeof TYPES)[number];

/** One member of the tar, as described by the zTOC. */
export interface ZtocEntry {
  readonly name: string;
  readonly type: ZtocType;
  /** Offset of the content in the plain tar. */
  readonly plainOffset: number;
  readonly sizeBytes: number;
  readonly linkName: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly userName: string;
  readonly groupName: string;
  /** The time as stated: RFC 3339, or empty. */
  readonly time: string;
  readonly devMajor: number;
  readonly devMinor: number;
  readonly xattrs: ReadonlyMap<string, string>;
}

export interface Ztoc {
  readonly version: string;
  readonly packedBytes: number;
  readonly plainBytes: number;
  /**
   * Reads the entries one at a time, because parsed ones take many times their stored size. Throws DAMAGED for an inconsistent entry;
   * TOO_LARGE.
   */
  readonly entries: () => Generator<ZtocEntry>;
  readonly compression: 'gzip' | 'none';
  /** Digests of the packed bytes between successive checkpoints. */
  readonly spanDigests: readonly string[];
  /** Checkpoints in stream order. Windows are views of the zTOC. Empty if the layer isn't compressed. */
  readonly checkpoints: readonly Checkpoint[];
}

function damaged(what: string): LayerscopeError {
  return new LayerscopeError('DAMAGED', `zTOC: ${what}`);
}

/** Parses a zTOC except for its entries. Throws DAMAGED for any inconsistency; UNSUPPORTED for another compression; TOO_LARGE. */
export function parseZtoc(bytes: Uint8Array): Ztoc {
  if (bytes.length > MAX_ZTOC_BYTES) throw new LayerscopeError('TOO_LARGE', `a zTOC of ${bytes.length} bytes`);
  const root = rootTable(bytes, budget());
  const info = root.table(5);
  if (info === null) throw damaged('it does not name the compression');
  const [packedBytes, plainBytes] = [root.int64(2), root.int64(3)];
  if (packedBytes < 0 || plainBytes < 0) throw damaged('a size below zero');
  const algorithm = info.uint8(0, 1);
  if (algorithm !== 1 && algorithm !== 2) throw new LayerscopeError('UNSUPPORTED', `a zTOC for a layer with compression ${algorithm}`);
  const compression = algorithm === 1 ? 'gzip' : 'none';
  const spanDigests: string[] = [];
  for (const digest of info.texts(2)) {
    if (!isDigest(digest)) throw damaged('an invalid span digest');
    spanDigests.push(digest);
  }
  const checkpoints = compression === 'gzip' ? checkpointsOf(info.bytes(3), packedBytes, plainBytes) : [];
  const entries = (): Generator<ZtocEntry> => entriesOf(rootTable(bytes, budget()).table(4), plainBytes);
  return { version: root.text(0), packedBytes, plainBytes, entries, compression, spanDigests, checkpoints };
}

function budget(): FlatBudget {
  return { references: MAX_REFERENCES, textBytes: MAX_TEXT_BYTES };
}

function* entriesOf(toc: FlatTable | null, plainBytes: number): Generator<ZtocEntry> {
  if (toc === null) return;
  let count = 0;
  for (const table of toc.tables(0)) {
    if (++count > MAX_ENTRIES) throw new LayerscopeError('TOO_LARGE', `a zTOC of more than ${MAX_ENTRIES} entries`);
    yield entryOf(table, plainBytes);
  }
}

function entryOf(table: FlatTable, plainBytes: number): ZtocEntry {
  const stated = table.text(1);
  const type = TYPES.find((known) => known === stated);
  const [plainOffset, sizeBytes] = [table.int64(2), table.int64(3)];
  if (type === undefined) throw damaged('an entry of an unknown type');
  if (plainOffset < 0 || sizeBytes < 0 || plainOffset + sizeBytes > plainBytes) throw damaged('an entry outside the tar');
  const xattrs = new Map<string, string>();
  let count = 0;
  for (const xattr of table.tables(13)) {
    if (++count > MAX_XATTRS) throw new LayerscopeError('TOO_LARGE', `a zTOC with more than ${MAX_XATTRS} attributes in one entry`);
    xattrs.set(xattr.text(0), xattr.text(1));
  }
  return {
    name: table.text(0),
    type,
    plainOffset,
    sizeBytes,
    linkName: table.text(4),
    mode: table.int64(5) & 0o7777,
    uid: table.uint32(6),
    gid: table.uint32(7),
    userName: table.text(8),
    groupName: table.text(9),
    time: table.text(10),
    devMajor: table.int64(11),
    devMinor: table.int64(12),
    xattrs,
  };
}

function checkpointsOf(bytes: Uint8Array, packedBytes: number, plainBytes: number): readonly Checkpoint[] {
  if (bytes.length < HEAD_BYTES) throw damaged('its checkpoints are cut off');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getInt32(0, true);
  if (count < 0 || bytes.length !== HEAD_BYTES + count * RECORD_BYTES) throw damaged('its checkpoints are cut off, or too many');
  const checkpoints: Checkpoint[] = [];
  for (let at = HEAD_BYTES; at < bytes.length; at += RECORD_BYTES) {
    const packedOffset = Number(view.getBigInt64(at, true));
    const plainOffset = Number(view.getBigInt64(at + 8, true));
    const bits = bytes[at + 16] as number;
    const last = checkpoints.at(-1);
    const isInside =
      packedOffset >= (bits === 0 ? 0 : 1) && packedOffset <= packedBytes && plainOffset >= 0 && plainOffset <= plainBytes && bits < 8;
    if (!isInside) throw damaged('a checkpoint outside the layer');
    if (last !== undefined && (packedOffset < last.packedOffset || plainOffset < last.plainOffset))
      throw damaged('checkpoints out of order');
    const window = bytes.subarray(at + RECORD_BYTES - Math.min(plainOffset, WINDOW_BYTES), at + RECORD_BYTES);
    checkpoints.push({ packedOffset, bits, plainOffset, window });
  }
  return checkpoints;
}
