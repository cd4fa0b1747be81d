/**
 * A layer's tar as columns: every member once, in the order of the tar, and the tree of the paths that they name.
 * Made once a blob, kept in the cache, handed to workers: only plain arrays. About 45 bytes a member (8 more of compressed layers) and 10 a path, names apart.
 */
export interface LayerTable {
  /** Tar members: files and whiteouts, and those that are listed in raw only (see {@link FLAG}). Global headers too. */
  readonly memberCount: number;
  /** Path node that the member names; of a whiteout the path that it hides, of an opaque marker its folder. {@link NO_NODE}: raw only. */
  readonly node: Uint32Array;
  /** Code of ENTRY_TYPES. */
  readonly type: Uint8Array;
  /** Bits of {@link FLAG}. */
  readonly flags: Uint16Array;
  /** Logical bytes, holes included; 0 for all but files. */
  readonly size: Float64Array;
  readonly mtimeSeconds: Float64Array;
  /** 0 to 999,999,999. Empty where all are 0. */
  readonly mtimeNanos: Uint32Array;
  /** Offset of the member's first header block, in blocks of 512 bytes. */
  readonly headerBlock: Uint32Array;
  /** Blocks from there to the stored body. */
  readonly headerBlocks: Uint32Array;
  /** Index into `metas`. */
  readonly meta: Uint32Array;
  /** 1 + index into the link names, 0 for none. */
  readonly link: Uint32Array;
  /**
   * Two words a member: the checksum of a regular file's body, both 0 if it has none (a body that was cut off, a sparse file). Empty if
   * bodies were not read. Protects against chance, not against people: see BodySum.
   */
  readonly bodySums: Uint32Array;

  /** Path nodes; node 0 is the root. A parent's number is smaller than its children's. */
  readonly nodeCount: number;
  readonly nodeParent: Uint32Array;
  /** nodeCount + 1 offsets into `nodeNames`: last path components. */
  readonly nodeNameStart: Uint32Array;
  readonly nodeNames: Uint8Array;
  /** FNV-1a of the name, 32 bits: what {@link hashName} gives. */
  readonly nodeHash: Uint32Array;

  readonly metas: readonly MemberMeta[];
  /** Offsets into `linkNames`, one more than there are links. */
  readonly linkStart: Uint32Array;
  readonly linkNames: Uint8Array;
  /**
   * By link: 1 + the member that a hard link is a further name of, never a hard link itself; 0 for symbolic links, and for hard links
   * whose target the layer had not brought by then.
   */
  readonly linkTarget: Uint32Array;
}

/** What many members share; interned. */
export interface MemberMeta {
  /** As in the header, file type bits included where the writer put them. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly uname: string;
  readonly gname: string;
  readonly devMajor: number;
  readonly devMinor: number;
  /**
   * Extended and Windows attributes by name without the PAX prefix (`security.capability`; `MSWINDOWS.fileattr` keeps its own),
   * as latin1 strings of the raw bytes; sorted by name. null: none.
   */
  readonly attributes: Readonly<Record<string, string>> | null;
}

/** Bits of a member's `flags`. */
export const FLAG = {
  whiteout: 1, // hides `node` of the layers below
  opaque: 2, // hides what the layers below have in the folder `node`
  rawOnly: 4, // no part of the view: node is NO_NODE
  sparse: 8,
  truncated: 16,
  escapes: 32, // its name or hard link target climbs over the root: shown where a container has it, never exported
  nameNotUtf8: 64,
  superseded: 128, // a later member of this layer took its place, or that of a folder above it
} as const;

/** In `node`: the member is in raw only. */
export const NO_NODE = 0xffff_ffff;

/** 32-bit FNV-1a of a name's bytes. */
export function hashName(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  return hash >>> 0;
}

/** The tree of a table. */
export type PathNodes = Pick<LayerTable, 'nodeParent' | 'nodeNameStart' | 'nodeNames'>;

/** Last path component of a node: a view, not a copy; empty for the root. */
export function nodeName(table: PathNodes, node: number): Uint8Array {
  return table.nodeNames.subarray(table.nodeNameStart[node], table.nodeNameStart[node + 1]);
}

/** Full path of a node, raw bytes joined by `/`; empty for the root. */
export function nodePath(table: PathNodes, node: number): Uint8Array<ArrayBuffer> {
  let length = -1;
  for (let at = node; at !== 0; at = table.nodeParent[at] as number) length += nodeName(table, at).length + 1;
  const path = new Uint8Array(Math.max(length, 0));
  let end = path.length;
  for (let at = node; at !== 0; at = table.nodeParent[at] as number) {
    const name = nodeName(table, at);
    path.set(name, end - name.length);
    end -= name.length;
    if (end > 0) path[--end] = 0x2f;
  }
  return path;
}

/** Raw link target of a member, null where it has none. */
export function linkName(table: LayerTable, member: number): Uint8Array | null {
  const link = table.link[member] as number;
  return link === 0 ? null : table.linkNames.subarray(table.linkStart[link - 1], table.linkStart[link]);
}
