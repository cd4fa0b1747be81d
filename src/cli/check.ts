import { readFile } from 'node:fs/promises';
import { checkRules, chooseImage, DEFAULT_CHECK_CONFIG, loadImage, parseCheckConfig, type RuleResult } from '#engine';
import { asLayerscopeError, jsonText, LayerscopeError } from '#model';
import type { Arguments, CommandSpec } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { openInput } from './open-input.ts';
import { IMAGE_OPTIONS, JSON_OPTION } from './options.ts';
import type { Style } from './style.ts';

const CONFIG_FILE = '.dive-ci';

export const spec: CommandSpec = {
  name: 'check',
  operands: 'IMAGE',
  minOperands: 1,
  maxOperands: 1,
  options: {
    config: { value: 'FILE', summary: `the rules (default: ${CONFIG_FILE} in this folder, else dive’s defaults)` },
    json: JSON_OPTION,
    ...IMAGE_OPTIONS,
  },
  summary: 'Holds the image against rules; exits with 1 where one fails.',
  notes: [
    'rules:',
    '  lowestEfficiency: 0.95           # at least; dive’s default is 0.9',
    '  highestWastedBytes: 20MB         # at most; disabled by default',
    '  highestUserWastedPercent: 0.20   # wasted bytes to the bytes above the lowest layer; default 0.1',
    'failOn: error                      # or warning: findings of that severity fail; disabled by default',
  ],
};

/** The rules' file and its text; null where none is named and none lies in this folder. */
async function readConfig(named: string | undefined): Promise<{ file: string; text: string } | null> {
  const file = named ?? CONFIG_FILE;
  try {
    return { file, text: await readFile(file, 'utf8') };
  } catch (thrown) {
    const error = asLayerscopeError(thrown);
    if (error.code !== 'NOT_FOUND') throw error;
    if (named === undefined) return null;
    throw new LayerscopeError('NOT_FOUND', `no file ${named}`, { cause: thrown });
  }
}

export async function run(context: Context, args: Arguments): Promise<number> {
  const source = await readConfig(args.value('config'));
  const config = source === null ? DEFAULT_CHECK_CONFIG : await parseCheckConfig(source.text);
  await using input = await openInput(context, args, args.operands[0] ?? '');
  const { reader, archive } = input;
  const image = chooseImage(archive, { image: args.value('image'), platform: args.value('platform') });
  const loaded = await loadImage(reader, archive, image.index, { signal: context.signal, onProgress: context.progress.update });
  context.progress.clear();
  const ofArchive = archive.findings.filter((finding) => finding.image === undefined || finding.image === image.index);
  const rules = checkRules(config, loaded.report, [...ofArchive, ...loaded.findings]);
  const passed = rules.every(({ status }) => status !== 'fail');
  if (args.flag('json')) context.out.write(`${jsonText({ passed, config: source?.file ?? null, image: image.index, rules }, 2)}\n`);
  else for (const rule of rules) context.out.write(`${ruleLine(rule, context.style)}\n`);
  return passed ? EXIT.done : EXIT.failed;
}

function ruleLine({ rule, status, message }: RuleResult, style: Style): string {
  const paint = { pass: style.added, fail: style.removed, skip: style.dim }[status];
  return `${paint(status.toUpperCase())}  ${rule.padEnd('highestUserWastedPercent'.length)}  ${status === 'skip' ? style.dim(message) : message}`;
}
