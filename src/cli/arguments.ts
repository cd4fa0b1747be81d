import { displayText, LayerscopeError } from '#model';

/** An option of a command: a flag, or one that takes a value named so in the help. */
export interface OptionSpec {
  readonly value?: string;
  readonly summary: string;
}

export interface CommandSpec {
  readonly name: string;
  /** Operands as the help prints them: `IMAGE [PATH]`. */
  readonly operands: string;
  readonly minOperands: number;
  readonly maxOperands: number;
  readonly options: Readonly<Record<string, OptionSpec>>;
  readonly summary: string;
  /** Lines below the options in the command's help. */
  readonly notes?: readonly string[];
}

/** What was typed after the command's name. */
export interface Arguments {
  readonly operands: readonly string[];
  flag(name: string): boolean;
  value(name: string): string | undefined;
}

export function usageError(message: string): LayerscopeError {
  return new LayerscopeError('USAGE', message);
}

/**
 * Options may stand anywhere, as `--name value` or `--name=value`; `--` ends them; `-` is an operand.
 * Throws USAGE for options and operands that the command doesn't take.
 */
export function parseArguments(spec: CommandSpec, argv: readonly string[]): Arguments {
  const operands: string[] = [];
  const given = new Map<string, string | true>();
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    if (word === '--') {
      operands.push(...argv.slice(at + 1));
      break;
    }
    if (word === '-' || !word.startsWith('-')) {
      operands.push(word);
      continue;
    }
    const equals = word.indexOf('=');
    const name = word.slice(2, equals < 0 ? undefined : equals);
    const option = word.startsWith('--') && Object.hasOwn(spec.options, name) ? spec.options[name] : undefined;
    if (option === undefined) throw usageError(`${spec.name} has no option ${displayText(equals < 0 ? word : word.slice(0, equals))}`);
    if (given.has(name)) throw usageError(`--${name} is given twice`);
    if (option.value === undefined) {
      if (equals >= 0) throw usageError(`--${name} takes no value`);
      given.set(name, true);
      continue;
    }
    const value = equals < 0 ? argv[++at] : word.slice(equals + 1);
    if (value === undefined || value === '') throw usageError(`--${name} needs a value: --${name} ${option.value}`);
    given.set(name, value);
  }
  if (operands.length < spec.minOperands) throw usageError(`usage: layerscope ${spec.name} ${spec.operands}`);
  if (operands.length > spec.maxOperands) {
    throw usageError(
      `${spec.name} takes at most ${spec.maxOperands} ${spec.maxOperands === 1 ? 'argument' : 'arguments'}: ${displayText(operands[spec.maxOperands] ?? '')}`,
    );
  }
  return {
    operands,
    flag: (name) => given.has(name),
    value: (name) => {
      const value = given.get(name);
      return typeof value === 'string' ? value : undefined;
    },
  };
}

/** The text of `layerscope COMMAND --help`. */
export function commandHelp(spec: CommandSpec): string {
  const rows = Object.entries(spec.options).map(([name, { value, summary }]) => [`--${name}${value ? ` ${value}` : ''}`, summary] as const);
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
