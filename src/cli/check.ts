import {
  checkRules,
  chooseImage,
  DEFAULT_CHECK_CONFIG,
  loadImage,
  MOST_CONFIG_BYTES,
  parseCheckConfig,
  type RuleResult,
  withoutExcluded,
  withoutIgnored,
} from '#engine';
import { readSettings } from '#files';
import { compareFindings, displayText, formatSize, jsonText, LayerscopeError, plural } from '#model';
import { type Arguments, type CommandSpec, usageError } from './arguments.ts';
import type { ReportTarget } from './check-reports.ts';
import { type Context, EXIT } from './context.ts';
import { openInput } from './open-input.ts';
import { IMAGE_OPTIONS, JSON_OPTION } from './options.ts';
import type { Style } from './style.ts';

const CONFIG_FILE = '.dive-ci';
const STANDARD_OUTPUT = '-';

export const spec: CommandSpec = {
  name: 'check',
  operands: 'IMAGE',
  minOperands: 1,
  maxOperands: 1,
  options: {
    config: { value: 'FILE', summary: `the rules file (default: ${CONFIG_FILE} in this folder, else dive’s default rules)` },
    verify: { summary: 'read everything and check every digest and diff ID: mismatches are findings of severity error' },
    'no-scan': { summary: 'do not read files, so neither secrets in them nor equal contents are found' },
    sarif: { value: 'FILE', summary: 'also write the findings as SARIF 2.1.0, for GitHub and others; - is standard output' },
    'code-quality': { value: 'FILE', summary: 'also write the findings as GitLab’s Code Quality; - is standard output' },
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
    'waste:                             # at most, by kind; the kinds are the codes of inspect’s findings without waste-',
    '  apt-lists: 0',
    '  git-folder: 10MB',
    'exclude:                           # paths that every rule ignores',
    '  - /usr/share/doc                 # a path and everything below it; * ? [a-z] match characters, ** folders',
    '  - "*.pyc"                        # without a slash: a name in any folder',
    'ignore:                            # findings that no rule takes into account',
    '  - secret-netrc                   # a code, or codes with the same beginning: secret-*',
    '  - secret-private-key /srv/demo   # a code and a path pattern as above',
  ],
};

/** Returns the rules file and its text; null if none was given and the current folder doesn't have one. */
function readConfig(named: string | undefined): { file: string; text: string } | null {
  const file = named ?? CONFIG_FILE;
  const bytes = readSettings(file, MOST_CONFIG_BYTES, { isFound: named === undefined });
  if (bytes !== null) return { file, text: bytes.toString() };
  if (named === undefined) return null;
  throw new LayerscopeError('NOT_FOUND', `no file ${displayText(named)}`);
}

export async function run(context: Context, args: Arguments): Promise<number> {
  const targets = reportTargets(args);
  const source = readConfig(args.value('config'));
  const config = source === null ? DEFAULT_CHECK_CONFIG : await parseCheckConfig(source.text, source.file);
  await using input = await openInput(context, args, args.operands[0] ?? '');
  const { reader, archive } = input;
  const image = chooseImage(archive, { image: args.value('image'), platform: args.value('platform') });
  const options = { verify: args.flag('verify'), scan: !args.flag('no-scan'), signal: context.signal, onProgress: context.progress.update };
  const loaded = await loadImage(reader, archive, image.index, options);
  context.progress.clear();
  const ofArchive = archive.findings.filter((finding) => finding.image === undefined || finding.image === image.index);
  const checked = await withoutExcluded(loaded, [...ofArchive, ...loaded.findings], config.exclude, context.signal);
  const { report, excludedBytes } = checked;
  const findings = withoutIgnored(checked.findings, config.ignore, { ignoreCase: loaded.stack.caseInsensitive }).toSorted(compareFindings);
  const rules = checkRules(config, report, findings, { isScanned: !args.flag('no-scan') });
  const passed = rules.every(({ status }) => status !== 'fail');
  const { out, style } = context;
  const { exclude } = config;
  if (targets.length > 0) {
    const { writeReports } = await import('./check-reports.ts');
    await writeReports(context, loaded, findings, targets);
    if (targets.some(({ file }) => file === STANDARD_OUTPUT)) {
      for (const { rule, status, message } of rules) context.note(`${status.toUpperCase()} ${rule}: ${message}`);
      return passed ? EXIT.done : EXIT.failed;
    }
  }
  if (args.flag('json')) {
    const excluded = { patterns: exclude, bytes: excludedBytes };
    out.write(`${jsonText({ passed, config: source?.file ?? null, image: image.index, rules, excluded }, 2)}\n`);
    return passed ? EXIT.done : EXIT.failed;
  }
  for (const rule of rules) out.write(`${ruleLine(rule, style)}\n`);
  if (exclude.length > 0) {
    out.write(style.dim(`${formatSize(excludedBytes)} of files are excluded by ${plural(exclude.length, 'pattern')}\n`));
  }
  if (source === null) out.write(style.dim(`no ${CONFIG_FILE} in this folder: these are dive’s default rules\n`));
  return passed ? EXIT.done : EXIT.failed;
}

/** Returns the reports that the user asked for. Throws USAGE if more than one document would go to standard output. */
function reportTargets(args: Arguments): readonly ReportTarget[] {
  const targets = (['sarif', 'code-quality'] as const).flatMap((kind): ReportTarget[] => {
    const file = args.value(kind);
    return file === undefined ? [] : [{ kind, file }];
  });
  const printed = targets.filter(({ file }) => file === STANDARD_OUTPUT).length + (args.flag('json') ? 1 : 0);
  if (printed > 1) throw usageError('only one of --json, --sarif - and --code-quality - can go to standard output');
  return targets;
}

function ruleLine({ rule, status, message }: RuleResult, style: Style): string {
  const paint = { pass: style.added, fail: style.removed, skip: style.dim }[status];
  return `${paint(status.toUpperCase())}  ${rule.padEnd('highestUserWastedPercent'.length)}  ${status === 'skip' ? style.dim(message) : message}`;
}
