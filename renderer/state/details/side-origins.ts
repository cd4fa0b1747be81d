import type { ArchiveSummary, EntryAttributes, EntryDetails } from '#contract';
import type { LayerReport } from '#model';
import { type Selection, type Side, selectedImage } from '../selection.ts';

/** The layer of a side's image that the side has a path from. */
export interface SideOrigin {
  readonly letter: 'A' | 'B';
  readonly side: Side;
  readonly layer: LayerReport;
  readonly chainId: string | null;
}

/** Returns from which layer each side of a comparison has a path. A side that doesn't have it, or has it only implied, is left out. */
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
