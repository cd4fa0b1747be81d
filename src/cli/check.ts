import { createReadStream } from 'node:fs';
import { checkRules, chooseImage, DEFAULT_CHECK_CONFIG, loadImage, parseCheckConfig, type RuleResult, withoutExcluded } from '#engine';
import { asLayerscopeError, formatSize, jsonText, LayerscopeError, plural } from '#model';
import type { Arguments, CommandSpec } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { openInput } from './open-input.ts';
import { IMAGE_OPTIONS, JSON_OPTION } from './options.ts';
import type { Style } from './style.ts';

const CONFIG_FILE = '.dive-ci';
/** Limit, as an archive may be named by mistake. */
const MOST_CONFIG_BYTES = 2_000_000;

export const spec: CommandSpec = {
  name: 'check',
  operands: 'IMAGE',
  minOperands: 1,
  maxOperands: 1,
  options: {
    config: { value: 'FILE', summary: `the rules file (default: ${CONFIG_FILE} in this folder, else dive’s default rules)` },
    json: JSON_OPTION,
    ...IMAGE_OPTIONS,
  },
  summary: 'Checks the image against rules, and exits with 1 if one fails.',
  notes: [
    'The file is YAML in dive’s format. A rule that it does not name keeps its default; "disabled" turns a rule off.',
    'An unknown rule or key is an error (exit code 2). An image with a missing or damaged layer fails.',
    '',
    'rules:',
    '  lowestEfficiency: 0.95           # at least; default 0.9',
    '  highestWastedBytes: 20MB         # at most; disabled by default',
    '  highestUserWastedPercent: 0.20   # at most, as a share of the bytes above the lowest layer; default 0.1',
    'failOn: error                      # or warning: fails for findings of that severity or above; disabled by default',
    'exclude:                           # paths that every rule ignores',
    '  - /usr/share/doc                 # a path and everything below it; * ? [a-z] match characters, ** folders',
    '  - "*.pyc"                        # without a slash: a name in any folder',
  ],
};

/** The rules file and its text; null if none is named and the current folder has none. */
async function readConfig(named: string | undefined): Promise<{ file: string; text: string } | null> {
  const file = named ?? CONFIG_FILE;
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of createReadStream(file, { end: MOST_CONFIG_BYTES })) chunks.push(chunk as Buffer);
    return { file, text: Buffer.concat(chunks).toString() };
  } catch (thrown) {
    const error = asLayerscopeError(thrown);
    if (error.code !== 'NOT_FOUND') throw error;
    if (named === undefined) return null;
    throw new LayerscopeError('NOT_FOUND', `no file ${named}`, { cause: thrown });
  }
}

export async function run(context: Context, args: Arguments): Promise<number> {
  const source = await readConfig(args.value('config'));
  const config = source === null ? DEFAULT_CHECK_CONFIG : await parseCheckConfig(source.text, source.file);
  await using input = await openInput(context, args, args.operands[0] ?? '');
  const { reader, archive } = input;
  const image = chooseImage(archive, { image: args.value('image'), platform: args.value('platform') });
  const loaded = await loadImage(reader, archive, image.index, { signal: context.signal, onProgress: context.progress.update });
  context.progress.clear();
  const ofArchive = archive.findings.filter((finding) => finding.image === undefined || finding.image === image.index);
  const { report, findings, excludedBytes } = withoutExcluded(loaded, [...ofArchive, ...loaded.findings], config.exclude);
  const rules = checkRules(config, report, findings);
  const passed = rules.every(({ status }) => status !== 'fail');
  const { out, style } = context;
  const { exclude } = config;
  if (args.flag('json')) {
    const excluded = { patterns: exclude, bytes: excludedBytes };
    out.write(`${jsonText({ passed, config: source?.file ?? null, image: image.index, rules, excluded }, 2)}\n`);
    return passed ? EXIT.done : EXIT.failed;
  }
  for (const rule of rules) out.write(`${ruleLine(rule, style)}\n`);
  if (exclude.length > 0) {
    out.write(style.dim(`${formatSize(excludedBytes)} of files are excluded by ${plural(exclude.length, 'pattern')}\n`));
  }
  return passed ? EXIT.done : EXIT.failed;
}

function ruleLine({ rule, status, message }: RuleResult, style: Style): string {
  const paint = { pass: style.added, fail: style.removed, skip: style.dim }[status];
  return `${paint(status.toUpperCase())}  ${rule.padEnd('highestUserWastedPercent'.length)}  ${status === 'skip' ? style.dim(message) : message}`;
}
