import { type SideSums, sideSums, sortedByPathBytes } from '#changes';
import {
  aloneFrom,
  type Comparison,
  type ConfigDifference,
  chooseImage,
  chooseLayer,
  compareImages,
  configDifferences,
  configLines,
  createRowPaths,
  differenceLines,
  diffMarkdown,
  hasUnreadLayers,
  type ImageView,
  loadImage,
  type RowPaths,
  withoutSecrets,
  withSecretsMarked,
} from '#engine';
import { changeWords, DIFFERS, displayText, formatSize, jsonText, KIND, plural, type RowTable, TYPE } from '#model';
import type { Arguments, CommandSpec } from './arguments.ts';
import { usageError } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { type Operand, splitOperand } from './diff-operand.ts';
import { warnOfGaps } from './load-input.ts';
import { type Input, openInput } from './open-input.ts';
import { IMAGE_OPTIONS, JSON_OPTION, NO_CONTENT_OPTION } from './options.ts';
import { rowLabel } from './row-text.ts';
import { EMPTY_SIZE_CELL, sizeCell } from './size-cell.ts';
import type { Style } from './style.ts';

/** Words that `--ignore` accepts. */
const IGNORED: ReadonlyMap<string, number> = new Map([
  ['time', DIFFERS.time],
  ['owner', DIFFERS.owner],
  ['mode', DIFFERS.mode],
  ['xattrs', DIFFERS.attributes],
]);

export const spec: CommandSpec = {
  name: 'diff',
  operands: 'A B',
  minOperands: 2,
  maxOperands: 2,
  options: {
    'exit-code': { summary: 'exit with 1 if they differ, or if a layer or config of one of them cannot be read' },
    ignore: {
      value: 'WORDS',
      summary: `leave out paths that differ only in these: ${[...IGNORED.keys()].join(',')}`,
      words: [...IGNORED.keys()],
      isList: true,
    },
    'no-content': NO_CONTENT_OPTION,
    registry: { summary: 'instead compare the registries of Windows images: keys and values' },
    search: { value: 'TEXT', summary: 'for --registry: only keys and values whose names or text contain it, ignoring case' },
    'no-config': { summary: 'do not compare configs' },
    'show-secrets': { summary: 'in text, print values of the config that look like secrets (default: “(secret)”)' },
    json: JSON_OPTION,
    markdown: { summary: 'print a comment for a pull request, at most 65,536 characters' },
    name: { value: 'NAME', summary: 'for --markdown: the name in its hidden first line (default: the image’s, without its tag)' },
    'image-a': { value: 'N|NAME', summary: 'which image of A; --image-b of B; --image of both' },
    'image-b': { value: 'N|NAME', summary: 'which image of B' },
    'platform-a': { value: 'OS/ARCH[/VARIANT]', summary: 'which platform of A; --platform-b of B; --platform of both' },
    'platform-b': { value: 'OS/ARCH[/VARIANT]', summary: 'which platform of B' },
    ...IMAGE_OPTIONS,
  },
  summary: 'What B’s file system has added, modified or removed compared with A’s, and how its config differs.',
  notes: [
    'A@NAME selects an image of A by name, number or digest. A#3 is A as seen at its layer 3 (or at a digest), A#2-3 is the content of',
    'layers 2 to 3 alone, A@NAME#3 is a layer of that image. An existing file with such a name takes precedence.',
    'Files of the same size are compared byte by byte, unless they come from the same layer. A file with the same bytes in another layer',
    'is “rewritten”, and listed only if its mode, owner, time or attributes differ. A file that cannot be read is “unread” and always',
    'listed; so is every file of equal size with --no-content. A file whose time alone differs is modified; a folder is not.',
    'With --registry: + a key or value that only B has, ~ one that differs, − one that only A has, for each hive; times are not compared.',
    'Configs are compared if A and B are whole images, not layers of them.',
    'The hidden first line of --markdown is <!-- layerscope:diff:NAME -->: a script finds the comment by it, and replaces it.',
  ],
};

