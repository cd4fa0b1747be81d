import type { Document, LineCounter, Node, YAMLMap } from 'yaml';
import { invalidGlob } from '#format/path';
import { displayText, LayerscopeError } from '#model';
import { isDisabled, parseByteSize, parseRatio, parseSeverity } from './check-values.ts';

/**
 * Rules of a `.dive-ci` file; null disables a rule.
 * Source: dive's README (CI integration) and its rules: each value is a string or a number; `disabled`, `off`, `false` and an empty
 * value turn a rule off; a rule that isn't named has dive's default. `failOn` and `exclude` are our additions.
 */
export interface CheckConfig {
  /** 0 to 1. */
  readonly lowestEfficiency: number | null;
  readonly highestWastedBytes: number | null;
  /** 0 to 1: wasted bytes divided by the bytes of all layers but the lowest. */
  readonly highestUserWastedPercent: number | null;
  /** Lowest severity of findings that fails the check. */
  readonly failOn: 'error' | 'warning' | null;
  /** Glob patterns of paths that no rule takes into account; see createPathMatcher. */
  readonly exclude: readonly string[];
}

export type RuleName = Exclude<keyof CheckConfig, 'exclude'>;

/** Dive's rules if there is no file. */
export const DEFAULT_CHECK_CONFIG: CheckConfig = {
  lowestEfficiency: 0.9,
  highestWastedBytes: null,
  highestUserWastedPercent: 0.1,
  failOn: null,
  exclude: [],
};

/** Rule names of all versions of dive, lower case, letters only. */
const RULE_NAMES: Readonly<Record<string, RuleName>> = {
  lowestefficiency: 'lowestEfficiency',
  lowestefficiencythreshold: 'lowestEfficiency',
  highestwastedbytes: 'highestWastedBytes',
  highestuserwastedpercent: 'highestUserWastedPercent',
  failon: 'failOn',
};
const RULES = 'lowestEfficiency, highestWastedBytes, highestUserWastedPercent or failOn';
const MOST_LETTERS = 1_000_000;

function plainKey(key: string): string {
  return key.toLowerCase().replaceAll(/[-_]/g, '');
}

function quoted(text: string): string {
  return displayText(JSON.stringify(text.slice(0, 60)));
}

type Yaml = typeof import('yaml');

/** Reads the YAML nodes of one file. Errors name the file and the line. */
class ConfigReader {
  exclude: readonly string[] = [];
  readonly #rules = new Map<RuleName, { text: string; at: number | undefined }>();
  readonly #yaml: Yaml;
  readonly #lines: LineCounter;
  readonly #file: string;
  #document: Document | null = null;

  constructor(yaml: Yaml, lines: LineCounter, file: string) {
    this.#yaml = yaml;
    this.#lines = lines;
    this.#file = file;
  }

  /** Throws USAGE for a position in the text. */
  fail(offset: number | undefined, message: string): never {
    const { line } = this.#lines.linePos(offset ?? 0);
    throw new LayerscopeError('USAGE', `${displayText(this.#file)}:${Math.max(line, 1)}: ${message}`);
  }

