// Writes eStargz and zstd:chunked layers from a tar: every body has its own members or frames, and tests can falsify the table of contents
// (TOC). See src/format/estargz and src/format/zstd-chunked.
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { TarReader } from '#format/tar';
import { encodeSplitEntry, TarSplitter } from '#format/tar-split';
import { TYPE } from '#model';
import { digestOf } from './image-builder.ts';
import { concat, END_MARKER, file, utf8 } from './tar-builder.ts';

/** A TOC entry, as JSON. */
export type TocFields = Record<string, unknown>;

/** A change to the TOC's entries, in place or by returning new ones. */
export type TocChange = (entries: TocFields[]) => TocFields[] | undefined;

export interface BuiltLayer {
  readonly blob: Uint8Array;
  readonly annotations: Record<string, string>;
  /** The layer's uncompressed tar, which for eStargz includes the TOC. */
  readonly tar: Uint8Array;
}

const TYPES: Record<number, string> = {
  [TYPE.file]: 'reg',
  [TYPE.directory]: 'dir',
  [TYPE.symlink]: 'symlink',
  [TYPE.hardlink]: 'hardlink',
  [TYPE.character]: 'char',
  [TYPE.block]: 'block',
  [TYPE.fifo]: 'fifo',
};

interface Part {
  readonly start: number;
  readonly end: number;
  /** The entry this body belongs to; null for headers. */
  readonly entry: TocFields | null;
  readonly offsetInFile: number;
}

/** Returns the members of a tar as TOC entries, and the tar cut into headers and pieces of bodies. */
function taken(tar: Uint8Array, chunkBytes: number): { readonly entries: TocFields[]; readonly parts: Part[] } {
  const entries: TocFields[] = [];
  const parts: Part[] = [];
  let last = 0;
  const reader = new TarReader({
    member: (member) => {
      const { name, linkname, type, size, mode, uid, gid, mtimeSeconds, devMajor, devMinor, bodyOffset } = member;
      const xattrs = [...(member.pax ?? [])].filter(([key]) => key.startsWith('SCHILY.xattr.'));
      const entry: TocFields = {
        name: Buffer.from(name).toString(),
        type: TYPES[type],
        ...(size === 0 ? {} : member.sparse !== null ? { size } : { size, digest: digestOf(tar.subarray(bodyOffset, bodyOffset + size)) }),
        modtime: new Date(mtimeSeconds * 1000).toISOString().replace('.000', ''),
        ...(linkname.length === 0 ? {} : { linkName: Buffer.from(linkname).toString() }),
        ...{ mode, uid, gid, devMajor, devMinor },
        userName: Buffer.from(member.uname).toString(),
        groupName: Buffer.from(member.gname).toString(),
        ...(xattrs.length === 0
          ? {}
          : { xattrs: Object.fromEntries(xattrs.map(([key, value]) => [key.slice(13), Buffer.from(value).toString('base64')])) }),
      };
      entries.push(entry);
      // A sparse member's stored bytes are packed with the headers. They aren't listed as chunks unless a test adds those.
      if (size === 0 || member.sparse !== null) return;
      parts.push({ start: last, end: bodyOffset, entry: null, offsetInFile: 0 });
      for (let at = 0; at < size; at += chunkBytes) {
        const end = Math.min(size, at + chunkBytes);
        const piece = at === 0 ? entry : { name: entry.name, type: 'chunk' };
        if (at > 0) entries.push(piece);
        Object.assign(piece, {
          chunkOffset: at,
          chunkSize: end - at,
          chunkDigest: digestOf(tar.subarray(bodyOffset + at, bodyOffset + end)),
        });
        parts.push({ start: bodyOffset + at, end: bodyOffset + end, entry: piece, offsetInFile: at });
      }
      last = bodyOffset + size;
    },
    finding: () => {},
  });
  reader.push(tar);
  parts.push({ start: last, end: tar.length, entry: null, offsetInFile: 0 });
  return { entries, parts };
}

/** Packs the parts one by one and records the bodies' positions in their entries. Returns the blob so far. */
function packParts(tar: Uint8Array, parts: readonly Part[], pack: (bytes: Uint8Array) => Uint8Array): Uint8Array[] {
  const blob: Uint8Array[] = [];
  let at = 0;
  let first: TocFields | null = null;
  for (const { start, end, entry, offsetInFile } of parts) {
    const packed = pack(tar.subarray(start, end));
    if (entry !== null) {
      entry.offset = at;
      if (offsetInFile === 0) first = entry;
      if (first !== null) first.endOffset = at + packed.length;
    }
    blob.push(packed);
    at += packed.length;
  }
  return blob;
}

const lengthOf = (pieces: readonly Uint8Array[]): number => pieces.reduce((sum, { length }) => sum + length, 0);

