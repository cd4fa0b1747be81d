import type { ArchiveSummary } from '#contract';
import type { Selection, Side } from '../../app/selection-state.ts';

/**
 * What a first comparison is with: another image of the library, that which was opened before this one if there is; of a library of
 * one image the layer below those that are lit. Null where there is nothing.
 */
export function otherSide(archives: readonly ArchiveSummary[], selection: Selection): Side | null {
  const sides: Side[] = archives.flatMap(({ archiveId, images }) =>
    images.map(({ index, layers }) => ({ archiveId, image: index, layer: Math.max(0, layers.length - 1) })),
  );
  const at = sides.findIndex(({ archiveId, image }) => archiveId === selection.archiveId && image === selection.image);
  const other = sides[at - 1] ?? sides[at + 1];
  if (other !== undefined) return other;
  const own = sides[at];
  if (own === undefined) return null;
  return { ...own, layer: selection.from > 0 ? selection.from - 1 : own.layer };
}
