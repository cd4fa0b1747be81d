import { sortedByPathBytes } from '#changes';
import { aloneFrom, chooseImage, chooseLayer, compareImages, differenceLines, type ImageView, loadImage } from '#engine';
import { differenceWords, displayText, formatSize, KIND, type RowTable, rowPath, TYPE } from '#model';
import type { Arguments, CommandSpec } from './arguments.ts';
import { usageError } from './arguments.ts';
import { EMPTY_SIZE_CELL, sizeCell } from './changes.ts';
import { type Context, EXIT } from './context.ts';
import { warnOfGaps } from './load-input.ts';
import { type Input, openInput } from './open-input.ts';
import { IMAGE_OPTIONS, JSON_OPTION } from './options.ts';
import { rowLabel } from './row-text.ts';
import type { Style } from './style.ts';

export const spec: CommandSpec = {
  name: 'diff',
  operands: 'A B',
  minOperands: 2,
  maxOperands: 2,
  options: { 'exit-code': { summary: 'exit with 1 where they differ' }, json: JSON_OPTION, ...IMAGE_OPTIONS },
  summary: 'What B’s file system has added, modified or removed against A’s.',
  notes: [
    'A#3 is A as seen at its layer 3; a digest does too. A#2-3 is what the layers 2 to 3 bring by themselves. Files of the same size are compared byte by byte, unless they come from the',
    'same layer. A file that differs in its time alone is modified; a folder is not.',
  ],
};

interface Operand {
  readonly file: string;
  readonly layer: string | undefined;
  /** Where only the layers from this one on count. */
  readonly since: string | undefined;
}

/** `image.tar#3` in file and layer, `image.tar#2-3` in file and range; a file that is really called so wins only where what stands behind # is no layer. */
function splitOperand(operand: string): Operand {
  const range = /^(.+)#(\d{1,9})-(\d{1,9})$/.exec(operand);
  if (range !== null) return { file: range[1] ?? '', since: range[2], layer: range[3] };
  const match = /^(.+)#(\d{1,9}|(?:sha256:|sha512:)?[0-9a-f]{6,128})$/i.exec(operand);
  return match === null
    ? { file: operand, since: undefined, layer: undefined }
    : { file: match[1] ?? '', since: undefined, layer: match[2] };
}

async function loadView(context: Context, args: Arguments, input: Input, { layer, since }: Operand): Promise<ImageView> {
  const image = chooseImage(input.archive, { image: args.value('image'), platform: args.value('platform') });
  const loaded = await loadImage(input.reader, input.archive, image.index, { signal: context.signal, onProgress: context.progress.update });
  context.progress.clear();
  const index = layer === undefined ? image.layers.length - 1 : chooseLayer(image, layer).index;
  const first = since === undefined ? 0 : chooseLayer(image, since).index;
  if (first > index) throw usageError(`layers ${first} to ${index}: the lower one comes first`);
  warnOfGaps(context, loaded, first, index);
  return { loaded: aloneFrom(loaded, first), layer: index };
}

export async function run(context: Context, args: Arguments): Promise<number> {
  const [left, right] = args.operands.map(splitOperand);
  if (left === undefined || right === undefined) throw usageError('diff needs A and B');
  if (left.file === '-' && right.file === '-') throw usageError('only one of A and B can be standard input');
  await using inputA = await openInput(context, args, left.file);
  await using inputB = await openInput(context, args, right.file);
  const a = await loadView(context, args, inputA, left);
  const b = await loadView(context, args, inputB, right);
  const comparison = await compareImages(a, b, { signal: context.signal, onProgress: context.progress.update });
  context.progress.clear();
  const { rows, differs, counts } = comparison;
  const { out, style } = context;
  const json = args.flag('json');
  const tally = { [KIND.added]: 0, [KIND.modified]: 0, [KIND.removed]: 0 };
  if (json) {
    for (const line of differenceLines(a, b, comparison)) {
      out.write(line);
      if (out.full) await out.drain();
    }
  } else {
    for (const row of sortedByPathBytes(rows)) {
      if (counts[row] === 0) continue;
      tally[rows.kind[row] as keyof typeof tally]++;
      out.write(`${diffLine(rows, row, differenceWords(differs[row] as number), style)}\n`);
      if (out.full) await out.drain();
    }
  }
  const differ = counts.some((count) => count === 1);
  if (!json) {
    const total = `${style.added(`+${tally[KIND.added]}`)} ${style.modified(`~${tally[KIND.modified]}`)} ${style.removed(`−${tally[KIND.removed]}`)}`;
    out.write(differ ? `${total}\n` : 'no difference\n');
  }
  return differ && args.flag('exit-code') ? EXIT.failed : EXIT.done;
}

function diffLine(rows: RowTable, row: number, words: readonly string[], style: Style): string {
  const kind = rows.kind[row];
  const type = rows.type[row];
  const label = rowLabel(rows, row, rowPath(rows, row));
  const size = type === TYPE.file || type === TYPE.hardlink ? sizeCell(rows.size[row] as number) : EMPTY_SIZE_CELL;
  if (kind === KIND.added) return `${style.added('+')} ${size}  ${style.added(label)}`;
  if (kind === KIND.removed) {
    const below =
      type === TYPE.directory && rows.hiddenEntries[row] !== 0
        ? `and ${rows.hiddenEntries[row]} below, ${formatSize(rows.hiddenBytes[row] as number)}`
        : '';
    return `${style.removed('−')} ${size}  ${style.removed(label)}${below === '' ? '' : `  ${style.dim(`(${below})`)}`}`;
  }
  const was =
    rows.previousSize[row] !== rows.size[row] && type === TYPE.file ? [`was ${formatSize(rows.previousSize[row] as number)}`] : [];
  return `${style.modified('~')} ${size}  ${style.modified(label)}  ${style.dim(`(${displayText([...words, ...was].join(', '))})`)}`;
}
