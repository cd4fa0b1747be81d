import type { FindingCode } from '#model';

/** The format according to the header's magic; `pax` if an extended header precedes it. */
export type TarFormat = 'v7' | 'ustar' | 'pax' | 'gnu' | 'star';

/**
 * A member passed on by the reader. The object and its byte views are reused, and valid only during the call. Offsets are in bytes from the
 * start of the tar.
 */
export interface TarMember {
  /** Offset of the member's first block, which is its first extension header if it has any. */
  headerOffset: number;
  /** Offset of the member's own header block. */
  ownHeaderOffset: number;
  /** Offset of the stored body: after an old GNU sparse member's extension blocks, and including a PAX 1.0 map. */
  bodyOffset: number;
  /** Size of the file in bytes, including holes. 0 for types without a body, regardless of the header. */
  size: number;
  /** Size stated by the header and PAX records, even for types without a body; for a sparse file the stored size. */
  headerSize: number;
  /** Bytes stored in the tar, without padding. */
  storedSize: number;
  typeflag: number;
  /** A TYPE code. */
  type: number;
  /** Offset of the first stored byte of the content: `bodyOffset`, or after a PAX 1.0 sparse map. */
  dataOffset: number;
  /** Raw bytes, not normalized, with the prefix joined and a PAX or GNU name applied. */
  readonly name: Uint8Array;
  readonly linkname: Uint8Array;
  mode: number;
  uid: number;
  gid: number;
  readonly uname: Uint8Array;
  readonly gname: Uint8Array;
  mtimeSeconds: number;
  /** 0 to 999,999,999, added to `mtimeSeconds`. */
  mtimeNanos: number;
  devMajor: number;
  devMinor: number;
  format: TarFormat;
  /** The member's own PAX records; for a `global` member, its content. Null if there are none. Values are copies. */
  readonly pax: ReadonlyMap<string, Uint8Array> | null;
  /** Whether `pax` has extended or Windows attributes: `SCHILY.xattr.*`, `LIBARCHIVE.xattr.*`, `MSWINDOWS.*`. */
  readonly hasAttributes: boolean;
  /** Offset and length of each stored piece, in ascending order; null if the file isn't sparse. */
  sparse: readonly (readonly [number, number])[] | null;
  /**
   * Whether the body was cut off. This isn't known yet when a handler gets the member, so it is always false then; see
   * {@link TarHandler.truncated}.
   */
  truncated: boolean;

  // The same names as spans of arrays, for hot paths that can't afford to create a view for each name.
  nameBytes: Uint8Array;
  nameStart: number;
  nameEnd: number;
  linkBytes: Uint8Array;
  linkStart: number;
  linkEnd: number;
  unameBytes: Uint8Array;
  unameStart: number;
  unameEnd: number;
  gnameBytes: Uint8Array;
  gnameStart: number;
  gnameEnd: number;
  /** The raw PAX records of the attributes, one after another, up to `attributeEnd`, which is 0 if there are none. */
  attributeBytes: Uint8Array;
  attributeEnd: number;
}

/**
 * A defect that didn't stop the reader. `offset` is the `headerOffset` of the member or, for a finding that isn't about a member, its
 * position in the tar.
 */
export interface TarFinding {
  readonly code: FindingCode;
  readonly offset: number;
  readonly message: string;
}

/**
 * Receives members, bodies and findings while bytes are pushed. Findings about a member directly follow the member and have its
 * `headerOffset`.
 */
export interface TarHandler {
  member(member: TarMember): void;
  finding(finding: TarFinding): void;
  /**
   * Receives the stored bytes of the current member's body, `start` to `end` of `bytes`, as they are pushed: without padding, a PAX 1.0
   * map, or skipped bytes. Without this method bodies are ignored.
   */
  body?(bytes: Uint8Array, start: number, end: number): void;
  /** Called at the end of the input if a member's body was cut off. `memberIndex` starts at 0 and counts global headers too. */
  truncated?(memberIndex: number): void;
}
