import type { Compression } from '#model';
import type { StoredRange } from '../members/member-store.ts';
import type { BlobSource } from '../types.ts';

/** Converts a range in a store to a blob. */
export function rangeSource(
  { path, start, length, identity, key, arriving, split }: StoredRange,
  compression: Compression,
  statedDigest: string | null,
): BlobSource {
  const place = { ...(arriving === undefined ? {} : { arriving }), ...(split === undefined ? {} : { split }) };
  return { path, start, length, compression, cacheKey: key, statedDigest, identity, ...place };
}
