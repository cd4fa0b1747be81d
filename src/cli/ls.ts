import { resolveEntry, type Stack, sortedByPathBytes } from '#changes';
import { createEntryFields, createRowPaths, findRow, folderFacts, listView, resolveImagePath, typedPath } from '#engine';
import type { MemberMeta } from '#format/layer';
import { splitPath } from '#format/path';
import { displayPath, entryTypeName, LayerscopeError, NO_LAYER, type RowTable, TYPE } from '#model';
import type { Arguments, CommandSpec } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { folderSummary } from './folder-summary.ts';
import { loadChosen, viewLayer, warnOfGaps } from './load-input.ts';
import { openInput } from './open-input.ts';
import { IMAGE_OPTIONS, JSON_OPTION, PATH_NOTES, VIEW_LAYER_OPTION } from './options.ts';
import { dateText, permissionText, rowLabel } from './row-text.ts';
import { EMPTY_SIZE_CELL, sizeCell } from './size-cell.ts';
import type { Style } from './style.ts';
import { padText } from './text-table.ts';

export const spec: CommandSpec = {
  name: 'ls',
  operands: 'IMAGE [PATH]',
  minOperands: 1,
  maxOperands: 2,
  options: {
    layer: VIEW_LAYER_OPTION,
    summary: { summary: 'print its totals instead: bytes, biggest files, layers that wrote it, types' },
    json: JSON_OPTION,
    ...IMAGE_OPTIONS,
  },
  summary: 'The file system as seen at a layer: all of it, or everything below PATH.',
  notes: PATH_NOTES,
};

export async function run(context: Context, args: Arguments): Promise<number> {
  await using input = await openInput(context, args, args.operands[0] ?? '');
  const loaded = await loadChosen(context, args, input);
  const layer = viewLayer(loaded, args.value('layer'));
  warnOfGaps(context, loaded, 0, layer);
  const rows = listView(loaded.stack, layer);
  const { row: top, from, end } = rowsBelow(loaded, layer, rows, args.operands[1]);
  const { out, style } = context;
  const json = args.flag('json');
  if (args.flag('summary')) {
    out.write(folderSummary(folderFacts(rows, top), { json, style }));
    return EXIT.done;
  }
  const fields = createEntryFields(loaded.stack);
  const paths = createRowPaths(rows, loaded.stack.caseInsensitive);
  const viewLine = createViewLine(loaded.stack, rows, { digits: String(Math.max(0, layer)).length, style });
  for (const row of sortedByPathBytes(rows)) {
    if (row < from || row >= end) continue;
    if (json) {
      const owner = rows.layer[row] as number;
      out.write(`{${paths.fields(row)},${fields.ofRow(rows, row)},"layer":${owner === NO_LAYER ? 'null' : owner}}\n`);
    } else out.write(`${viewLine(row)}\n`);
    if (out.full) await out.drain();
  }
  return EXIT.done;
}

/**
 * Returns the row of PATH (-1: the root) and the rows to list: the contents of a folder, or the entry itself. Follows links in the path,
 * and a final link if the path ends in `/`.
 */
function rowsBelow(
  loaded: Parameters<typeof resolveImagePath>[0],
  layer: number,
  rows: RowTable,
  typed: string | undefined,
): { row: number; from: number; end: number } {
  if (typed === undefined) return { row: -1, from: 0, end: rows.length };
  const { parts, endsInSlash } = typedPath(loaded, typed);
  const { path } = resolveImagePath(loaded, layer, parts, { followLast: endsInSlash });
  const row = findRow(rows, splitPath(path), loaded.stack.caseInsensitive);
  if (row === null) throw new LayerscopeError('NOT_FOUND', `no ${displayPath(path)} in the image as seen at layer ${layer}`);
  if (row < 0) return { row, from: 0, end: rows.length };
  const end = rows.subtreeEnd[row] as number;
  if (rows.type[row] === TYPE.directory) return { row, from: row + 1, end };
  if (endsInSlash) throw new LayerscopeError('NOT_FOUND', `${displayPath(path)} is not a directory`);
  return { row, from: row, end };
}

/** Formats rows for display, like `ls -l`: mode, owner, size or device numbers, time, layer, name. */
function createViewLine(stack: Stack, rows: RowTable, { digits, style }: { readonly digits: number; readonly style: Style }) {
  const paths = createRowPaths(rows, stack.caseInsensitive);
  // Formatted cells are cached: most files share their mode, owner and time with many others.
  const permissions = remembered((key) => permissionText(entryTypeName(key >> 16), key & 0xffff));
  const ownersOf = remembered((uid) => remembered((gid) => padText(`${uid}:${gid}`, 9)));
  const times = remembered((seconds) => style.dim(padText(dateText(seconds), 19)));
  const sizes = remembered(sizeCell);
  const layers = remembered((layer) => style.dim(padText(layer === NO_LAYER ? '' : String(layer), digits, 'right')));
  const noTime = style.dim(' '.repeat(19));
  return (row: number): string => {
    const type = rows.type[row] as number;
    const layer = rows.layer[row] as number;
    let table = stack.layers[layer];
    let member = rows.entry[row] as number;
    let shown = type;
    // A hard link is shown with its target's attributes.
    if (type === TYPE.hardlink) {
      const inode = resolveEntry(stack, { layer, member }) ?? { layer, member };
      table = stack.layers[inode.layer];
      member = inode.member;
      shown = table?.type[member] ?? type;
    }
    const seconds = table?.mtimeSeconds[member] ?? (rows.mtime[row] as number);
    const label = rowLabel(rows, row, paths);
    const name = type === TYPE.directory ? style.bold(label) : type === TYPE.symlink ? style.accent(label) : label;
    const isFile = shown === TYPE.file || shown === TYPE.hardlink;
    const size = isFile ? sizes(rows.size[row] as number) : numbers(shown, table?.metas[table.meta[member] as number]);
    const mode = permissions(shown * 0x1_0000 + (rows.mode[row] as number));
    const owner = ownersOf(rows.uid[row] as number)(rows.gid[row] as number);
    return `${mode}  ${owner}  ${size}  ${layer === NO_LAYER ? noTime : times(seconds)}  ${layers(layer)}  ${name}`;
  };
}

/** Caches the results of `of` by key. A full cache is emptied. */
function remembered<T>(of: (key: number) => T): (key: number) => T {
  const known = new Map<number, T>();
  let lastKey = Number.NaN;
  let last: T;
  return (key) => {
    if (key === lastKey) return last;
    const found = known.get(key) ?? of(key);
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(key, found);
    lastKey = key;
    last = found;
    return found;
  };
}

/** Maximum number of results in one cache. A larger cache wouldn't be faster. */
const MAX_REMEMBERED = 10_000;

/** Formats the size column of an entry without a size: device numbers for devices, otherwise blank. */
function numbers(type: number, meta: MemberMeta | undefined): string {
  const isDevice = type === TYPE.character || type === TYPE.block;
  return isDevice ? padText(`${meta?.devMajor ?? 0}, ${meta?.devMinor ?? 0}`, EMPTY_SIZE_CELL.length, 'right') : EMPTY_SIZE_CELL;
}
