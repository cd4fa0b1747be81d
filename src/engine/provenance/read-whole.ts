import { type BlobSource, readBlob } from '#archive';
import { LayerscopeError } from '#model';

/** Reads a whole blob and checks its digest. Throws TOO_LARGE, DIGEST_MISMATCH, IO, CANCELLED. */
export async function readWhole(source: BlobSource, maxBytes: number, signal?: AbortSignal): Promise<Buffer> {
  const { length, statedDigest } = source;
  if (length > maxBytes) throw new LayerscopeError('TOO_LARGE', `blob ${statedDigest ?? ''} has ${length} bytes; the limit is ${maxBytes}`);
  const pieces: Uint8Array[] = [];
  for await (const bytes of readBlob(source, { signal })) pieces.push(bytes);
  return Buffer.concat(pieces);
}