/** Makes an eStargz layer. `plain` is a tar with its end marker, which follows the TOC in the layer. */
export function estargzLayer(plain: Uint8Array, change: TocChange = () => undefined, chunkBytes = 64 * 1024): BuiltLayer {
  const members = plain.subarray(0, plain.length - END_MARKER.length);
  const { entries, parts } = taken(members, chunkBytes);
  const pieces = packParts(members, parts, (bytes) => new Uint8Array(gzipSync(bytes)));
  for (const entry of entries) delete entry.endOffset;
  const json = utf8(JSON.stringify({ version: 1, entries: change(entries) ?? entries }));
  const own = concat(file('stargz.index.json', json, { mode: 0, mtime: 0 }), END_MARKER);
  const tocOffset = lengthOf(pieces);
  const extra = utf8(`SG\u0016\0${tocOffset.toString(16).padStart(16, '0')}STARGZ`);
  const footer = concat(
    Uint8Array.of(0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, extra.length, 0),
    extra,
    Uint8Array.of(1, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0),
  );
  return {
    blob: concat(...pieces, new Uint8Array(gzipSync(own)), footer),
    annotations: { 'containerd.io/snapshot/stargz/toc.digest': digestOf(json) },
    tar: concat(members, own),
  };
}

/** An eStargz layer whose TOC is in another image. */
export interface ExternalTocLayer extends BuiltLayer {
  /** The gzipped tar with the TOC, which is a layer of the other image. */
  readonly toc: Uint8Array;
}

/** Makes an eStargz layer with an external TOC. */
export function externalTocLayer(plain: Uint8Array, change: TocChange = () => undefined): ExternalTocLayer {
  const { entries, parts } = taken(plain, 64 * 1024);
  const pieces = packParts(plain, parts, (bytes) => new Uint8Array(gzipSync(bytes)));
  for (const entry of entries) delete entry.endOffset;
  const json = utf8(JSON.stringify({ version: 1, entries: change(entries) ?? entries }));
  const extra = utf8('SG\u0011\0STARGZEXTERNALTOC');
  const footer = concat(
    Uint8Array.of(0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, extra.length, 0),
    extra,
    Uint8Array.of(1, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0),
  );
  return {
    blob: concat(...pieces, footer),
    annotations: { 'containerd.io/snapshot/stargz/toc.digest': digestOf(json) },
    tar: plain,
    toc: new Uint8Array(gzipSync(concat(file('stargz.index.json', json), END_MARKER))),
  };
}

function skippable(content: Uint8Array): Uint8Array {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184d2a50, 0);
  head.writeUInt32LE(content.length, 4);
  return concat(head, content);
}

function numbers(...values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(values.length * 8);
  for (const [at, value] of values.entries()) bytes.writeBigUInt64LE(BigInt(value), at * 8);
  return bytes;
}

/** Makes a zstd:chunked layer; with `isNew`, including tar-split metadata, as containers/storage now does. */
export function zstdChunkedLayer(plain: Uint8Array, isNew: boolean, change: TocChange = () => undefined): BuiltLayer {
  const zstd = (bytes: Uint8Array): Uint8Array => new Uint8Array(zstdCompressSync(bytes));
  const { entries, parts } = taken(plain, 64 * 1024);
  const pieces = packParts(plain, parts, zstd);
  const lines: Uint8Array[] = [];
  const splitter = new TarSplitter((entry) => lines.push(encodeSplitEntry(entry, lines.length)));
  splitter.push(plain);
  splitter.end();
  const split = concat(...lines);
  const packedSplit = zstd(split);
  const document = { version: 1, entries: change(entries) ?? entries, ...(isNew ? { tarSplitDigest: digestOf(packedSplit) } : {}) };
  const json = utf8(JSON.stringify(document));
  const toc = zstd(json);
  const tocAt = lengthOf(pieces) + 8;
  const splitAt = tocAt + toc.length + 8;
  const position = `${tocAt}:${toc.length}:${json.length}:1`;
  const prefix = isNew ? 'io.github.containers.zstd-chunked.' : 'io.containers.zstd-chunked.';
  const places = numbers(tocAt, toc.length, json.length, 1, ...(isNew ? [splitAt, packedSplit.length, split.length] : []));
  return {
    blob: concat(
      ...pieces,
      skippable(toc),
      ...(isNew ? [skippable(packedSplit)] : []),
      skippable(concat(places, utf8(isNew ? 'GNUlInUx' : 'GnUlInUx'))),
    ),
    annotations: {
      [`${prefix}manifest-checksum`]: digestOf(toc),
      [`${prefix}manifest-position`]: position,
      ...(isNew ? { [`${prefix}tarsplit-position`]: `${splitAt}:${packedSplit.length}:${split.length}` } : {}),
    },
    tar: plain,
  };
}
