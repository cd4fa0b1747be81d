import type { EntryDetails } from '#contract';
import type { Selection, Side } from '../selection.ts';

/**
 * Returns the view that shows the selected path: the selection's own or, for a removed path, the view before it. Null if neither has the
 * path.
 */
export function viewOfEntry(details: EntryDetails, selection: Selection): Side | null {
  const { archiveId, image, to } = selection;
  if (archiveId === null) return null;
  if (details.now !== null) return { archiveId, image, layer: to };
  if (selection.mode === 'image') return lastViewOf(details, { archiveId, image });
  return details.before === null ? null : viewBefore(selection);
}

/** Returns the view below the layer that removed the path; null if no layer did. */
function lastViewOf({ history }: EntryDetails, ref: Pick<Side, 'archiveId' | 'image'>): Side | null {
  const layer = (history.findLast(({ kind }) => kind === 'removed')?.layer ?? 0) - 1;
  return layer < 0 ? null : { ...ref, layer };
}

/** Returns the view that the selection is compared with: the view below its layers, or side A. */
export function viewBefore({ archiveId, image, mode, from, to, against }: Selection): Side | null {
  if (archiveId === null) return null;
  if (mode === 'compare') return against === undefined ? null : withoutSince(against);
  const layer = (mode === 'layer' ? from : to) - 1;
  return layer < 0 ? null : { archiveId, image, layer };
}

/** Returns side A's view if only side A has the path; null if side B has it, or nothing is compared. */
export function onlySideA({ now, before }: EntryDetails, selection: Selection): Side | null {
  return selection.mode === 'compare' && now === null && before !== null ? viewBefore(selection) : null;
}

/** Returns a side without `since`: entries are looked up in the whole view, even for a side that leaves out lower layers. */
export function withoutSince({ archiveId, image, layer }: Side): Side {
  return { archiveId, image, layer };
}
