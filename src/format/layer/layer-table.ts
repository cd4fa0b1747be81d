/**
 * A layer's tar as columns: every member once, in tar order, and the tree of their paths. Built once per blob, cached and transferred to
 * workers, so it contains only plain arrays. Takes about 45 bytes for each member (8 more if the layer is compressed) and 10 for each path,
 * plus names.
 */
export interface LayerTable {
  /** Number of tar members, including whiteouts, global headers and other raw-only members (see {@link FLAG}). */
  readonly memberCount: number;
  /**
   * The member's path node; for a whiteout the path that it hides, for an opaque marker its folder. {@link NO_NODE} for a raw-only member.
   */
  readonly node: Uint32Array;
  /** Index into ENTRY_TYPES. */
  readonly type: Uint8Array;
  /** Bits of {@link FLAG}. */
  readonly flags: Uint16Array;
  /** File size in bytes, including holes; 0 for other types. */
  readonly size: Float64Array;
  readonly mtimeSeconds: Float64Array;
  /** Nanoseconds to add to the time, 0 to 999,999,999. The column is empty if all are 0. */
  readonly mtimeNanos: Uint32Array;
  /** What the rows were made from: the layer's tar, or a separate table of contents, which may not agree with the tar. */
  readonly provenance: Provenance;
  /** Offset of the member's first header block, in blocks of 512 bytes; {@link NO_HEADER} if the table of contents doesn't state it. */
  readonly headerBlock: Uint32Array;
  /** Number of blocks from the first header block to the stored body. */
  readonly headerBlocks: Uint32Array;
  /** Index into `metas`. */
  readonly meta: Uint32Array;
  /** 1 + index into the link names, or 0 if there is none. */
  readonly link: Uint32Array;
  /**
   * Two 32-bit words for each member: the checksum of a regular file's body; both 0 if there is none (a truncated body, a sparse file).
   * Empty if bodies weren't read, as in a table made from a table of contents. Detects accidental differences, not attacks: see BodySum.
   */
  readonly bodySums: Uint32Array;
  /**
   * For a table made from a table of contents: the address of each regular file's content. An address is an offset in the plain tar or, if
   * there are chunks, in the concatenated contents of all files. Empty if contents follow their headers.
   */
  readonly bodyAt: Float64Array;
  /**
   * For each piece of content that can be fetched and unpacked separately: its address, in ascending order. Has one more element than there
   * are pieces.
   */
  readonly chunkAt: Float64Array;
  /** For each piece, the range of the blob that contains the packed piece; empty for zeros that aren't stored. */
  readonly chunkStart: Float64Array;
  readonly chunkEnd: Float64Array;
  /** For each piece, its offset in the unpacked range. */
  readonly chunkInner: Float64Array;
  /** For each piece, the 32 bytes of its SHA-256; zeros if no digest is stated. */
  readonly chunkDigests: Uint8Array;
  /** The rows, in ascending order, of files with a stated digest that isn't also the digest of their only stored piece. */
  readonly wholeRows: Uint32Array;
  /**
   * For each of the `wholeRows`, the 32 bytes of the file's SHA-256. Digests of pieces don't prove it: only reading the whole file does.
   */
  readonly wholeDigests: Uint8Array;

  /** Number of path nodes. Node 0 is the root; a parent's number is smaller than its children's. */
  readonly nodeCount: number;
  readonly nodeParent: Uint32Array;
  /** nodeCount + 1 offsets into `nodeNames`, which contains the last component of each node's path. */
  readonly nodeNameStart: Uint32Array;
  readonly nodeNames: Uint8Array;
  /** {@link hashName} of each node's name. */
  readonly nodeHash: Uint32Array;

  readonly metas: readonly MemberMeta[];
  /** Offsets into `linkNames`, one more than the number of links. */
  readonly linkStart: Uint32Array;
  readonly linkNames: Uint8Array;
  /**
   * For each link that is a hard link: 1 + the row that it is another name of; that row is never a hard link itself. 0 for symbolic links,
   * and for hard links whose target isn't an earlier member of this layer.
   */
  readonly linkTarget: Uint32Array;
}