async function loadView(context: Context, args: Arguments, input: Input, side: 'a' | 'b', operand: Operand): Promise<ImageView> {
  const { layer, since } = operand;
  const chosen = args.value(`image-${side}`);
  if (chosen !== undefined && operand.image !== undefined) {
    throw usageError(`both ${side.toUpperCase()}@${displayText(operand.image)} and --image-${side} select an image`);
  }
  const image = chooseImage(input.archive, {
    image: operand.image ?? chosen ?? args.value('image'),
    platform: args.value(`platform-${side}`) ?? args.value('platform'),
  });
  const loaded = await loadImage(input.reader, input.archive, image.index, {
    signal: context.signal,
    onProgress: context.progress.update,
    ...(args.flag('no-content') || args.flag('registry') ? {} : { sums: 'taken' as const }),
  });
  context.progress.clear();
  const index = layer === undefined ? image.layers.length - 1 : chooseLayer(image, layer).index;
  const first = since === undefined ? 0 : chooseLayer(image, since).index;
  if (first > index) throw usageError(`layers ${first} to ${index}: the lower one comes first`);
  warnOfGaps(context, loaded, first, index);
  return { loaded: aloneFrom(loaded, first), layer: index, isPart: layer !== undefined, since: since === undefined ? undefined : first };
}

/** Throws USAGE for options that can't be used with `--registry`. */
function checkRegistryOptions(args: Arguments): void {
  if (!args.flag('registry')) {
    if (args.value('search') !== undefined) throw usageError('--search needs --registry');
    return;
  }
  if (args.flag('markdown') || args.flag('show-secrets')) throw usageError('--registry cannot be used with --markdown or --show-secrets');
  if (args.value('ignore') !== undefined) throw usageError('--registry and --ignore cannot be used together');
}

/** Converts the words in `--ignore` to bits of DIFFERS. Throws USAGE for an unknown word. */
function ignoredBits(words: string | undefined): number {
  let bits = 0;
  for (const word of words?.split(',') ?? []) {
    const bit = IGNORED.get(word.trim());
    if (bit === undefined) throw usageError(`--ignore takes ${[...IGNORED.keys()].join(', ')}, not ${displayText(word.trim())}`);
    bits |= bit;
  }
  return bits;
}

export async function run(context: Context, args: Arguments): Promise<number> {
  if (args.flag('json') && args.flag('markdown')) throw usageError('--json and --markdown cannot be used together');
  if (args.value('name') !== undefined && !args.flag('markdown')) throw usageError('--name needs --markdown');
  if (args.flag('show-secrets') && args.flag('markdown')) throw usageError('--show-secrets and --markdown cannot be used together');
  checkRegistryOptions(args);
  const ignore = ignoredBits(args.value('ignore'));
  const [left, right] = args.operands.map((operand) => splitOperand(operand));
  if (left === undefined || right === undefined) throw usageError('diff needs A and B');
  if (left.file === '-' && right.file === '-') throw usageError('only one of A and B can be standard input');
  await using inputA = await openInput(context, args, left.file);
  await using inputB = await openInput(context, args, right.file);
  const a = await loadView(context, args, inputA, 'a', left);
  const b = await loadView(context, args, inputB, 'b', right);
  if (args.flag('registry')) {
    const { printRegistryDifferences } = await import('./diff-registry.ts');
    const differ = (await printRegistryDifferences(context, args, a, b)) || hasUnreadLayers(a, b);
    return differ && args.flag('exit-code') ? EXIT.failed : EXIT.done;
  }
  const reads = !args.flag('no-content');
  const comparison = await compareImages(a, b, { signal: context.signal, onProgress: context.progress.update, reads, ignore });
  context.progress.clear();
  const compared = args.flag('no-config') ? null : configDifferences(a, b);
  const configs = args.flag('show-secrets') ? (compared ?? []) : withoutSecrets(compared ?? []);
  const unreadable = args.flag('no-config') ? [] : warnOfConfigs(context, { A: a, B: b });
  const isPartial = unreadable.length > 0 || hasUnreadLayers(a, b);
  const { out, style } = context;
  if (args.flag('markdown')) {
    const { comparePackages } = await import('#engine/packages');
    const packages = await comparePackages(a, b, { signal: context.signal });
    out.write(diffMarkdown(a, b, comparison, { name: args.value('name'), packages, configs: compared && configs }));
  } else if (args.flag('json')) {
    for (const lines of [differenceLines(a, b, comparison), configLines(withSecretsMarked(compared ?? []))]) {
      for (const line of lines) {
        out.write(line);
        if (out.full) await out.drain();
      }
    }
  } else
    await writeText(
      context,
      comparison,
      configs.map((each) => configLine(each, style)),
      isPartial,
    );
  // If configs or layers can't be compared, the images aren't reported as equal.
  const differ = configs.length > 0 || isPartial || comparison.counts.includes(1);
  return differ && args.flag('exit-code') ? EXIT.failed : EXIT.done;
}

