import type { FindingCode } from '#model';

/** By the header's magic; `pax` where an extended header stands before it. */
export type TarFormat = 'v7' | 'ustar' | 'pax' | 'gnu' | 'star';

/**
 * One member as the reader hands it out. The object and its byte views are reused: valid during the call only.
 * Offsets are bytes from the start of the tar.
 */
export interface TarMember {
  /** Of the first block that belongs to the member: its extension headers included. */
  headerOffset: number;
  /** Of the member's own header block. */
  ownHeaderOffset: number;
  /** Of the stored body (behind an old GNU sparse member's extension blocks; a PAX 1.0 map belongs to the body). */
  bodyOffset: number;
  /** Bytes of the file as it is meant: holes included. 0 for members that have no body, whatever their header says. */
  size: number;
  /** What the header says, PAX records included, also of members that have no body; of a sparse file what is stored. */
  headerSize: number;
  /** Bytes stored in the tar, padding left out. */
  storedSize: number;
  typeflag: number;
  /** Code of TYPE. */
  type: number;
  /** Of the first stored byte of the file's content: `bodyOffset`, or behind a PAX 1.0 sparse map. */
  dataOffset: number;
  /** Raw bytes, as they stand (prefix joined, PAX or GNU name applied). */
  readonly name: Uint8Array;
  readonly linkname: Uint8Array;
  mode: number;
  uid: number;
  gid: number;
  readonly uname: Uint8Array;
  readonly gname: Uint8Array;
  mtimeSeconds: number;
  /** 0 to 999,999,999; counts up from `mtimeSeconds`. */
  mtimeNanos: number;
  devMajor: number;
  devMinor: number;
  format: TarFormat;
  /** The PAX records that are the member's own (of a `global` member: its records), null where there are none. Values are copies. */
  readonly pax: ReadonlyMap<string, Uint8Array> | null;
  /** `pax` holds extended or Windows attributes: `SCHILY.xattr.*`, `LIBARCHIVE.xattr.*`, `MSWINDOWS.*`. */
  readonly hasAttributes: boolean;
  /** Pairs of offset and length of what is stored, by offset; null for a file that isn't sparse. */
  sparse: readonly (readonly [number, number])[] | null;
  /** Always false while the member is handed out: see {@link TarHandler.truncated}. */
  truncated: boolean;

  // The same names without a view made for each: the bytes from start to end of their array. For hot paths.
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
  /** The PAX records of the attributes as they stand, one after another, up to `attributeEnd`; 0: none. */
  attributeBytes: Uint8Array;
  attributeEnd: number;
}

/** Something odd that didn't stop the reader. `offset`: of the member it is about, else of the place, bytes from the start of the tar. */
export interface TarFinding {
  readonly code: FindingCode;
  readonly offset: number;
  readonly message: string;
}

/** Called by the reader while bytes are pushed. Findings about a member come right after it, with its `headerOffset`. */
export interface TarHandler {
  member(member: TarMember): void;
  finding(finding: TarFinding): void;
  /**
   * The stored bytes of the last member's body from `start` to `end` of `bytes`, as they are pushed: no padding, no PAX 1.0 map,
   * nothing that was skipped. Absent: bodies are passed over.
   */
  body?(bytes: Uint8Array, start: number, end: number): void;
  /** At the end of the input: the body of the member of that number (0 the first, globals counted) was cut off. */
  truncated?(memberIndex: number): void;
}
