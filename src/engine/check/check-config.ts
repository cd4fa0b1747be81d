import type { Document, LineCounter, Node, YAMLMap } from 'yaml';
import { invalidGlob } from '#format/path';
import { displayText, LayerscopeError, WASTE_KINDS, type WasteCode } from '#model';
import { type IgnoredFindings, parseIgnored } from './check-ignore.ts';
import { isDisabled, parseByteSize, parseRatio, parseSeverity } from './check-values.ts';

/**
 * Rules of a `.dive-ci` file; null disables a rule. The file's values follow dive's README (CI integration) and code. Each is a string or a
 * number; `disabled`, `off`, `false` and an empty value turn a rule off; a rule that isn't listed keeps dive's default. `failOn`, `waste`,
 * `exclude` and `ignore` are our additions.
 */
export interface CheckConfig {
  /** 0 to 1. */
  readonly lowestEfficiency: number | null;
  readonly highestWastedBytes: number | null;
  /** Limit, 0 to 1, for the wasted bytes divided by the bytes of all layers but the lowest. */
  readonly highestUserWastedPercent: number | null;
  /** Findings of this severity or above fail the check. */
  readonly failOn: 'error' | 'warning' | null;
  /** Maximum number of bytes of each kind of waste. */
  readonly waste: ReadonlyMap<WasteCode, number>;
  /** Glob patterns of paths that all rules ignore; see PathMatcher. */
  readonly exclude: readonly string[];
  /** Findings that all rules ignore. */
  readonly ignore: readonly IgnoredFindings[];
}

export type RuleName = Exclude<keyof CheckConfig, 'exclude' | 'ignore' | 'waste'>;

/** Dive's defaults, used if there is no file. */
export const DEFAULT_CHECK_CONFIG: CheckConfig = {
  lowestEfficiency: 0.9,
  highestWastedBytes: null,
  highestUserWastedPercent: 0.1,
  failOn: null,
  waste: new Map(),
  exclude: [],
  ignore: [],
};

/** Rule names from all versions of dive, in lower case, letters only. */
const RULE_NAMES: Readonly<Record<string, RuleName>> = {
  lowestefficiency: 'lowestEfficiency',
  lowestefficiencythreshold: 'lowestEfficiency',
  highestwastedbytes: 'highestWastedBytes',
  highestuserwastedpercent: 'highestUserWastedPercent',
  failon: 'failOn',
};
const RULES = 'lowestEfficiency, highestWastedBytes, highestUserWastedPercent or failOn';
/**
 * Maximum size of a `.dive-ci` file, in bytes. It and its contents have limits, because the file in the current folder may come from
 * anyone.
 */
export const MOST_CONFIG_BYTES = 65_536;
const MOST_ALIASES = 100;
const MOST_PATTERNS = 200;
const MOST_PATTERN_LETTERS = 1_000;

const KINDS = Object.keys(WASTE_KINDS)
  .map((code) => code.replace('waste-', ''))
  .join(', ');

function isWasteKind(code: string): code is WasteCode {
  return Object.hasOwn(WASTE_KINDS, code);
}

function plainKey(key: string): string {
  return key.toLowerCase().replaceAll(/[-_]/g, '');
}

function quoted(text: string): string {
  return displayText(JSON.stringify(text.slice(0, 60)));
}

/** Returns the parser's message on one line. */
function problemOf({ message }: Error): string {
  // The parser recurses once per level of nesting, and reports a stack overflow as if it were an error in the text.
  return message.includes('call stack') ? 'nested too deeply' : displayText(message.split('\n', 1)[0] ?? '');
}

type Yaml = typeof import('yaml');

/** Reads the YAML nodes of one file. Errors name the file and the line. */
class ConfigReader {
  exclude: readonly string[] = [];
  ignore: readonly IgnoredFindings[] = [];
  readonly waste = new Map<WasteCode, number>();
  readonly #rules = new Map<RuleName, { text: string; at: number | undefined }>();
  readonly #yaml: Yaml;
  readonly #lines: LineCounter;
  readonly #file: string;
  #document: Document | null = null;
  #aliases = 0;

  constructor(yaml: Yaml, lines: LineCounter, file: string) {
    this.#yaml = yaml;
    this.#lines = lines;
    this.#file = file;
  }