/**
 * Warns about complete images whose config can't be read, and returns the names of those sides. Single layers and chains from a store have
 * no config.
 */
function warnOfConfigs(context: Context, sides: Readonly<Record<string, ImageView>>): string[] {
  const unreadable = Object.entries(sides).filter(([, view]) => {
    const { image: read, archive } = view.loaded;
    const { config, configDigest, index } = read;
    if (view.isPart === true || (config !== null && config !== undefined)) return false;
    return configDigest !== null || archive.findings.some(({ code, image }) => code.startsWith('config-') && image === index);
  });
  for (const [name] of unreadable) context.warn(`the config of ${name} is missing or damaged, so configs are not compared`);
  return unreadable.map(([name]) => name);
}

async function writeText(
  { out, style }: Context,
  { rows, differs, counts }: Comparison,
  configs: readonly string[],
  isPartial: boolean,
): Promise<void> {
  const tally = { [KIND.added]: 0, [KIND.modified]: 0, [KIND.removed]: 0 };
  const paths = createRowPaths(rows, false);
  for (const row of sortedByPathBytes(rows)) {
    if (counts[row] === 0) continue;
    tally[rows.kind[row] as keyof typeof tally]++;
    out.write(`${diffLine(rows, row, paths, changeWords(differs[row] as number), style)}\n`);
    if (out.full) await out.drain();
  }
  for (const line of configs) out.write(`${line}\n`);
  if (configs.length === 0 && !counts.includes(1)) {
    out.write(isPartial ? 'no difference in what could be read\n' : 'no difference\n');
    return;
  }
  const totals = [
    `${style.added(`+${tally[KIND.added]}`)} ${style.modified(`~${tally[KIND.modified]}`)} ${style.removed(`−${tally[KIND.removed]}`)}`,
    sumText(sideSums(rows, counts)),
    ...(configs.length === 0 ? [] : [plural(configs.length, 'config change')]),
  ];
  out.write(`${totals.join(', ')}\n`);
}

/** Formats how many more bytes B has than A in paths that differ, counting each body once. */
function sumText({ before, now }: SideSums): string {
  const net = now - before;
  return `net ${net > 0 ? '+' : ''}${formatSize(net)}`;
}

/** Formats a difference as `~ config Env.PATH: "/bin" → "/usr/bin"`. */
function configLine({ field, a, b }: ConfigDifference, style: Style): string {
  const label = displayText(field);
  if (a === null) return `${style.added('+')} config ${style.added(label)}: ${valueText(b)}`;
  if (b === null) return `${style.removed('−')} config ${style.removed(label)}: ${valueText(a)}`;
  return `${style.modified('~')} config ${style.modified(label)}: ${valueText(a)} → ${valueText(b)}`;
}

function valueText(value: unknown): string {
  return displayText(jsonText(value));
}

function diffLine(rows: RowTable, row: number, paths: RowPaths, words: readonly string[], style: Style): string {
  const kind = rows.kind[row];
  const type = rows.type[row];
  const label = rowLabel(rows, row, paths);
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