/** Metadata that many members share; interned. */
export interface MemberMeta {
  /** As in the header, including file type bits if the writer set them. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly uname: string;
  readonly gname: string;
  readonly devMajor: number;
  readonly devMinor: number;
  /**
   * Extended and Windows attributes by name without the PAX prefix (`security.capability`, but `MSWINDOWS.fileattr`), sorted by name.
   * Values are the raw bytes as Latin-1. Null if there are none.
   */
  readonly attributes: Readonly<Record<string, string>> | null;
}

/** Bits of a member's `flags`. */
export const FLAG = {
  whiteout: 1, // hides `node` of the layers below
  opaque: 2, // hides the content of the folder `node` in the layers below
  rawOnly: 4, // not part of the view: node is NO_NODE
  sparse: 8,
  truncated: 16,
  escapes: 32, // its name or hard link target points outside the root; shown where a container has it, never exported
  nameNotUtf8: 64,
  superseded: 128, // a later member of this layer replaced it, or a folder above it
} as const;

/** What a table was made from. */
export type Provenance = 'tar' | 'toc';

/** The `headerBlock` of a row whose header position is unknown. */
export const NO_HEADER = 0xffff_ffff;

type LazyColumns = 'bodyAt' | 'chunkAt' | 'chunkStart' | 'chunkEnd' | 'chunkInner' | 'chunkDigests' | 'wholeRows' | 'wholeDigests';

/** Empty values for the columns that only tables of contents fill; used in tables made from a tar. */
export const NO_CHUNKS: Pick<LayerTable, LazyColumns> = {
  bodyAt: new Float64Array(0),
  chunkAt: new Float64Array(0),
  chunkStart: new Float64Array(0),
  chunkEnd: new Float64Array(0),
  chunkInner: new Float64Array(0),
  chunkDigests: new Uint8Array(0),
  wholeRows: new Uint32Array(0),
  wholeDigests: new Uint8Array(0),
};

/** The `node` of a raw-only member. */
export const NO_NODE = 0xffff_ffff;

/** Returns the 32-bit FNV-1a hash of a name's bytes. */
export function hashName(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  return hash >>> 0;
}

/** The part of a table that contains the tree of paths. */
export type PathNodes = Pick<LayerTable, 'nodeParent' | 'nodeNameStart' | 'nodeNames'>;

/** Returns a view of a node's last path component; empty for the root. */
export function nodeName(table: PathNodes, node: number): Uint8Array {
  return table.nodeNames.subarray(table.nodeNameStart[node], table.nodeNameStart[node + 1]);
}

/** Returns a node's full path as raw bytes joined by `/`; empty for the root. */
export function nodePath(table: PathNodes, node: number): Uint8Array<ArrayBuffer> {
  const { nodeParent, nodeNameStart } = table;
  let length = -1;
  for (let at = node; at !== 0; at = nodeParent[at] as number) {
    length += (nodeNameStart[at + 1] as number) - (nodeNameStart[at] as number) + 1;
  }
  const path = new Uint8Array(Math.max(length, 0));
  let end = path.length;
  for (let at = node; at !== 0; at = nodeParent[at] as number) {
    end = putNameBefore(path, end, table, at);
    if (end > 0) path[--end] = 0x2f;
  }
  return path;
}

/** Copies a node's name to just before `end`. Returns where it starts. Paths may have thousands of short names, so no view is made. */
export function putNameBefore(path: Uint8Array, end: number, { nodeNameStart, nodeNames }: PathNodes, node: number): number {
  const from = nodeNameStart[node] as number;
  const start = end - ((nodeNameStart[node + 1] as number) - from);
  if (end - start > 64) path.set(nodeNames.subarray(from, from + end - start), start);
  else for (let at = start; at < end; at++) path[at] = nodeNames[from + at - start] as number;
  return start;
}

/** Returns a view of a member's raw link target, or null if it has none. */
export function linkName(table: LayerTable, member: number): Uint8Array | null {
  const link = table.link[member] as number;
  return link === 0 ? null : table.linkNames.subarray(table.linkStart[link - 1], table.linkStart[link]);
}
