import { resolveEntry, type Stack, sortedByPathBytes } from '#changes';
import { createEntryFields, createRowPaths, findRow, listView, resolveImagePath } from '#engine';
import type { MemberMeta } from '#format/layer';
import { parseImagePath, splitPath } from '#format/path';
import { displayPath, entryTypeName, jsonString, LayerscopeError, NO_LAYER, type RowTable, rowPath, TYPE } from '#model';
import type { Arguments, CommandSpec } from './arguments.ts';
import { EMPTY_SIZE_CELL, sizeCell } from './changes.ts';
import { type Context, EXIT } from './context.ts';
import { loadChosen, viewLayer, warnOfGaps } from './load-input.ts';
import { openInput } from './open-input.ts';
import { IMAGE_OPTIONS, JSON_OPTION, PATH_NOTE, VIEW_LAYER_OPTION } from './options.ts';
import { dateText, permissionText, rowLabel } from './row-text.ts';
import type { Style } from './style.ts';
import { padText } from './text-table.ts';

export const spec: CommandSpec = {
  name: 'ls',
  operands: 'IMAGE [PATH]',
  minOperands: 1,
  maxOperands: 2,
  options: { layer: VIEW_LAYER_OPTION, json: JSON_OPTION, ...IMAGE_OPTIONS },
  summary: 'The file system as seen at a layer: all of it, or everything below PATH.',
  notes: [PATH_NOTE],
};

export async function run(context: Context, args: Arguments): Promise<number> {
  await using input = await openInput(context, args, args.operands[0] ?? '');
  const loaded = await loadChosen(context, args, input);
  const layer = viewLayer(loaded, args.value('layer'));
  warnOfGaps(context, loaded, 0, layer);
  const rows = listView(loaded.stack, layer);
  const { from, end } = rowsBelow(loaded, layer, rows, args.operands[1]);
  const { out, style } = context;
  const json = args.flag('json');
  const fields = createEntryFields(loaded.stack);
  const paths = createRowPaths(rows);
  const digits = String(Math.max(0, layer)).length;
  for (const row of sortedByPathBytes(rows)) {
    if (row < from || row >= end) continue;
    if (json) {
      const owner = rows.layer[row] as number;
      out.write(
        `{"path":${jsonString(paths.text(row))}${paths.hexField(row)},${fields.ofRow(rows, row)},"layer":${owner === NO_LAYER ? 'null' : owner}}\n`,
      );
    } else out.write(`${viewLine(loaded.stack, rows, row, digits, style)}\n`);
    if (out.full) await out.drain();
  }
  return EXIT.done;
}

/** Rows of PATH: the content of a folder, or the entry itself. Follows links in the path, and a last one if it ends in `/`. */
function rowsBelow(
  loaded: Parameters<typeof resolveImagePath>[0],
  layer: number,
  rows: RowTable,
  typed: string | undefined,
): { from: number; end: number } {
  if (typed === undefined) return { from: 0, end: rows.length };
  const { parts, endsInSlash } = parseImagePath(typed);
  const { path } = resolveImagePath(loaded, layer, parts, { followLast: endsInSlash });
  const row = findRow(rows, splitPath(path), loaded.stack.caseInsensitive);
  if (row === null) throw new LayerscopeError('NOT_FOUND', `no ${displayPath(path)} in the image as seen at layer ${layer}`);
  if (row < 0) return { from: 0, end: rows.length };
  const end = rows.subtreeEnd[row] as number;
  if (rows.type[row] === TYPE.directory) return { from: row + 1, end };
  if (endsInSlash) throw new LayerscopeError('NOT_FOUND', `${displayPath(path)} is not a directory`);
  return { from: row, end };
}

/** A row for people, like `ls -l`: mode, owner, size or device numbers, time, layer, name. */
function viewLine(stack: Stack, rows: RowTable, row: number, digits: number, style: Style): string {
  const type = rows.type[row] as number;
  const layer = rows.layer[row] as number;
  const at = { layer, member: rows.entry[row] as number };
  const inode = layer === NO_LAYER ? at : (resolveEntry(stack, at) ?? at);
  const table = stack.layers[inode.layer];
  // A hard link is shown as its target.
  const shown = type === TYPE.hardlink ? (table?.type[inode.member] ?? type) : type;
  const seconds = table?.mtimeSeconds[inode.member] ?? (rows.mtime[row] as number);
  const label = rowLabel(rows, row, rowPath(rows, row));
  return [
    permissionText(entryTypeName(shown), rows.mode[row] as number),
    padText(`${rows.uid[row]}:${rows.gid[row]}`, 9),
    sizeOrNumbers(rows.size[row] as number, shown, table?.metas[table.meta[inode.member] as number]),
    style.dim(layer === NO_LAYER ? ' '.repeat(19) : padText(dateText(seconds), 19)),
    style.dim(padText(layer === NO_LAYER ? '' : String(layer), digits, 'right')),
    type === TYPE.directory ? style.bold(label) : type === TYPE.symlink ? style.accent(label) : label,
  ].join('  ');
}

function sizeOrNumbers(size: number, type: number, meta: MemberMeta | undefined): string {
  if (type === TYPE.file || type === TYPE.hardlink) return sizeCell(size);
  const isDevice = type === TYPE.character || type === TYPE.block;
  return isDevice ? padText(`${meta?.devMajor ?? 0}, ${meta?.devMinor ?? 0}`, EMPTY_SIZE_CELL.length, 'right') : EMPTY_SIZE_CELL;
}
