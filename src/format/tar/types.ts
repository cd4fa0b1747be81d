import type { FindingCode } from '#model';

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
  /** Bytes stored in the tar, padding left out. */
  storedSize: number;
  typeflag: number;
  /** Code of TYPE. */
  type: number;
  /** Raw bytes, as they stand (prefix joined, PAX or GNU name applied). */
  name: Uint8Array;
  linkname: Uint8Array;
  mode: number;
  uid: number;
  gid: number;
  uname: Uint8Array;
  gname: Uint8Array;
  mtimeSeconds: number;
  /** 0 to 999,999,999; counts up from `mtimeSeconds`. */
  mtimeNanos: number;
  devMajor: number;
  devMinor: number;
  format: TarFormat;
  /** The PAX records that are the member's own (of a `global` member: its records), null where there are none. Values are copies. */
  pax: ReadonlyMap<string, Uint8Array> | null;
  /** Pairs of offset and length of what is stored, by offset; null for a file that isn't sparse. */
  sparse: readonly (readonly [number, number])[] | null;
  /** The body or a header of the member was cut off by the end of the input. Known only where the end is. */
  truncated: boolean;
}

export interface TarFinding {
  readonly code: FindingCode;
  readonly offset: number;
  readonly message: string;
}

/** Called by the reader while bytes are pushed. */
export interface TarHandler {
  member(member: TarMember): void;
  finding(finding: TarFinding): void;
}
