import { parseArgs } from 'node:util';
import { displayText, LayerscopeError, plural } from '#model';
import { similarWord } from './similar-word.ts';

/** An option of a command. `value`: placeholder for the value in the help; absent for a flag. */
export interface OptionSpec {
  readonly value?: string;
  /** Whether the option may be given several times. */
  readonly repeats?: boolean;
  /** For completions: the possible values, if `value` doesn't show them. */
  readonly words?: readonly string[];
  /** Whether the value is a list of these words, separated by commas. */
  readonly isList?: boolean;
  readonly summary: string;
}

export interface CommandSpec {
  readonly name: string;
  /** Operands as the help shows them: `IMAGE [PATH]`. */
  readonly operands: string;
  readonly minOperands: number;
  readonly maxOperands: number;
  /** For completions: the possible words for each operand, by its position, if `operands` doesn't show them. */
  readonly words?: readonly (readonly string[] | undefined)[];
  /** The possible words for the first operand, each with what follows it, written as in `operands`. */
  readonly verbs?: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, OptionSpec>>;
  readonly summary: string;
  /** Lines shown after the options in the help. */
  readonly notes?: readonly string[];
}

/** The parsed words after the command's name. */
export interface Arguments {
  readonly operands: readonly string[];
  flag(name: string): boolean;
  value(name: string): string | undefined;
  /** All values of an option that may be repeated, in their order. */
  values(name: string): readonly string[];
}

export function usageError(message: string): LayerscopeError {
  return new LayerscopeError('USAGE', message);
}

/**
 * Parses the words after the command's name. Options may appear anywhere, as `--name value` or `--name=value`; `--` ends them; `-` is an
 * operand. Throws USAGE for options and operands that the command doesn't accept.
 */
export function parseArguments(spec: CommandSpec, argv: readonly string[]): Arguments {
  // Not strict: Node's own errors are several lines long, and strict mode doesn't reject repeated options.
  const { tokens } = parseArgs({ args: [...argv], options: nodeOptions(spec), strict: false, allowPositionals: true, tokens: true });
  const operands: string[] = [];
  const given = new Map<string, string | true>();
  const repeated = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, value } = token;
    const word = argv[token.index] ?? '';
    const option = word.startsWith('--') && Object.hasOwn(spec.options, name) ? spec.options[name] : undefined;
    if (option === undefined) throw noSuchOption(spec, word.replace(/=.*/s, ''));
    if (given.has(name) && !option.repeats) throw usageError(`--${name} is given twice`);
    if (option.value === undefined && value !== undefined) throw usageError(`--${name} takes no value`);
    if (option.value !== undefined && !value) throw usageError(`--${name} needs a value: --${name} ${option.value}`);
    given.set(name, value ?? true);
    repeated.set(name, [...(repeated.get(name) ?? []), value ?? '']);
  }
  if (operands.length < spec.minOperands) throw usageError(`usage: layerscope ${spec.name} ${spec.operands}`);
  if (operands.length > spec.maxOperands) {
    throw usageError(`${spec.name} takes ${argumentCount(0, spec.maxOperands)}: ${displayText(operands[spec.maxOperands] ?? '')}`);
  }
  return {
    operands,
    flag: (name) => given.has(name),
    value: (name) => {
      const value = given.get(name);
      return typeof value === 'string' ? value : undefined;
    },
    values: (name) => repeated.get(name) ?? [],
  };
}

function noSuchOption({ name, options }: CommandSpec, word: string): LayerscopeError {
  const similar = similarWord(word.replace(/^-+/, ''), ['help', ...Object.keys(options)]);
  const advice = similar === null ? `see layerscope ${name} --help` : `did you mean --${similar}?`;
  return usageError(`${name} has no option ${displayText(word)}: ${advice}`);
}

function nodeOptions({ options }: CommandSpec): Record<string, { type: 'string' | 'boolean' }> {
  return Object.fromEntries(
    Object.entries(options).map(([name, { value }]) => [name, { type: value === undefined ? 'boolean' : 'string' }]),
  );
}

/** Returns `no arguments`, `1 argument`, `at most 2 arguments`, `at least 1 argument`. */
export function argumentCount(min: number, max: number): string {
  if (max === 0) return 'no arguments';
  if (max === Number.POSITIVE_INFINITY) return `at least ${plural(min, 'argument')}`;
  return `${min === max ? '' : 'at most '}${plural(max, 'argument')}`;
}

/** Returns the text of `layerscope COMMAND --help`. */
export function commandHelp(spec: CommandSpec): string {
  const rows = Object.entries(spec.options).map(
    ([name, { value, summary, repeats }]) => [`--${name}${value ? ` ${value}` : ''}${repeats ? '…' : ''}`, summary] as const,
  );
  rows.push(['--help', 'print this help']);
  const width = Math.max(...rows.map(([option]) => option.length));
  return [
    `layerscope ${spec.name} ${spec.operands} [options]`.replace('  ', ' '),
    '',
    spec.summary,
    '',
    ...rows.map(([option, summary]) => `  ${option.padEnd(width)}  ${summary}`),
    ...(spec.notes === undefined ? [] : ['', ...spec.notes]),
    '',
  ].join('\n');
}
