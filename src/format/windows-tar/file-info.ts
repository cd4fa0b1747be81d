import { LayerscopeError } from '#model';
import type { TarTime } from './tar-time.ts';

/** Bits of a file's attributes. Source: [MS-FSCC] 2.6. */
export const FILE_ATTRIBUTE = {
  readOnly: 0x1,
  hidden: 0x2,
  system: 0x4,
  directory: 0x10,
  archive: 0x20,
  normal: 0x80,
  temporary: 0x100,
  sparseFile: 0x200,
  reparsePoint: 0x400,
  compressed: 0x800,
  offline: 0x1000,
  notContentIndexed: 0x2000,
  encrypted: 0x4000,
} as const;

/** A file's times and attributes. Times are in units of 100 ns since 1601-01-01 UTC; setting 0 leaves the file's time unchanged. */
export interface FileBasicInfo {
  readonly creationTimeFiletime: bigint;
  readonly accessTimeFiletime: bigint;
  readonly writeTimeFiletime: bigint;
  /** Last change of data or metadata. */
  readonly changeTimeFiletime: bigint;
  /** Bits of {@link FILE_ATTRIBUTE}. */
  readonly attributes: number;
}

/** 1970-01-01 as a FILETIME. */
const UNIX_EPOCH_FILETIME = 116_444_736_000_000_000n;
const LAST_FILETIME = (1n << 63n) - 1n;
const SECOND = 1_000_000_000n;

/**
 * Converts a FILETIME to a tar's time. Like Go, this uses 64 bits of nanoseconds since 1970, which cover the years 1677 to 2262. Other
 * times are off by 584.5 years (0 becomes 2185-07-21), and {@link tarTimeToFiletime} doesn't reverse this.
 */
export function filetimeToTarTime(filetime: bigint): TarTime {
  const total = BigInt.asIntN(64, (filetime - UNIX_EPOCH_FILETIME) * 100n);
  const nanos = ((total % SECOND) + SECOND) % SECOND;
  return { seconds: Number((total - nanos) / SECOND), nanos: Number(nanos) };
}

/** Converts a tar's time to a FILETIME, truncated towards 1970 to 100 ns, and clamped to the first and last FILETIME. */
export function tarTimeToFiletime({ seconds, nanos }: TarTime): bigint {
  const filetime = (BigInt(seconds) * SECOND + BigInt(nanos)) / 100n + UNIX_EPOCH_FILETIME;
  return filetime < 0n ? 0n : filetime > LAST_FILETIME ? LAST_FILETIME : filetime;
}

/** Size of FILE_BASIC_INFO. */
export const FILE_BASIC_INFO_BYTES = 40;

/** Encodes FILE_BASIC_INFO: creation, access, write and change time i64, attributes u32, four bytes of padding. Source: [MS-FSCC] 2.4.7. */
export function encodeFileBasicInfo(info: FileBasicInfo): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(FILE_BASIC_INFO_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, info.creationTimeFiletime, true);
  view.setBigInt64(8, info.accessTimeFiletime, true);
  view.setBigInt64(16, info.writeTimeFiletime, true);
  view.setBigInt64(24, info.changeTimeFiletime, true);
  view.setUint32(32, info.attributes, true);
  return bytes;
}

/** Parses FILE_BASIC_INFO. Throws TRUNCATED below 36 bytes. */
export function parseFileBasicInfo(bytes: Uint8Array): FileBasicInfo {
  if (bytes.length < FILE_BASIC_INFO_BYTES - 4) throw new LayerscopeError('TRUNCATED', 'FILE_BASIC_INFO cut off');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    creationTimeFiletime: view.getBigInt64(0, true),
    accessTimeFiletime: view.getBigInt64(8, true),
    writeTimeFiletime: view.getBigInt64(16, true),
    changeTimeFiletime: view.getBigInt64(24, true),
    attributes: view.getUint32(32, true),
  };
}
