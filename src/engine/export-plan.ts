import { type EntryAt, resolveEntryBody } from '#changes';
import { FLAG } from '#format/layer';
import { type NamingRules, refuseName } from '#format/path';
import { displayPath, type ErrorCode, NO_ENTRY, NO_LAYER, type RowTable, rowName, rowPath, TYPE } from '#model';
import type { LoadedImage } from './types.ts';

/** An entry that isn't laid out, and why. `path` is safe to print. */
export interface Refusal {
  readonly path: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** A row to lay out; `path` is raw bytes below the folder that is exported into. */
interface Planned {
  readonly row: number;
  readonly path: Uint8Array;
}

export interface PlannedBody {
  readonly source: EntryAt;
  /** The first is written, the others become hard links to it. */
  readonly names: Planned[];
}

export interface ExportPlan {
  /** Parents before their children. */
  readonly folders: readonly Planned[];
  /** By layer and place in its tar: read in this order no layer is gone through twice. */
  readonly bodies: readonly PlannedBody[];
  readonly symlinks: readonly (Planned & { readonly target: Uint8Array })[];
  readonly refused: readonly Refusal[];
  /** Devices and pipes: not made on disk. */
  readonly skipped: readonly Refusal[];
  /** The same as rows. */
  readonly devices: readonly Planned[];
  readonly totalBytes: number;
}

function below(rows: RowTable, row: number): string {
  const count = (rows.subtreeEnd[row] as number) - row - 1;
  return count === 0 ? '' : ` (and ${count} below it)`;
}

/** Bits of FLAG of the row's entry, 0 for an implied folder. */
function rowFlags(stack: LoadedImage['stack'], rows: RowTable, row: number): number {
  const layer = rows.layer[row] as number;
  const entry = rows.entry[row] as number;
  return layer === NO_LAYER || entry === NO_ENTRY ? 0 : (stack.layers[layer]?.flags[entry] ?? 0);
}

/** Is there an entry below a folder whose own name doesn't lead out? */
function hasOthers(stack: LoadedImage['stack'], rows: RowTable, row: number): boolean {
  for (let at = row + 1; at < (rows.subtreeEnd[row] as number); at++) {
    if (rows.layer[at] !== NO_LAYER && (rowFlags(stack, rows, at) & FLAG.escapes) === 0) return true;
  }
  return false;
}

/**
 * What to lay out of the rows [from, end) of a view, all below one folder: `prefix` is how many bytes of their paths lead to it.
 * Refuses names that lead out or that the system can't hold, hard links out of the root, and whatever stands below an entry
 * that is no folder: it would be written through a link.
 */
export function planExport(
  loaded: LoadedImage,
  rows: RowTable,
  from: number,
  end: number,
  prefix: number,
  naming: NamingRules,
): ExportPlan {
  const { stack } = loaded;
  const folders: Planned[] = [];
  const symlinks: (Planned & { target: Uint8Array })[] = [];
  const refused: Refusal[] = [];
  const skipped: Refusal[] = [];
  const devices: Planned[] = [];
  const bodies = new Map<number, PlannedBody>();
  let totalBytes = 0;

  const refuse = (row: number, code: ErrorCode, message: string): void => {
    refused.push({ path: displayPath(rowPath(rows, row)), code, message: message + below(rows, row) });
  };
  const planBody = (row: number, path: Uint8Array, at: EntryAt): void => {
    const source = resolveEntryBody(stack, at);
    if (source === null) {
      refuse(row, 'NOT_FOUND', 'a hard link to nothing');
      return;
    }
    const key = source.layer * 2 ** 32 + source.member;
    const known = bodies.get(key);
    if (known !== undefined) known.names.push({ row, path });
    else {
      bodies.set(key, { source, names: [{ row, path }] });
      totalBytes += stack.layers[source.layer]?.size[source.member] ?? 0;
    }
  };

  for (let row = from; row < end; ) {
    const next = rows.subtreeEnd[row] as number;
    const type = rows.type[row] as number;
    const layer = rows.layer[row] as number;
    const member = rows.entry[row] as number;
    const name = refuseName(rowName(rows, row), naming);
    const flags = rowFlags(stack, rows, row);
    if (name !== null) {
      refuse(row, name.code === 'path-escape' ? 'PATH_ESCAPE' : 'NAME_REFUSED', `its name ${name.reason}`);
      row = next;
      continue;
    }
    const path = rowPath(rows, row).subarray(prefix);
    if (flags & FLAG.escapes) {
      const message = type === TYPE.hardlink ? 'a hard link that leads out of the image' : 'its name leads out of the image';
      // What others put into a folder of that name is theirs: the folder is made as if they had implied it.
      if (type === TYPE.directory && hasOthers(stack, rows, row)) {
        refused.push({ path: displayPath(rowPath(rows, row)), code: 'PATH_ESCAPE', message });
        folders.push({ row, path });
        row++;
      } else {
        refuse(row, 'PATH_ESCAPE', message);
        row = next;
      }
      continue;
    }
    if (type === TYPE.directory) {
      folders.push({ row, path });
      row++;
      continue;
    }
    if (type === TYPE.file || type === TYPE.hardlink) planBody(row, path, { layer, member });
    else if (type === TYPE.symlink) symlinks.push({ row, path, target: rows.links.get(row) ?? new Uint8Array() });
    else {
      devices.push({ row, path });
      skipped.push({
        path: displayPath(rowPath(rows, row)),
        code: 'UNSUPPORTED',
        message: type === TYPE.fifo ? 'a pipe, not made' : 'a device, not made',
      });
    }
    for (let child = row + 1; child < next; child = rows.subtreeEnd[child] as number) {
      refuse(child, 'PATH_ESCAPE', 'it stands below an entry that is no folder');
    }
    row = next;
  }
  const ordered = [...bodies.values()].sort((a, b) => a.source.layer - b.source.layer || a.source.member - b.source.member);
  return { folders, bodies: ordered, symlinks, refused, skipped, devices, totalBytes };
}
