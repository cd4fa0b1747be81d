// The list of what a ZIP file holds, which lies at its end: jars, wheels, NuGet and Android packages, Office documents. Nothing is unpacked.
// Source: PKWARE APPNOTE.TXT 6.3.10, 4.3.12 to 4.3.16 and 4.5.3; CP437 names are read as their bytes.
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

/** As many bytes of a file's end as are needed to find its list: end record, the longest comment, the ZIP64 locator. */
export const ZIP_TAIL_BYTES = END_BYTES + 0xffff + LOCATOR_BYTES;

/** Where the list lies. */
export interface ZipDirectory {
  readonly offset: number;
  readonly bytes: number;
  readonly entries: number;
}

export interface ZipEntry {
  /** Raw bytes; a folder's ends in `/`. */
  readonly name: Uint8Array;
  readonly sizeBytes: number;
  readonly storedBytes: number;
  readonly isEncrypted: boolean;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A number of 64 bits; too large ones are no offset of any file. */
function large(data: DataView, at: number): number {
  return Number(data.getBigUint64(at, true));
}

/**
 * Finds the list by the end of a file of `totalBytes`. `end64`: the offset at which a ZIP64 end record (56 bytes) has to be read; call
 * {@link zip64Directory} with it then. Null where it is no ZIP file.
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

/** The list's place by a ZIP64 end record. Throws DAMAGED. */
export function zip64Directory(record: Uint8Array): ZipDirectory {
  const data = view(record);
  if (record.length < 56 || data.getUint32(0, true) !== END64)
    throw new LayerscopeError('DAMAGED', 'the ZIP64 end record is not where it should be');
  return { entries: large(data, 32), bytes: large(data, 40), offset: large(data, 48) };
}

/** Entries of a list, or of its beginning: one that is cut off ends it. Throws DAMAGED. */
export function* zipEntries(list: Uint8Array): Generator<ZipEntry> {
  const data = view(list);
  for (let at = 0; at + ENTRY_BYTES <= list.length; ) {
    if (data.getUint32(at, true) !== ENTRY) throw new LayerscopeError('DAMAGED', 'the list of the ZIP file is damaged', { offset: at });
    const nameBytes = data.getUint16(at + 28, true);
    const extraBytes = data.getUint16(at + 30, true);
    const next = at + ENTRY_BYTES + nameBytes + extraBytes + data.getUint16(at + 32, true);
    const extraAt = at + ENTRY_BYTES + nameBytes;
    if (extraAt + extraBytes > list.length) return;
    const sizes = largeSizes(data, extraAt, extraAt + extraBytes, data.getUint32(at + 24, true), data.getUint32(at + 20, true));
    yield {
      name: list.subarray(at + ENTRY_BYTES, extraAt),
      sizeBytes: sizes[0],
      storedBytes: sizes[1],
      isEncrypted: (data.getUint16(at + 8, true) & 1) === 1,
    };
    at = next;
  }
}

/** Sizes of more than 32 bits stand in an extra field of their own, in this order, each only where it doesn't fit. */
function largeSizes(data: DataView, from: number, end: number, size: number, stored: number): readonly [size: number, stored: number] {
  if (size !== 0xffff_ffff && stored !== 0xffff_ffff) return [size, stored];
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
      return [take(size), take(stored)];
    }
    at = stop;
  }
  return [size, stored];
}
