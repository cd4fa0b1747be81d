import type { ArchiveSummary, EntryDetails } from '#contract';
import { DIFFERS, formatMode, type RowTable, unescapePath } from '#model';
import { findRow } from '../changes/table-facts.ts';
import type { Selection } from '../selection.ts';
import { sideOrigins } from './side-origins.ts';

/** A file that a layer stores a second time only to change its mode or owner. */
export interface StoredAgain {
  /** The lower layer with the same content. */
  readonly layer: number;
  readonly bytes: number;
  readonly mode: boolean;
  readonly owner: boolean;
  /** Options for COPY that make the second copy unnecessary: `--chmod=0755 --chown=app:app`. */
  readonly options: string;
}

const ELSE = DIFFERS.content | DIFFERS.unread | DIFFERS.type | DIFFERS.link | DIFFERS.attributes | DIFFERS.device;

/**
 * Returns how an image stores the selected file again, if the file is known to have the same content as before and another mode or owner.
 * Otherwise null. Also null unless one image has both versions, because otherwise each image stores the file only once.
 */
export function storedAgain(
  details: EntryDetails,
  table: RowTable | null,
  archives: readonly ArchiveSummary[],
  selection: Selection,
): StoredAgain | null {
  const { now, before } = details;
  const { path, mode } = selection;
  if (now === null || before === null || table === null || path === null || now.type !== 'file' || now.size === 0) return null;
  if (mode !== 'layer' && (mode !== 'compare' || !isAbove(details, archives, selection))) return null;
  const row = findRow(table, unescapePath(path));
  const bits = row < 0 ? 0 : (table.differs[row] as number);
  const [hasMode, hasOwner] = [(bits & DIFFERS.mode) !== 0, (bits & DIFFERS.owner) !== 0];
  if ((bits & DIFFERS.rewritten) === 0 || (bits & ELSE) !== 0 || !(hasMode || hasOwner)) return null;
  const chmod = hasMode ? [`--chmod=${formatMode(now.mode)}`] : [];
  const chown = hasOwner ? [`--chown=${named(now.uname, now.uid)}:${named(now.gname, now.gid)}`] : [];
  return { layer: before.layer, bytes: now.size, mode: hasMode, owner: hasOwner, options: [...chmod, ...chown].join(' ') };
}

/** Whether the layers that the two sides get the file from are both in side B's image, with side B's above side A's. */
function isAbove(details: EntryDetails, archives: readonly ArchiveSummary[], selection: Selection): boolean {
  const [a, b] = sideOrigins(details, archives, selection);
  if (a === undefined || b === undefined || a.chainId === null || b.layer.index <= a.layer.index) return false;
  const archive = archives.find(({ archiveId }) => archiveId === b.side.archiveId);
  const image = archive?.images.find(({ index }) => index === b.side.image);
  return image?.chainIds[a.layer.index] === a.chainId;
}

/** Returns the name if it needs no quoting in a shell, or else the number. */
function named(name: string, id: number): string {
  return /^[a-z_][\w.-]*$/i.test(name) ? name : String(id);
}
