import type { Compression } from '#model';

/** Number of bytes that {@link detectCompression} needs. */
export const MAGIC_BYTES = 18;

/**
 * Detects compression by a blob's first bytes: gzip `1F 8B 08` (RFC 1952); a zstd frame `28 B5 2F FD`, or a skippable frame `5x 2A 4D 18`
 * (RFC 8878), which zstd:chunked and pzstd may write first; xz `FD 37 7A 58 5A 00`; bzip2 `BZh`, a digit, and the magic of a block or of
 * the end. A tar header begins with a file name; should that name look like one of these, the header's checksum decides.
 */
export function detectCompression(head: Uint8Array): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return 'gzip';
  if (isZstdFrame(head, 0) || isSkippableFrame(head, 0)) return 'zstd';
  if (head.length >= XZ.length && beginsWith(head, XZ)) return 'xz';
  if (isBzip2(head)) return 'bzip2';
  return 'none';
}

const XZ = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];
const BZIP2_BLOCK = [0x31, 0x41, 0x59, 0x26, 0x53, 0x59];
const BZIP2_END = [0x17, 0x72, 0x45, 0x38, 0x50, 0x90];

/** Whether these bytes begin a bzip2 stream. A tar may begin with a name like `BZh9`, so the bytes after that are checked too. */
function isBzip2(head: Uint8Array): boolean {
  const level = (head[3] as number) - 0x30;
  if (head[0] !== 0x42 || head[1] !== 0x5a || head[2] !== 0x68 || !(level >= 1 && level <= 9)) return false;
  return head.length <= 4 || beginsWith(head.subarray(4), BZIP2_BLOCK) || beginsWith(head.subarray(4), BZIP2_END);
}

/** Compares only the bytes that exist, because a file may be cut off. */
function beginsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return bytes.length > 0 && start.every((byte, at) => at >= bytes.length || bytes[at] === byte);
}

export function isZstdFrame(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x28 && bytes[at + 1] === 0xb5 && bytes[at + 2] === 0x2f && bytes[at + 3] === 0xfd;
}

export function isSkippableFrame(bytes: Uint8Array, at: number): boolean {
  return ((bytes[at] as number) & 0xf0) === 0x50 && bytes[at + 1] === 0x2a && bytes[at + 2] === 0x4d && bytes[at + 3] === 0x18;
}

/** Number of bytes that {@link otherFormatName} needs. */
export const OTHER_FORMAT_BYTES = 64;

interface OtherFormat {
  readonly what: string;
  readonly start: string;
  readonly at?: number;
  /** Set for a container or compression format, which may hold an image. */
  readonly packs?: true;
}

const OTHER_FORMATS: readonly OtherFormat[] = [
  { what: 'a ZIP file', start: 'PK\x03\x04', packs: true },
  { what: 'a ZIP file', start: 'PK\x05\x06', packs: true },
  { what: 'a 7z file', start: '7z\xbc\xaf\x27\x1c', packs: true },
  { what: 'a RAR file', start: 'Rar!\x1a\x07', packs: true },
  { what: 'packed with lz4', start: '\x04\x22\x4d\x18', packs: true },
  { what: 'packed with lzip', start: 'LZIP', packs: true },
  { what: 'packed with lzma', start: '\x5d\x00\x00', packs: true },
  { what: 'packed with lzop', start: '\x89LZO\x00', packs: true },
  { what: 'packed with compress', start: '\x1f\x9d', packs: true },
  { what: 'a SquashFS image', start: 'hsqs' },
  { what: 'a qcow2 disk image', start: 'QFI\xfb' },
  { what: 'a SIF image of Apptainer', start: 'SIF_MAGIC', at: 32 },
  { what: 'a WebAssembly module', start: '\x00asm' },
  { what: 'a program', start: '\x7fELF' },
  { what: 'a Debian package or ar archive', start: '!<arch>\n' },
  { what: 'an RPM package', start: '\xed\xab\xee\xdb' },
  { what: 'a registry hive', start: 'regf' },
];

function findOtherFormat(head: Uint8Array): OtherFormat | null {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1');
  return OTHER_FORMATS.find(({ at = 0, start }) => text.startsWith(start, at)) ?? null;
}

/** Returns the name of a format that isn't tar, judged by a file's first bytes; null if unknown. For messages only. */
export function otherFormatName(head: Uint8Array): string | null {
  return findOtherFormat(head)?.what ?? null;
}

/** Like {@link otherFormatName}, but only for archive and compression formats; null for others. */
export function otherPackingName(head: Uint8Array): string | null {
  const found = findOtherFormat(head);
  return found?.packs === true ? found.what : null;
}
