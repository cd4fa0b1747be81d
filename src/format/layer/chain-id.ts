import { type Digest, encodeUtf8, toHex } from '#model';

/**
 * ChainIDs of layers from their diffIDs, the lowest layer first: the first is its diffID, each further one the hash of the one
 * below, a space and its diffID. `sha256` gives the digest's 32 bytes, as this room has no hash of its own. Source: OCI image-spec
 * config.md, Layer ChainID.
 */
export function chainIdsOf(diffIds: readonly Digest[], sha256: (bytes: Uint8Array) => Uint8Array): Digest[] {
  const ids: Digest[] = [];
  for (const diffId of diffIds) {
    const below = ids.at(-1);
    ids.push(below === undefined ? diffId : (`sha256:${toHex(sha256(encodeUtf8(`${below} ${diffId}`)))}` as Digest));
  }
  return ids;
}
