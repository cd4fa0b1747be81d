import type { LayerTable } from '#format/layer';
import { WASTE_KINDS, type WasteCode } from '#model';
import { PLACE_CODES, scanLayer } from './scan-layer.ts';

/**
 * Returns, by node of a layer's table, 1 for nodes in a cache folder, which a package manager or a build refills when needed, and 0 for
 * others; null if the layer has no such folders.
 */
export function cacheNodes(table: LayerTable): Uint8Array | null {
  const { place, kind, hasPlaces } = scanLayer(table);
  if (!hasPlaces) return null;
  const found = new Uint8Array(table.nodeCount);
  for (let node = 1; node < table.nodeCount; node++) {
    const at = place[node] as number;
    if (at === 0 || at === node) continue;
    const code = PLACE_CODES[(kind[at] as number) - 1] as WasteCode;
    if (WASTE_KINDS[code].isCache === true) found[node] = 1;
  }
  return found;
}
