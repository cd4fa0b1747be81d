import type { Compression } from '#model';

/** Bytes that {@link detectCompression} needs to see. */
export const MAGIC_BYTES = 18;

/**
 * How a blob is packed, by what it begins with: gzip `1F 8B 08` (RFC 1952), a zstd frame `28 B5 2F FD`, or a skippable frame
 * `5x 2A 4D 18` (RFC 8878), which may come first: zstd:chunked and pzstd write some. No tar header begins so: their first byte would be
 * that of a name, and the checksum decides where a name is as odd.
 */
export function detectCompression(head: Uint8Array): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return 'gzip';
  if (isZstdFrame(head, 0) || isSkippableFrame(head, 0)) return 'zstd';
  return 'none';
}

export function isZstdFrame(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x28 && bytes[at + 1] === 0xb5 && bytes[at + 2] === 0x2f && bytes[at + 3] === 0xfd;
}

export function isSkippableFrame(bytes: Uint8Array, at: number): boolean {
  return ((bytes[at] as number) & 0xf0) === 0x50 && bytes[at + 1] === 0x2a && bytes[at + 2] === 0x4d && bytes[at + 3] === 0x18;
}
