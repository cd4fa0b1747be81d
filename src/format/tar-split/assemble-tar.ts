import { compareBytes, displayPath, LayerscopeError } from '#model';
import { Crc64 } from './crc64.ts';
import { readSplitEntries } from './split-scanner.ts';

type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Opens a file's content by its raw name in the tar. Not called for empty files. */
export type ContentOf = (name: Uint8Array, sizeBytes: number) => ByteSource | Promise<ByteSource>;

/**
 * Reassembles a tar, byte for byte, from its metadata (uncompressed) and the content of its files. Bytes may be views of the sources'
 * bytes. Throws DIGEST_MISMATCH if a file's content has changed, possibly after yielding it; DAMAGED for malformed metadata; and what
 * `contentOf` throws.
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
