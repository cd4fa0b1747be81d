import type { PaxRecords } from './pax-records.ts';
import type { TarFormat, TarMember } from './types.ts';

const EMPTY = new Uint8Array(0);

/** The member object that a reader reuses for every member. Creates views and the map of records only on demand. */
export class MemberView implements TarMember {
  headerOffset = 0;
  ownHeaderOffset = 0;
  bodyOffset = 0;
  dataOffset = 0;
  size = 0;
  headerSize = 0;
  storedSize = 0;
  typeflag = 0;
  type = 0;
  mode = 0;
  uid = 0;
  gid = 0;
  mtimeSeconds = 0;
  mtimeNanos = 0;
  devMajor = 0;
  devMinor = 0;
  format: TarFormat = 'v7';
  attributeBytes: Uint8Array = EMPTY;
  attributeEnd = 0;
  sparse: readonly (readonly [number, number])[] | null = null;
  truncated = false;
  nameBytes: Uint8Array = EMPTY;
  nameStart = 0;
  nameEnd = 0;
  linkBytes: Uint8Array = EMPTY;
  linkStart = 0;
  linkEnd = 0;
  unameBytes: Uint8Array = EMPTY;
  unameStart = 0;
  unameEnd = 0;
  gnameBytes: Uint8Array = EMPTY;
  gnameStart = 0;
  gnameEnd = 0;
  readonly records: PaxRecords;
  #map: ReadonlyMap<string, Uint8Array> | null = null;

  constructor(records: PaxRecords) {
    this.records = records;
  }

  get hasAttributes(): boolean {
    return this.attributeEnd > 0;
  }

  get name(): Uint8Array {
    return this.nameBytes.subarray(this.nameStart, this.nameEnd);
  }

  get linkname(): Uint8Array {
    return this.linkBytes.subarray(this.linkStart, this.linkEnd);
  }

  get uname(): Uint8Array {
    return this.unameBytes.subarray(this.unameStart, this.unameEnd);
  }

  get gname(): Uint8Array {
    return this.gnameBytes.subarray(this.gnameStart, this.gnameEnd);
  }

  get pax(): ReadonlyMap<string, Uint8Array> | null {
    if (!this.records.present) return null;
    this.#map ??= this.records.toMap();
    return this.#map;
  }

  setName(bytes: Uint8Array, start: number, end: number): void {
    this.nameBytes = bytes;
    this.nameStart = start;
    this.nameEnd = end;
  }

  setLink(bytes: Uint8Array, start: number, end: number): void {
    this.linkBytes = bytes;
    this.linkStart = start;
    this.linkEnd = end;
  }

  setUname(bytes: Uint8Array, start: number, end: number): void {
    this.unameBytes = bytes;
    this.unameStart = start;
    this.unameEnd = end;
  }

  setGname(bytes: Uint8Array, start: number, end: number): void {
    this.gnameBytes = bytes;
    this.gnameStart = start;
    this.gnameEnd = end;
  }

  setAttributes(bytes: Uint8Array, end: number): void {
    this.attributeBytes = bytes;
    this.attributeEnd = end;
  }

  /** Sets the member's offsets: its own header block is at `own`, its body right after. */
  setPlace(header: number, own: number): void {
    this.headerOffset = header;
    this.ownHeaderOffset = own;
    this.bodyOffset = own + 512;
    this.dataOffset = own + 512;
  }

  /** Drops the previous member's map of records. */
  forget(): void {
    this.#map = null;
  }
}
