// The central directory of a ZIP file, near its end. Jars, wheels, NuGet and Android packages and Office documents are ZIP files.
// Source: PKWARE APPNOTE.TXT 6.3.10, 4.3.12 to 4.3.16 and 4.5.3; names in CP437 are kept as raw bytes.
//
//   … files …   central directory   [ZIP64 end   ZIP64 locator]   end record with a comment of up to 65,535 bytes
import { LayerscopeError } from '#model';

const END = 0x06054b50;
const END64_LOCATOR = 0x07064b50;
const END64 = 0x06064b50;
const ENTRY = 0x02014b50;
const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const ENTRY_BYTES = 46;

/** Number of bytes at a file's end needed to find its directory: end record, longest comment and ZIP64 locator. */
export const ZIP_TAIL_BYTES = END_BYTES + 0xffff + LOCATOR_BYTES;

/** Position of the central directory, in bytes from the start of the file, and its number of entries. */
export interface ZipDirectory {
  readonly offset: number;
  readonly bytes: number;
  readonly entries: number;
}

/** A file or folder in the archive. `storedBytes` is its compressed size. */
export interface ZipEntry {
  /** Raw bytes; the name of a folder ends in `/`. */
  readonly name: Uint8Array;
  readonly sizeBytes: number;
  readonly storedBytes: number;
  readonly isEncrypted: boolean;
  /** Compression method: 0 none, 8 deflate. */
  readonly method: number;
  /** Offset of the entry's local header. */
  readonly headerOffset: number;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Reads a 64-bit number. Values over 2^53 are rounded, but don't occur in real files. */
function large(data: DataView, at: number): number {
  return Number(data.getBigUint64(at, true));
}

/**
 * Finds the central directory from the `tail` of a file of `totalBytes`; null if the file isn't a ZIP file. If `end64` is set, read the
 * ZIP64 end record, 56 bytes at that offset, and call {@link zip64Directory}.
 */
export function findZipDirectory(tail: Uint8Array, totalBytes: number): (ZipDirectory & { readonly end64: number | null }) | null {
  const data = view(tail);
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (data.getUint32(at, true) !== END || at + END_BYTES + data.getUint16(at + 20, true) > tail.length) continue;
    const directory = {
      entries: data.getUint16(at + 10, true),
      bytes: data.getUint32(at + 12, true),
      offset: data.getUint32(at + 16, true),
    };
    const isLarge = directory.entries === 0xffff || directory.bytes === 0xffff_ffff || directory.offset === 0xffff_ffff;
    const locator = at - LOCATOR_BYTES;
    const end64 = isLarge && locator >= 0 && data.getUint32(locator, true) === END64_LOCATOR ? large(data, locator + 8) : null;
    const start = totalBytes - tail.length + at;
    if (end64 === null && directory.offset + directory.bytes > start) continue;
    return { ...directory, end64 };
  }
  return null;
}

/** Parses a ZIP64 end record. Throws DAMAGED. */
export function zip64Directory(record: Uint8Array): ZipDirectory {
  const data = view(record);
  if (record.length < 56 || data.getUint32(0, true) !== END64)
    throw new LayerscopeError('DAMAGED', 'the ZIP64 end record is not where it should be');
  return { entries: large(data, 32), bytes: large(data, 40), offset: large(data, 48) };
}

/**
 * Yields the entries of a directory. If the directory is cut off, even inside an entry, yields the complete entries before that point.
 * Throws DAMAGED.
 */
export function* zipEntries(list: Uint8Array): Generator<ZipEntry> {
  const data = view(list);
  for (let at = 0; at + ENTRY_BYTES <= list.length; ) {
    if (data.getUint32(at, true) !== ENTRY)
      throw new LayerscopeError('DAMAGED', 'the central directory of the ZIP file is damaged', { offset: at });
    const nameBytes = data.getUint16(at + 28, true);
    const extraBytes = data.getUint16(at + 30, true);
    const next = at + ENTRY_BYTES + nameBytes + extraBytes + data.getUint16(at + 32, true);
    const extraAt = at + ENTRY_BYTES + nameBytes;
    if (extraAt + extraBytes > list.length) return;
    const stated = [data.getUint32(at + 24, true), data.getUint32(at + 20, true), data.getUint32(at + 42, true)] as const;
    const [sizeBytes, storedBytes, headerOffset] = largeFields(data, extraAt, extraAt + extraBytes, stated);
    yield {
      name: list.subarray(at + ENTRY_BYTES, extraAt),
      sizeBytes,
      storedBytes,
      isEncrypted: (data.getUint16(at + 8, true) & 1) === 1,
      method: data.getUint16(at + 10, true),
      headerOffset,
    };
    at = next;
  }
}

type Fields = readonly [size: number, stored: number, headerOffset: number];

/**
 * Returns the sizes and the offset. Values that don't fit 32 bits are read from the ZIP64 extra field, which contains only these, in the
 * order of {@link Fields}.
 */
function largeFields(data: DataView, from: number, end: number, stated: Fields): Fields {
  if (!stated.includes(0xffff_ffff)) return stated;
  for (let at = from; at + 4 <= end; ) {
    const id = data.getUint16(at, true);
    const stop = Math.min(end, at + 4 + data.getUint16(at + 2, true));
    at += 4;
    if (id === 0x0001) {
      const take = (value: number): number => {
        if (value !== 0xffff_ffff || at + 8 > stop) return value;
        at += 8;
        return large(data, at - 8);
      };
      return [take(stated[0]), take(stated[1]), take(stated[2])];
    }
    at = stop;
  }
  return stated;
}
