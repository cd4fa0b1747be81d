// The first 4096 bytes of a hive, and the first sector of its logs. Little-endian.
//
//     0 "regf"                       28 type u32 (0 hive; 1, 2 old log; 6 new log)     144 flags u32 (1 transaction, 2 layered keys)
//     4 primary sequence u32         32 format u32 (1)                                 508 checksum u32: XOR of the 127 words before it;
//     8 secondary sequence u32       36 root key u32, an offset                            0 is stored as 1, FFFFFFFF as FFFFFFFE
//    12 last written u64, FILETIME   40 bytes of bins u32
//    20 major u32, 24 minor u32      48 name, UTF-16, 64 bytes
//
// Offsets in a hive count from the end of this block. The sequence numbers differ while a write is under way.

export const BASE_BLOCK_BYTES = 4096;
/** Maximum size of a hive that is read; Windows' own are below 200 MB. */
export const MAX_HIVE_BYTES = 512 * 1024 * 1024;
/** Size of the part of the block that the checksum covers. Logs contain a copy of it. */
export const BASE_SECTOR_BYTES = 512;

export const BASE = {
  primarySequence: 4,
  secondarySequence: 8,
  written: 12,
  major: 20,
  minor: 24,
  type: 28,
  root: 36,
  binsBytes: 40,
  name: 48,
  flags: 144,
  checksum: 508,
} as const;

const NAME_UNITS = 32;

/** Contents of a base block. */
export interface BaseBlock {
  readonly sequence: readonly [primary: number, secondary: number];
  /** A FILETIME: units of 100 ns since 1601. */
  readonly written: bigint;
  readonly major: number;
  readonly minor: number;
  /** Offset of the root key. */
  readonly root: number;
  /** Stated size of all bins. */
  readonly binsBytes: number;
  /** The last part of the hive's path. */
  readonly name: string;
  readonly flags: number;
}

export function hasRegfSignature(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0x72 && bytes[1] === 0x65 && bytes[2] === 0x67 && bytes[3] === 0x66;
}

/** Returns the checksum that a base block of at least 512 bytes should have. */
export function baseChecksum(view: DataView): number {
  let sum = 0;
  for (let at = 0; at < BASE.checksum; at += 4) sum ^= view.getUint32(at, true);
  if (sum === 0) return 1;
  return sum === -1 ? 0xffff_fffe : sum >>> 0;
}

export function isChecksumRight(view: DataView): boolean {
  return view.getUint32(BASE.checksum, true) === baseChecksum(view);
}

/** Parses a base block of at least 512 bytes, whether or not its checksum is right. */
export function parseBaseBlock(view: DataView): BaseBlock {
  let name = '';
  for (let unit = 0; unit < NAME_UNITS; unit++) {
    const code = view.getUint16(BASE.name + unit * 2, true);
    if (code === 0) break;
    name += String.fromCharCode(code);
  }
  return {
    sequence: [view.getUint32(BASE.primarySequence, true), view.getUint32(BASE.secondarySequence, true)],
    written: view.getBigUint64(BASE.written, true),
    major: view.getUint32(BASE.major, true),
    minor: view.getUint32(BASE.minor, true),
    root: view.getUint32(BASE.root, true),
    binsBytes: view.getUint32(BASE.binsBytes, true),
    name,
    flags: view.getUint32(BASE.flags, true),
  };
}
