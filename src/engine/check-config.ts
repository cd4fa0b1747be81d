import { displayText, LayerscopeError } from '#model';

/**
 * What a `.dive-ci` file asks for; null: the rule is disabled.
 * Source: dive's README (CI integration) and its rules: each value a string or a number; `disabled`, `off`, `false` and an empty
 * value turn a rule off; a rule that isn't named has dive's default. `failOn` is ours.
 */
export interface CheckConfig {
  /** 0 to 1. */
  readonly lowestEfficiency: number | null;
  readonly highestWastedBytes: number | null;
  /** 0 to 1: wasted bytes to the bytes of all layers but the lowest. */
  readonly highestUserWastedPercent: number | null;
  /** The least severity of findings that fails the check. */
  readonly failOn: 'error' | 'warning' | null;
}

/** What dive checks where there is no file. */
export const DEFAULT_CHECK_CONFIG: CheckConfig = {
  lowestEfficiency: 0.9,
  highestWastedBytes: null,
  highestUserWastedPercent: 0.1,
  failOn: null,
};

/** Bytes of the unit names that dive's size parser (go-humanize) takes. */
const UNIT_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  m: 1e6,
  mb: 1e6,
  g: 1e9,
  gb: 1e9,
  t: 1e12,
  tb: 1e12,
  p: 1e15,
  pb: 1e15,
  ki: 2 ** 10,
  kib: 2 ** 10,
  mi: 2 ** 20,
  mib: 2 ** 20,
  gi: 2 ** 30,
  gib: 2 ** 30,
  ti: 2 ** 40,
  tib: 2 ** 40,
  pi: 2 ** 50,
  pib: 2 ** 50,
};

function wrong(rule: string, text: string, what: string): LayerscopeError {
  return new LayerscopeError('USAGE', `${rule} in the check's configuration: ${what}: ${displayText(JSON.stringify(text.slice(0, 60)))}`);
}

function isDisabled(text: string): boolean {
  return ['', 'disabled', 'off', 'false', 'null', '~'].includes(text.trim().toLowerCase());
}

function parseRatio(rule: string, text: string): number {
  const value = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) throw wrong(rule, text, 'not a number');
  if (value < 0 || value > 1) throw wrong(rule, text, 'outside 0 to 1');
  return value;
}

/** `20MB`, `1.5 GiB`, `1,000,000`. Throws USAGE. */
export function parseByteSize(rule: string, text: string): number {
  const match = /^\s*([\d,]*\.?\d+|\d[\d,]*\.?)\s*([a-z]*)\s*$/i.exec(text);
  const unit = UNIT_BYTES[(match?.[2] ?? '').toLowerCase()];
  if (match === null || unit === undefined) throw wrong(rule, text, 'not a size such as 20MB');
  return Math.floor(Number((match[1] ?? '').replaceAll(',', '')) * unit);
}

/** The names that dive's versions have given its rules, letters only, in lower case. */
const RULE_NAMES: Readonly<Record<string, keyof CheckConfig>> = {
  lowestefficiency: 'lowestEfficiency',
  lowestefficiencythreshold: 'lowestEfficiency',
  highestwastedbytes: 'highestWastedBytes',
  highestuserwastedpercent: 'highestUserWastedPercent',
  failon: 'failOn',
};

function collect(source: unknown, into: Map<keyof CheckConfig, string>): void {
  if (typeof source !== 'object' || source === null) return;
  for (const [key, value] of Object.entries(source)) {
    const name = RULE_NAMES[key.toLowerCase().replaceAll(/[-_]/g, '')];
    if (name === undefined) continue;
    if (typeof value === 'object' && value !== null)
      throw new LayerscopeError('USAGE', `${name} in the check's configuration: not a single value`);
    into.set(name, value === null || value === undefined ? '' : String(value));
  }
}

/** Reads a `.dive-ci` file's text. Throws USAGE for text that isn't YAML and for values that no rule takes. */
export async function parseCheckConfig(text: string): Promise<CheckConfig> {
  const { parse } = await import('yaml');
  let document: unknown;
  try {
    // The failsafe schema leaves every scalar as it was written: 0.10 stays 0.10, and 20MB needs no quotes.
    document = parse(text, { schema: 'failsafe', logLevel: 'error', maxAliasCount: 100 });
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : '';
    throw new LayerscopeError('USAGE', `the check's configuration is not YAML: ${displayText(message)}`, { cause: error });
  }
  if (document !== null && document !== '' && (typeof document !== 'object' || Array.isArray(document))) {
    throw new LayerscopeError('USAGE', "the check's configuration is not a table of rules");
  }
  const given = new Map<keyof CheckConfig, string>();
  collect(document, given);
  collect((document as { rules?: unknown } | null)?.rules, given);

  const read = <T>(name: keyof CheckConfig, parseValue: (rule: string, text: string) => T, byDefault: T | null): T | null => {
    const value = given.get(name);
    if (value === undefined) return byDefault;
    return isDisabled(value) ? null : parseValue(name, value);
  };
  const severity = (rule: string, value: string): 'error' | 'warning' => {
    const word = value.trim().toLowerCase();
    if (word === 'error' || word === 'warning') return word;
    throw wrong(rule, value, 'neither error nor warning');
  };
  return {
    lowestEfficiency: read('lowestEfficiency', parseRatio, DEFAULT_CHECK_CONFIG.lowestEfficiency),
    highestWastedBytes: read('highestWastedBytes', parseByteSize, DEFAULT_CHECK_CONFIG.highestWastedBytes),
    highestUserWastedPercent: read('highestUserWastedPercent', parseRatio, DEFAULT_CHECK_CONFIG.highestUserWastedPercent),
    failOn: read('failOn', severity, DEFAULT_CHECK_CONFIG.failOn),
  };
}
