// Plans which entries of a view to lay out, and in which order. A view's rows are what a container would see, so mounts and exports follow
// the same rules.
import { type EntryAt, resolveEntry, type Stack } from '#changes';
import { FLAG } from '#format/layer';
import type { RefusedName } from '#format/path';
import { displayPath, type ErrorCode, type FindingCode, NO_ENTRY, NO_LAYER, type RowTable, rowName, rowPath, TYPE } from '#model';

/** An entry that isn't laid out, with the reason. `path` is safe to print. */
export interface Refusal {
  readonly path: string;
  readonly code: ErrorCode;
  /** Code of the matching finding. */
  readonly finding: FindingCode;
  readonly message: string;
}

/** A row to lay out; `path` is raw bytes, relative to the folder that the plan is laid out in. */
export interface Planned {
  readonly row: number;
  readonly path: Uint8Array;
}

/** An entry other than a folder, with all its names: the first is created, the others are hard links to it. */
export interface PlannedEntry {
  readonly source: EntryAt;
  /** A TYPE code, never a hard link's. */
  readonly type: number;
  readonly names: readonly Planned[];
}

export interface TreePlan {
  /** Parents before their children. */
  readonly folders: readonly Planned[];
  /** Ordered by layer and position in the tar, so that each layer is read through once. */
  readonly bodies: readonly PlannedEntry[];
  readonly symlinks: readonly PlannedEntry[];
  /** Devices and pipes. */
  readonly nodes: readonly PlannedEntry[];
  readonly refused: readonly Refusal[];
  readonly totalBytes: number;
}

export interface PlanOptions {
  /** Rows [from, end) of the view, all below one folder. Defaults to all rows. */
  readonly from?: number;
  readonly end?: number;
  /** Number of bytes to remove from the start of each row's path: the path of the folder that contains the rows, with its slash. */
  readonly prefix?: number;
  /** Returns why a name must not be written; null if it may be. */
  readonly refuseName: (name: Uint8Array) => RefusedName | null;
  /** If true, entries whose names or links climb above the root are laid out inside it, as in a container, instead of being refused. */
  readonly keepEscapes?: boolean;
}

function below(rows: RowTable, row: number): string {
  const count = (rows.subtreeEnd[row] as number) - row - 1;
  return count === 0 ? '' : ` (and ${count} below it)`;
}

/** Creates the refusal of a row and everything below it. */
export function refusal(rows: RowTable, row: number, code: ErrorCode, finding: FindingCode, message: string): Refusal {
  return { path: displayPath(rowPath(rows, row)), code, finding, message: message + below(rows, row) };
}

/** Returns the FLAG bits of the row's entry; 0 for an implied folder. */
function rowFlags(stack: Stack, rows: RowTable, row: number): number {
  const layer = rows.layer[row] as number;
  const entry = rows.entry[row] as number;
  return layer === NO_LAYER || entry === NO_ENTRY ? 0 : (stack.layers[layer]?.flags[entry] ?? 0);
}

/** Whether any entry below a folder has a path that doesn't point outside the image. */
function hasOthers(stack: Stack, rows: RowTable, row: number): boolean {
  for (let at = row + 1; at < (rows.subtreeEnd[row] as number); at++) {
    if (rows.layer[at] !== NO_LAYER && (rowFlags(stack, rows, at) & FLAG.escapes) === 0) return true;
  }
  return false;
}

/** Groups the names of each entry. */
class EntryGroups {
  readonly #groups = new Map<number, { readonly source: EntryAt; readonly type: number; readonly names: Planned[] }>();

  add(source: EntryAt, type: number, name: Planned): void {
    const key = source.layer * 2 ** 32 + source.member;
    const known = this.#groups.get(key);
    if (known === undefined) this.#groups.set(key, { source, type, names: [name] });
    else known.names.push(name);
  }

  ordered(): PlannedEntry[] {
    return [...this.#groups.values()].sort((a, b) => a.source.layer - b.source.layer || a.source.member - b.source.member);
  }
}

/**
 * Plans rows of a view. Refuses paths and hard links that point outside the image, names that must not be written, and dangling hard links.
 * Also refuses everything below an entry that isn't a folder, because that entry may be a link to somewhere else.
 */
export function planTree(stack: Stack, rows: RowTable, options: PlanOptions): TreePlan {
  const { from = 0, end = rows.length, prefix = 0 } = options;
  const folders: Planned[] = [];
  const refused: Refusal[] = [];
  const entries = new EntryGroups();

  /** Plans a row that isn't a folder. */
  const planEntry = (row: number, path: Uint8Array): void => {
    const source = resolveEntry(stack, { layer: rows.layer[row] as number, member: rows.entry[row] as number });
    const type = source === null ? undefined : stack.layers[source.layer]?.type[source.member];
    if (source === null || type === undefined) {
      refused.push(refusal(rows, row, 'NOT_FOUND', 'dangling-hardlink', 'a broken hard link'));
    } else entries.add(source, type, { row, path });
    for (let child = row + 1; child < (rows.subtreeEnd[row] as number); child = rows.subtreeEnd[child] as number) {
      refused.push(refusal(rows, child, 'PATH_ESCAPE', 'path-escape', 'it is below an entry that is not a folder'));
    }
  };

  for (let row = from; row < end; ) {
    const next = rows.subtreeEnd[row] as number;
    const isFolder = rows.type[row] === TYPE.directory;
    const name = options.refuseName(rowName(rows, row));
    if (name !== null) {
      const message = `its name ${name.reason}`;
      if (name.code === 'path-escape') refused.push(refusal(rows, row, 'PATH_ESCAPE', 'path-escape', message));
      else refused.push(refusal(rows, row, 'NAME_REFUSED', 'not-made', message));
      row = next;
      continue;
    }
    const path = rowPath(rows, row).subarray(prefix);
    if (!options.keepEscapes && rowFlags(stack, rows, row) & FLAG.escapes) {
      const what = rows.type[row] === TYPE.hardlink ? 'a hard link that points outside the image' : 'its path points outside the image';
      const escaping = refusal(rows, row, 'PATH_ESCAPE', 'path-escape', what);
      if (!isFolder || !hasOthers(stack, rows, row)) {
        refused.push(escaping);
        row = next;
        continue;
      }
      // Other entries below the folder are laid out, so the folder is created too, as if it were implied.
      refused.push({ ...escaping, message: what });
    }
    if (isFolder) folders.push({ row, path });
    else planEntry(row, path);
    row = isFolder ? row + 1 : next;
  }

  const ordered = entries.ordered();
  const bodies = ordered.filter(({ type }) => type === TYPE.file);
  const symlinks = ordered.filter(({ type }) => type === TYPE.symlink);
  const nodes = ordered.filter(({ type }) => type !== TYPE.file && type !== TYPE.symlink);
  const totalBytes = bodies.reduce((sum, { source }) => sum + (stack.layers[source.layer]?.size[source.member] ?? 0), 0);
  return { folders, bodies, symlinks, nodes, refused, totalBytes };
}
