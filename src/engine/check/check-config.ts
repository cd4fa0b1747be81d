import type { Document, LineCounter, Node, YAMLMap } from 'yaml';
import { invalidGlob } from '#format/path';
import { displayText, LayerscopeError } from '#model';
import { isDisabled, parseByteSize, parseRatio, parseSeverity } from './check-values.ts';

/**
 * What a `.dive-ci` file asks for; null: the rule is disabled.
 * Source: dive's README (CI integration) and its rules: each value a string or a number; `disabled`, `off`, `false` and an empty
 * value turn a rule off; a rule that isn't named has dive's default. `failOn` and `exclude` are ours.
 */
export interface CheckConfig {
  /** 0 to 1. */
  readonly lowestEfficiency: number | null;
  readonly highestWastedBytes: number | null;
  /** 0 to 1: wasted bytes to the bytes of all layers but the lowest. */
  readonly highestUserWastedPercent: number | null;
  /** The least severity of findings that fails the check. */
  readonly failOn: 'error' | 'warning' | null;
  /** Glob patterns of paths that count for no rule: see createPathMatcher. */
  readonly exclude: readonly string[];
}

export type RuleName = Exclude<keyof CheckConfig, 'exclude'>;

/** What dive checks where there is no file. */
export const DEFAULT_CHECK_CONFIG: CheckConfig = {
  lowestEfficiency: 0.9,
  highestWastedBytes: null,
  highestUserWastedPercent: 0.1,
  failOn: null,
  exclude: [],
};

/** The names that dive's versions have given its rules, letters only, in lower case. */
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

/** Reads the nodes of one file; what is wrong with it is told by the file's name and the line. */
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

  /** `offset`: in the text, of what is wrong. */
  fail(offset: number | undefined, message: string): never {
    const { line } = this.#lines.linePos(offset ?? 0);
    throw new LayerscopeError('USAGE', `${displayText(this.#file)}:${Math.max(line, 1)}: ${message}`);
  }

  /** Reads all but the rules' values: see `value`. */
  read(document: Document): void {
    this.#document = document;
    const [error] = document.errors;
    if (error !== undefined) this.fail(error.pos[0], `not YAML: ${displayText(error.message.split('\n', 1)[0] ?? '')}`);
    const top = this.#resolved(document.contents);
    if (this.#isNothing(top)) this.fail(0, 'the file is empty');
    if (!this.#yaml.isMap(top)) this.fail(top?.range?.[0], 'not a table of rules');
    for (const { name, key, value } of this.#entries(top)) {
      const plain = plainKey(name);
      if (plain === 'rules') this.#readRules(value, key);
      else if (plain === 'exclude') this.#readExclude(value, key);
      else if (Object.hasOwn(RULE_NAMES, plain)) this.#readRule(name, value, key);
      else this.fail(key.range?.[0], `unknown key ${quoted(name)}: it may be rules, exclude or failOn`);
    }
  }

  #readRules(value: Node | null, key: Node): void {
    if (this.#isNothing(value)) return;
    if (!this.#yaml.isMap(value)) this.fail((value ?? key).range?.[0], 'rules is not a table of rules');
    for (const { name, key: rule, value: limit } of this.#entries(value)) {
      if (!Object.hasOwn(RULE_NAMES, plainKey(name))) this.fail(rule.range?.[0], `unknown rule ${quoted(name)}: it may be ${RULES}`);
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
      if (pattern === null) return this.fail(at, 'a pattern of exclude is not a single value');
      const problem = invalidGlob(pattern);
      return problem === null ? pattern : this.fail(at, `the pattern ${quoted(pattern)} of exclude ${problem}`);
    });
  }

  /** What the file says of a rule, null where it turns it off. */
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
      if (!this.#yaml.isScalar(key)) return this.fail(this.#yaml.isNode(key) ? key.range?.[0] : map.range?.[0], 'a key that is not a word');
      yield { name: String(key.value), key, value: this.#resolved(value) };
    }
  }

  /** What an alias stands for. */
  #resolved(node: unknown): Node | null {
    if (!this.#yaml.isAlias(node)) return this.#yaml.isNode(node) ? node : null;
    const meant = this.#document === null ? undefined : node.resolve(this.#document);
    return meant ?? this.fail(node.range?.[0], `nothing is called ${quoted(node.source)}`);
  }

  /** Where a value may stand and none does. */
  #isNothing(node: Node | null): boolean {
    return node === null || (this.#yaml.isScalar(node) && node.value === '' && node.type === 'PLAIN');
  }

  /** A single value as it was written, empty for none; null for a list or a table. */
  #text(node: Node | null): string | null {
    if (node === null) return '';
    return this.#yaml.isScalar(node) ? String(node.value ?? '') : null;
  }
}

/**
 * Reads a `.dive-ci` file's text; `file` is its name for messages. Throws USAGE with the file and the line: text that isn't YAML or says
 * nothing, a key or rule that isn't known, a value that no rule takes.
 */
export async function parseCheckConfig(text: string, file = '.dive-ci'): Promise<CheckConfig> {
  const yaml = await import('yaml');
  const lines = new yaml.LineCounter();
  const reader = new ConfigReader(yaml, lines, file);
  if (text.length > MOST_LETTERS) reader.fail(0, 'the file is too long for a table of rules');
  // The failsafe schema leaves every scalar as it was written: 0.10 stays 0.10, and 20MB needs no quotes.
  reader.read(yaml.parseDocument(text, { schema: 'failsafe', logLevel: 'error', lineCounter: lines, prettyErrors: false }));
  return {
    lowestEfficiency: reader.value('lowestEfficiency', parseRatio),
    highestWastedBytes: reader.value('highestWastedBytes', parseByteSize),
    highestUserWastedPercent: reader.value('highestUserWastedPercent', parseRatio),
    failOn: reader.value('failOn', parseSeverity),
    exclude: reader.exclude,
  };
}
