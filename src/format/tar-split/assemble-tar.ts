import { compareBytes, displayPath, LayerscopeError } from '#model';
import { Crc64 } from './crc64.ts';
import { readSplitEntries } from './split-entry.ts';

type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Opens a file's content by the name that the tar has, raw. Not called for empty files. */
export type ContentOf = (name: Uint8Array, sizeBytes: number) => ByteSource | Promise<ByteSource>;

/**
 * Puts a tar together again, bit by bit, from its metadata (plain lines) and the content of its files. Bytes are views of what
 * came. Throws DIGEST_MISMATCH where a file's content isn't what it was, its bytes given out before or not; DAMAGED for metadata
 * that is none; and what `contentOf` throws.
 */
export async function* assembleTar(metadata: ByteSource, contentOf: ContentOf): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const entry of readSplitEntries(metadata)) {
    if (entry.kind === 'segment') yield entry.bytes;
    else if (entry.crc64 !== null) yield* checked(entry.name, entry.sizeBytes, entry.crc64, await contentOf(entry.name, entry.sizeBytes));
  }
}

async function* checked(
  name: Uint8Array,
  sizeBytes: number,
  expected: Uint8Array,
  content: ByteSource,
): AsyncGenerator<Uint8Array, void, undefined> {
  const crc = new Crc64();
  let left = sizeBytes;
  for await (const bytes of content) {
    left -= bytes.length;
    if (left < 0) break;
    crc.update(bytes);
    yield bytes;
  }
  if (left === 0 && compareBytes(crc.digest(), expected) === 0) return;
  throw new LayerscopeError('DIGEST_MISMATCH', `file integrity checksum failed for "${displayPath(name)}"`);
}
