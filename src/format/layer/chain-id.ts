import { encodeUtf8, toHex } from '#model';

/**
 * Computes the chainIDs of layers from their diffIDs, lowest layer first. The lowest chainID is the diffID; each of the others is the hash
 * of the chainID below, a space and the diffID. From the first unknown diffID upwards, all are null. `sha256` returns the digest's 32
 * bytes; the caller provides it, because this pure code can't import node:crypto. Source: OCI image-spec config.md, Layer ChainID.
 */
export function chainIdsOf(diffIds: readonly (string | null)[], sha256: (bytes: Uint8Array) => Uint8Array): (string | null)[] {
  let chain: string | null = null;
  return diffIds.map((diffId, index) => {
    if (diffId === null || (index > 0 && chain === null)) chain = null;
    else chain = index === 0 ? diffId : `sha256:${toHex(sha256(encodeUtf8(`${chain} ${diffId}`)))}`;
    return chain;
  });
}
