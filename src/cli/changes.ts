import { sortedByPathBytes } from '#changes';
import { changeLines, chooseLayer, createRowPaths, hidesFolder, listChanges, type RowPaths } from '#engine';
import { changeWords, formatSize, KIND, NO_LAYER, plural, REASON_NAMES, type RowTable, TYPE } from '#model';
import type { Arguments, CommandSpec } from './arguments.ts';
import { usageError } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { layerCommand } from './layer-command.ts';
import { loadChosen, requireLayer, warnOfGaps } from './load-input.ts';
import { openInput } from './open-input.ts';
import { IMAGE_OPTIONS, JSON_OPTION, LAYER_OPTION, NO_CONTENT_OPTION } from './options.ts';
import { rowLabel } from './row-text.ts';
import { EMPTY_SIZE_CELL, sizeCell } from './size-cell.ts';
import type { Style } from './style.ts';

export const spec: CommandSpec = {
  name: 'changes',
  operands: 'IMAGE --layer N|DIGEST',
  minOperands: 1,
  maxOperands: 1,
  options: { layer: LAYER_OPTION, 'no-content': NO_CONTENT_OPTION, json: JSON_OPTION, ...IMAGE_OPTIONS },
  summary: 'What a layer changed, in the order of the paths’ bytes: + added, ~ modified, − removed.',
  notes: [
    'A modified file is marked “content” if its bytes differ, “rewritten” if the layer has the same bytes again, and “unread” if both have the',
    'same size and were not compared, either because of --no-content or because one is damaged. Files of plain layers are compared byte',
    'by byte, those of compressed layers by 64-bit checksums, which can be forged on purpose; diff always compares byte by byte.',
  ],
};

export async function run(context: Context, args: Arguments): Promise<number> {
  const wanted = args.value('layer');
  if (wanted === undefined) throw usageError('changes needs --layer N|DIGEST');
  await using input = await openInput(context, args, args.operands[0] ?? '');
  const reads = !args.flag('no-content');
  const loaded = await loadChosen(context, args, input, reads ? { sums: 'taken' } : {});
  const layer = chooseLayer(loaded.image, wanted);
  requireLayer(loaded, layer);
  warnOfGaps(context, loaded, 0, layer.index);
  const { signal, progress } = context;
  const rows = await listChanges(loaded, layer.index, layer.index, { reads, signal, onProgress: progress.update });
  progress.clear();
  const { out, style } = context;
  if (args.flag('json')) {
    for (const line of changeLines(loaded.stack, rows)) {
      out.write(line);
      if (out.full) await out.drain();
    }
    return EXIT.done;
  }
  const report = loaded.report.layers[layer.index];
  const counts = `${style.added(`+${report?.added ?? 0}`)} ${style.modified(`~${report?.modified ?? 0}`)} ${style.removed(`−${report?.removed ?? 0}`)}`;
  const command = layerCommand(layer.createdBy);
  out.write(
    `${style.bold(`layer ${layer.index}`)}  ${counts}  ${formatSize(report?.fileBytes ?? 0)}${command === '' ? '' : `  ${style.dim(command)}`}\n`,
  );
  const paths = createRowPaths(rows, false);
  for (const row of sortedByPathBytes(rows)) {
    if (rows.kind[row] === KIND.unchanged) continue;
    out.write(`${changeLine(rows, row, paths, style)}\n`);
    if (out.full) await out.drain();
  }
  return EXIT.done;
}

/** Formats a change for display: mark, size, path and notes. */
function changeLine(rows: RowTable, row: number, paths: RowPaths, style: Style): string {
  const kind = rows.kind[row] as number;
  const label = rowLabel(rows, row, paths);
  const type = rows.type[row] as number;
  const size = type === TYPE.file || type === TYPE.hardlink ? sizeCell(rows.size[row] as number) : EMPTY_SIZE_CELL;
  if (kind === KIND.added) return `${style.added('+')} ${size}  ${style.added(label)}`;
  const notes: string[] = [];
  if (kind === KIND.removed) notes.push(REASON_NAMES[rows.reason[row] as number] ?? '');
  else {
    notes.push(...changeWords(rows.differs[row] as number));
    if (type === TYPE.file && rows.previousLayer[row] !== NO_LAYER && rows.previousSize[row] !== rows.size[row])
      notes.push(`was ${formatSize(rows.previousSize[row] as number)}`);
  }
  if (hidesFolder(rows, row))
    notes.push(`hides ${plural(rows.hiddenEntries[row] as number, 'entry', 'entries')}, ${formatSize(rows.hiddenBytes[row] as number)}`);
  const suffix = notes.length === 0 ? '' : `  ${style.dim(`(${notes.join(', ')})`)}`;
  return kind === KIND.removed
    ? `${style.removed('−')} ${size}  ${style.removed(label)}${suffix}`
    : `${style.modified('~')} ${size}  ${style.modified(label)}${suffix}`;
}
