import { createHash } from 'node:crypto';

/**
 * Chain id of each layer from its diffID and the chain below; null from the first unknown diffID on. The lowest layer first.
 * Source: OCI image-spec config.md, Layer ChainID: ChainID(L0) = DiffID(L0); ChainID(L0|…|Ln) = digest(ChainID(L0|…|Ln−1) + " " + DiffID(Ln)).
 */
export function chainIds(diffIds: readonly (string | null)[]): readonly (string | null)[] {
  let chain: string | null = null;
  return diffIds.map((diffId, index) => {
    if (diffId === null || (index > 0 && chain === null)) chain = null;
    else chain = index === 0 ? diffId : `sha256:${createHash('sha256').update(`${chain} ${diffId}`).digest('hex')}`;
    return chain;
  });
}
