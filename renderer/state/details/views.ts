import type { EntryDetails } from '#contract';
import type { Selection, Side } from '../selection.ts';

/**
 * The view in which the selected path is seen: that of the selection, of a removed path the one before. Null where it is in neither.
 */
export function viewOfEntry(details: EntryDetails, selection: Selection): Side | null {
  const { archiveId, image, to } = selection;
  if (archiveId === null) return null;
  if (details.now !== null) return { archiveId, image, layer: to };
  return details.before === null ? null : viewBefore(selection);
}

/** The view that a selection is compared with: what lies below its layers, or side A. */
export function viewBefore({ archiveId, image, mode, from, to, against }: Selection): Side | null {
  if (archiveId === null) return null;
  if (mode === 'compare') return against === undefined ? null : withoutSince(against);
  const layer = (mode === 'layer' ? from : to) - 1;
  return layer < 0 ? null : { archiveId, image, layer };
}

/** Entries are looked up in the whole view, of a side that leaves lower layers out too. */
export function withoutSince({ archiveId, image, layer }: Side): Side {
  return { archiveId, image, layer };
}
