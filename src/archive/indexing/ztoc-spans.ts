import { parseZtoc } from '#format/soci';
import { fromHex } from '#model';
import type { BlobCheckpoint } from '../blob/checkpoint.ts';

/** Offset of the first block in a gzip stream whose header has no name or other optional fields. */
const HEADER_BYTES = 10;
const SHA256 = 'sha256:';

/**
 * Returns the checkpoints of a zTOC, starting with the beginning of the blob. A span's digest covers every byte that shares a bit with the
 * span.
 */
export function ztocSpans(bytes: Uint8Array): readonly BlobCheckpoint[] {
  const { checkpoints, spanDigests } = parseZtoc(bytes);
  const places = checkpoints.map(({ packedOffset, plainOffset, bits, window }) => ({ packedOffset, plainOffset, bits, window }));
  // Older versions omit the first checkpoint.
  if (places[0]?.plainOffset !== 0) places.unshift({ packedOffset: HEADER_BYTES, plainOffset: 0, bits: 0, window: new Uint8Array(0) });
  return places.map((place, span) => {
    const stated = spanDigests[span];
    const digest = stated?.startsWith(SHA256) ? fromHex(stated.slice(SHA256.length)) : null;
    return { ...place, kind: 'block', shared: null, isWindowPlain: true, digest };
  });
}