  /** Throws USAGE with the file and the line at `offset`. */
  fail(offset: number | undefined, message: string): never {
    const { line } = this.#lines.linePos(offset ?? 0);
    throw new LayerscopeError('USAGE', `${displayText(this.#file)}:${Math.max(line, 1)}: ${message}`);
  }

  /** Reads everything but the values of rules, which {@link value} parses. */
  read(document: Document): void {
    this.#document = document;
    const [error] = document.errors;
    if (error !== undefined) this.fail(error.pos[0], `not YAML: ${problemOf(error)}`);
    const top = this.#resolved(document.contents);
    if (this.#isNothing(top)) this.fail(0, 'the file is empty');
    if (!this.#yaml.isMap(top)) this.fail(top?.range?.[0], 'not a mapping of rules');
    for (const { name, key, value } of this.#entries(top)) {
      const plain = plainKey(name);
      if (plain === 'rules') this.#readRules(value, key);
      else if (plain === 'exclude')
        this.exclude = this.#patterns('exclude', value, key, (pattern, at) => this.#pattern('exclude', pattern, at));
      else if (plain === 'ignore') this.ignore = this.#patterns('ignore', value, key, (text, at) => this.#ignored(text, at));
      else if (plain === 'waste') this.#readWaste(value, key);
      else if (Object.hasOwn(RULE_NAMES, plain)) this.#readRule(name, value, key);
      else this.fail(key.range?.[0], `unknown key ${quoted(name)}: expected rules, waste, exclude, ignore or failOn`);
    }
  }

  #readRules(value: Node | null, key: Node): void {
    if (this.#isNothing(value)) return;
    if (!this.#yaml.isMap(value)) this.fail((value ?? key).range?.[0], 'rules is not a mapping of rules');
    for (const { name, key: rule, value: limit } of this.#entries(value)) {
      if (!Object.hasOwn(RULE_NAMES, plainKey(name))) this.fail(rule.range?.[0], `unknown rule ${quoted(name)}: expected ${RULES}`);
      this.#readRule(name, limit, rule);
    }
  }

  #readRule(name: string, value: Node | null, key: Node): void {
    const rule = RULE_NAMES[plainKey(name)] as RuleName;
    const text = this.#text(value);
    if (text === null) this.fail((value ?? key).range?.[0], `${rule} must be a single value, not a list or mapping`);
    if (this.#rules.has(rule)) this.fail(key.range?.[0], `${rule} is given twice`);
    this.#rules.set(rule, { text, at: (value ?? key).range?.[0] });
  }

  /** Reads a list of plain strings, `exclude` or `ignore`. */
  #patterns<T>(list: string, value: Node | null, key: Node, parse: (text: string, at: number | undefined) => T): readonly T[] {
    if (this.#isNothing(value)) return [];
    if (!this.#yaml.isSeq(value)) return this.fail((value ?? key).range?.[0], `${list} is not a list of patterns`);
    if (value.items.length > MOST_PATTERNS) this.fail(value.range?.[0], `${list} has more than ${MOST_PATTERNS} patterns`);
    return value.items.map((item) => {
      const node = this.#resolved(item);
      const text = this.#text(node);
      const at = (node ?? value).range?.[0];
      if (text === null) return this.fail(at, `an ${list} pattern must be plain text, not a list or mapping`);
      if (text.length > MOST_PATTERN_LETTERS) return this.fail(at, `the ${list} pattern ${quoted(text)} is too long`);
      return parse(text, at);
    });
  }

  #pattern(list: string, pattern: string, at: number | undefined): string {
    const problem = invalidGlob(pattern);
    return problem === null ? pattern : this.fail(at, `the ${list} pattern ${quoted(pattern)} ${problem}`);
  }

  #ignored(text: string, at: number | undefined): IgnoredFindings {
    const ignored = parseIgnored(text);
    if (ignored === null) return this.fail(at, `no finding has the code of ${quoted(text)}`);
    if (ignored.pattern !== null) this.#pattern('ignore', ignored.pattern, at);
    return ignored;
  }

  #readWaste(value: Node | null, key: Node): void {
    if (this.#isNothing(value)) return;
    if (!this.#yaml.isMap(value)) this.fail((value ?? key).range?.[0], 'waste is not a mapping of kinds');
    for (const { name, key: kind, value: limit } of this.#entries(value)) {
      const code = name.startsWith('waste-') ? name : `waste-${name}`;
      if (!isWasteKind(code)) this.fail(kind.range?.[0], `unknown kind of waste ${quoted(name)}: expected ${KINDS}`);
      const text = this.#text(limit);
      if (text === null) this.fail((limit ?? kind).range?.[0], `${name} must be a single value, not a list or mapping`);
      if (this.waste.has(code)) this.fail(kind.range?.[0], `${name} is given twice`);
      if (!isDisabled(text)) this.waste.set(code, this.#parsed(name, text, (limit ?? kind).range?.[0], parseByteSize));
    }
  }

  #parsed<T>(rule: string, text: string, at: number | undefined, parse: (rule: string, text: string) => T): T {
    try {
      return parse(rule, text);
    } catch (error) {
      if (!(error instanceof LayerscopeError)) throw error;
      return this.fail(at, error.message);
    }
  }

  /** Returns the value of a rule, or its default; null if the file turns it off. */
  value<T>(rule: RuleName, parse: (rule: string, text: string) => T): T | null {
    const given = this.#rules.get(rule);
    if (given === undefined) return DEFAULT_CHECK_CONFIG[rule] as T | null;
    return isDisabled(given.text) ? null : this.#parsed(rule, given.text, given.at, parse);
  }

  /** Yields a mapping's entries. Throws USAGE for a duplicate key: the parser's own check for duplicates takes quadratic time. */
  *#entries(map: YAMLMap): Generator<{ name: string; key: Node; value: Node | null }> {
    const names = new Set<string>();
    for (const { key, value } of map.items) {
      if (!this.#yaml.isScalar(key))
        return this.fail(this.#yaml.isNode(key) ? key.range?.[0] : map.range?.[0], 'a key must be plain text, not a list or mapping');
      const name = String(key.value);
      if (names.has(name)) return this.fail(key.range?.[0], `${quoted(name)} is given twice`);
      names.add(name);
      yield { name, key, value: this.#resolved(value) };
    }
  }

  /** Resolves an alias. The number of aliases is limited, because the parser searches the whole document for each. */
  #resolved(node: unknown): Node | null {
    if (!this.#yaml.isAlias(node)) return this.#yaml.isNode(node) ? node : null;
    if (++this.#aliases > MOST_ALIASES) this.fail(node.range?.[0], `more than ${MOST_ALIASES} aliases`);
    const meant = this.#document === null ? undefined : node.resolve(this.#document);
    return meant ?? this.fail(node.range?.[0], `unknown alias ${quoted(node.source)}`);
  }

  #isNothing(node: Node | null): boolean {
    return node === null || (this.#yaml.isScalar(node) && node.value === '' && node.type === 'PLAIN');
  }

  /** Returns a scalar as written, empty if missing; null for a list or mapping. */
  #text(node: Node | null): string | null {
    if (node === null) return '';
    return this.#yaml.isScalar(node) ? String(node.value ?? '') : null;
  }
}

/**
 * Parses the text of a `.dive-ci` file; `file` is its name in messages. Throws USAGE with file and line if the text is empty, is not YAML,
 * or has an unknown key or rule or an invalid value; TOO_LARGE.
 */
export async function parseCheckConfig(text: string, file = '.dive-ci'): Promise<CheckConfig> {
  const yaml = await import('yaml');
  const lines = new yaml.LineCounter();
  const reader = new ConfigReader(yaml, lines, file);
  if (text.length > MOST_CONFIG_BYTES)
    throw new LayerscopeError('TOO_LARGE', `${displayText(file)} has more than ${MOST_CONFIG_BYTES} bytes`);
  // The failsafe schema leaves every scalar as written: 0.10 stays 0.10, and 20MB needs no quotes.
  reader.read(
    yaml.parseDocument(text, { schema: 'failsafe', uniqueKeys: false, logLevel: 'error', lineCounter: lines, prettyErrors: false }),
  );
  return {
    lowestEfficiency: reader.value('lowestEfficiency', parseRatio),
    highestWastedBytes: reader.value('highestWastedBytes', parseByteSize),
    highestUserWastedPercent: reader.value('highestUserWastedPercent', parseRatio),
    failOn: reader.value('failOn', parseSeverity),
    waste: reader.waste,
    exclude: reader.exclude,
    ignore: reader.ignore,
  };
}