  /** Reads everything but the values of rules, which {@link value} parses. */
  read(document: Document): void {
    this.#document = document;
    const [error] = document.errors;
    if (error !== undefined) this.fail(error.pos[0], `not YAML: ${displayText(error.message.split('\n', 1)[0] ?? '')}`);
    const top = this.#resolved(document.contents);
    if (this.#isNothing(top)) this.fail(0, 'the file is empty');
    if (!this.#yaml.isMap(top)) this.fail(top?.range?.[0], 'not a mapping of rules');
    for (const { name, key, value } of this.#entries(top)) {
      const plain = plainKey(name);
      if (plain === 'rules') this.#readRules(value, key);
      else if (plain === 'exclude') this.#readExclude(value, key);
      else if (Object.hasOwn(RULE_NAMES, plain)) this.#readRule(name, value, key);
      else this.fail(key.range?.[0], `unknown key ${quoted(name)}: expected rules, exclude or failOn`);
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
    if (text === null) this.fail((value ?? key).range?.[0], `${rule} is not a single value`);
    if (this.#rules.has(rule)) this.fail(key.range?.[0], `${rule} is given twice`);
    this.#rules.set(rule, { text, at: (value ?? key).range?.[0] });
  }

  #readExclude(value: Node | null, key: Node): void {
    if (this.#isNothing(value)) return;
    if (!this.#yaml.isSeq(value)) this.fail((value ?? key).range?.[0], 'exclude is not a list of patterns');
    this.exclude = value.items.map((item) => {
      const node = this.#resolved(item);
      const pattern = this.#text(node);
      const at = (node ?? value).range?.[0];
      if (pattern === null) return this.fail(at, 'an exclude pattern is not a single value');
      const problem = invalidGlob(pattern);
      return problem === null ? pattern : this.fail(at, `the exclude pattern ${quoted(pattern)} ${problem}`);
    });
  }

  /** Value of a rule, or its default; null if the file turns it off. */
  value<T>(rule: RuleName, parse: (rule: string, text: string) => T): T | null {
    const given = this.#rules.get(rule);
    if (given === undefined) return DEFAULT_CHECK_CONFIG[rule] as T | null;
    if (isDisabled(given.text)) return null;
    try {
      return parse(rule, given.text);
    } catch (error) {
      if (!(error instanceof LayerscopeError)) throw error;
      return this.fail(given.at, error.message);
    }
  }

  *#entries(map: YAMLMap): Generator<{ name: string; key: Node; value: Node | null }> {
    for (const { key, value } of map.items) {
      if (!this.#yaml.isScalar(key))
        return this.fail(this.#yaml.isNode(key) ? key.range?.[0] : map.range?.[0], 'a key is not a single value');
      yield { name: String(key.value), key, value: this.#resolved(value) };
    }
  }

  /** Resolves an alias. */
  #resolved(node: unknown): Node | null {
    if (!this.#yaml.isAlias(node)) return this.#yaml.isNode(node) ? node : null;
    const meant = this.#document === null ? undefined : node.resolve(this.#document);
    return meant ?? this.fail(node.range?.[0], `unknown alias ${quoted(node.source)}`);
  }

  /** Whether a value is missing. */
  #isNothing(node: Node | null): boolean {
    return node === null || (this.#yaml.isScalar(node) && node.value === '' && node.type === 'PLAIN');
  }

  /** A single value as written, empty if missing; null for a list or mapping. */
  #text(node: Node | null): string | null {
    if (node === null) return '';
    return this.#yaml.isScalar(node) ? String(node.value ?? '') : null;
  }
}

/**
 * Parses the text of a `.dive-ci` file; `file` is its name in messages. Throws USAGE with file and line if the text is empty or not YAML,
 * or has an unknown key or rule, or an invalid value.
 */
export async function parseCheckConfig(text: string, file = '.dive-ci'): Promise<CheckConfig> {
  const yaml = await import('yaml');
  const lines = new yaml.LineCounter();
  const reader = new ConfigReader(yaml, lines, file);
  if (text.length > MOST_LETTERS) reader.fail(0, 'the file is too long');
  // The failsafe schema keeps every scalar as written: 0.10 stays 0.10, and 20MB needs no quotes.
  reader.read(yaml.parseDocument(text, { schema: 'failsafe', logLevel: 'error', lineCounter: lines, prettyErrors: false }));
  return {
    lowestEfficiency: reader.value('lowestEfficiency', parseRatio),
    highestWastedBytes: reader.value('highestWastedBytes', parseByteSize),
    highestUserWastedPercent: reader.value('highestUserWastedPercent', parseRatio),
    failOn: reader.value('failOn', parseSeverity),
    exclude: reader.exclude,
  };
}
