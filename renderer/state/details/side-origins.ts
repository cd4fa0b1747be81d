import type { ArchiveSummary, EntryAttributes, EntryDetails } from '#contract';
import type { LayerReport } from '#model';
import { type Selection, type Side, selectedImage } from '../selection.ts';

/** The layer from which a side of a comparison gets a path. */
export interface SideOrigin {
  readonly letter: 'A' | 'B';
  readonly side: Side;
  readonly layer: LayerReport;
  readonly chainId: string | null;
}

/** Returns the layer from which each side of a comparison gets a path. Leaves out a side that doesn't have the path or only implies it. */
export function sideOrigins(
  { now, before }: EntryDetails,
  archives: readonly ArchiveSummary[],
  { mode, archiveId, image, to, since, against }: Selection,
): readonly SideOrigin[] {
  if (mode !== 'compare' || archiveId === null || against === undefined) return [];
  const origin = (letter: 'A' | 'B', entry: EntryAttributes | null, side: Side): readonly SideOrigin[] => {
    if (entry === null || entry.implied) return [];
    const found = selectedImage(archives, { archiveId: side.archiveId, image: side.image, from: 0, to: 0, mode: 'layer', path: null });
    const layer = found?.image.layers[entry.layer];
    return layer === undefined ? [] : [{ letter, side, layer, chainId: found?.image.chainIds[layer.index] ?? null }];
  };
  return [...origin('A', before, against), ...origin('B', now, { archiveId, image, layer: to, since })];
}
