import { encodeUtf8, toHex } from '#model';

/**
 * ChainIDs of layers from their diffIDs, the lowest layer first: the first is its diffID, each further one the hash of the one
 * below, a space and its diffID; null from the first unknown diffID on. `sha256` gives the digest's 32 bytes, as this room has no
 * hash of its own. Source: OCI image-spec config.md, Layer ChainID.
 */
export function chainIdsOf(diffIds: readonly (string | null)[], sha256: (bytes: Uint8Array) => Uint8Array): (string | null)[] {
  let chain: string | null = null;
  return diffIds.map((diffId, index) => {
    if (diffId === null || (index > 0 && chain === null)) chain = null;
    else chain = index === 0 ? diffId : `sha256:${toHex(sha256(encodeUtf8(`${chain} ${diffId}`)))}`;
    return chain;
  });
}
