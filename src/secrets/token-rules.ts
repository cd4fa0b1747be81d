// Forms of tokens. A rule is a prefix and what follows it; a token ends where its last part does, and the next byte must not continue it.
// The lengths are those that the services document or have used for years; longer words aren't tokens.

import type { FindingCode, Severity } from '#model';
import { ALNUM, BASE32, type ByteSet, findText, HEX, hasText, LETTERS, UPPER, URL_BASE64, WORD } from './characters.ts';
import { hasCheckDigits } from './check-digits.ts';
import { LEAD } from './lead-code.ts';
import { leadAt, leadOf } from './leads.ts';
import type { RunMemory } from './run-memory.ts';

/** Why a token is reported less severely than usual for its code. */
export type Doubt = 'check-digits' | 'test-key' | 'alone';

interface Part {
  readonly of: ByteSet;
  readonly min: number;
  readonly max: number;
  /** Literal text after the part. */
  readonly then?: string;
}

interface TokenRule {
  readonly code: FindingCode;
  readonly prefix: string;
  readonly parts: readonly Part[];
  /** Whether the last part ends in check digits. */
  readonly isChecked?: boolean;
  readonly doubt?: Doubt;
  /** An additional test of the bytes after the prefix. */
  readonly accepts?: (bytes: Uint8Array, from: number, to: number, memory: RunMemory) => boolean;
  /** Whether the token counts only if a secret is near it. */
  readonly isId?: boolean;
}

/** A token in `bytes`, `start` to `end`. */
export interface TokenMatch {
  readonly code: FindingCode;
  readonly start: number;
  readonly end: number;
  readonly doubt: Doubt | null;
  /** Whether the token only identifies a key, whose secret must be near it. */
  readonly isId: boolean;
  /** Whether the token's check digits match. */
  readonly isSure: boolean;
}

/** Maximum number of bytes, from a token's start, that decide about it. */
export const LONGEST_TOKEN = 1024;

const exactly = (of: ByteSet, count: number, then?: string): Part => ({
  of,
  min: count,
  max: count,
  ...(then === undefined ? {} : { then }),
});
const atLeast = (of: ByteSet, min: number, max = 512): Part => ({ of, min, max });

const rule = (code: FindingCode, prefixes: readonly string[], parts: readonly Part[], more: Partial<TokenRule> = {}): TokenRule[] =>
  prefixes.map((prefix) => ({ code, prefix, parts, ...more }));

const OPENAI_MARK = 'T3BlbkFJ';

/** OpenAI's keys have this marker in the middle. */
function hasOpenAiMark(bytes: Uint8Array, from: number, to: number, memory: RunMemory): boolean {
  const at = memory.findText(bytes, OPENAI_MARK, from, to);
  return at >= from + 20 && to - at - OPENAI_MARK.length >= 20;
}

const RULES: readonly TokenRule[] = [
  ...rule('secret-github-token', ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], [exactly(ALNUM, 36)], { isChecked: true }),
  ...rule('secret-github-token', ['github_pat_'], [exactly(ALNUM, 22, '_'), exactly(ALNUM, 59)]),
  ...rule('secret-npm-token', ['npm_'], [exactly(ALNUM, 36)], { isChecked: true }),
  ...rule('secret-gitlab-token', ['glpat-', 'glrt-', 'gldt-', 'glptt-'], [atLeast(URL_BASE64, 20)]),
  ...rule('secret-aws-key', ['AKIA', 'ASIA', 'ABIA', 'ACCA'], [exactly(BASE32, 16)], { isId: true }),
  ...rule('secret-slack-token', ['xoxa-', 'xoxb-', 'xoxp-', 'xoxo-', 'xoxr-', 'xoxs-'], [atLeast(URL_BASE64, 20)], {
    accepts: (bytes, from, to) => to - from >= 20 && findText(bytes, '-', from, to) > from,
  }),
  ...rule('secret-stripe-key', ['sk_live_', 'rk_live_'], [atLeast(ALNUM, 24)]),
  ...rule('secret-stripe-key', ['sk_test_', 'rk_test_'], [atLeast(ALNUM, 24)], { doubt: 'test-key' }),
  ...rule('secret-gcp-key', ['AIza'], [exactly(URL_BASE64, 35)]),
  ...rule('secret-pypi-token', ['pypi-AgEIcHlwaS5vcmc'], [atLeast(URL_BASE64, 50, 900)]),
  ...rule('secret-huggingface-token', ['hf_'], [exactly(LETTERS, 34)]),
  ...rule('secret-anthropic-token', ['sk-ant-api03-'], [exactly(URL_BASE64, 95)], {
    accepts: (bytes, _from, to) => hasText(bytes, to - 2, 'AA'),
  }),
  ...rule('secret-openai-token', ['sk-'], [atLeast(URL_BASE64, 48)], { accepts: hasOpenAiMark }),
  ...rule('secret-digitalocean-token', ['dop_v1_', 'doo_v1_', 'dor_v1_'], [exactly(HEX, 64)]),
  ...rule('secret-databricks-token', ['dapi'], [exactly(HEX, 32)]),
  ...rule('secret-rubygems-token', ['rubygems_'], [exactly(HEX, 48)]),
  ...rule('secret-sendgrid-token', ['SG.'], [exactly(URL_BASE64, 22, '.'), exactly(URL_BASE64, 43)]),
  ...rule('secret-shopify-token', ['shpat_', 'shpca_', 'shppa_', 'shpss_'], [exactly(HEX, 32)]),
  ...rule('secret-vault-token', ['hvs.'], [atLeast(URL_BASE64, 90)]),
  ...rule('secret-age-key', ['AGE-SECRET-KEY-1'], [exactly(UPPER, 58)]),
  ...rule('secret-pulumi-token', ['pul-'], [exactly(HEX, 40)]),
  ...rule('secret-grafana-token', ['glsa_'], [exactly(ALNUM, 32, '_'), exactly(HEX, 8)]),
  ...rule('secret-postman-token', ['PMAK-'], [exactly(HEX, 24, '-'), exactly(HEX, 34)]),
  ...rule('secret-artifactory-token', ['AKCp'], [exactly(ALNUM, 69)]),
  ...rule('secret-docker-token', ['dckr_pat_', 'dckr_oat_'], [atLeast(URL_BASE64, 27, 64)]),
];

const byLead = new Map<number, TokenRule[]>();
for (const each of RULES) {
  const lead = leadOf(each.prefix);
  byLead.set(lead, [...(byLead.get(lead) ?? []), each]);
}

/** The leads of all rules. */
export const TOKEN_LEADS: ReadonlySet<number> = new Set(byLead.keys());

/** A token with fewer distinct bytes is a placeholder, such as `ghp_xxxxxxxx`. */
const FEWEST_DISTINCT = 10;

/**
 * Returns the token that starts at `start`, or null. The caller has checked that a word starts there. Doesn't read from `end` on. `memory`:
 * for the run that contains the token.
 */
export function tokenAt(bytes: Uint8Array, start: number, end: number, memory: RunMemory): TokenMatch | null {
  if (start + LEAD > end) return null;
  const rules = byLead.get(leadAt(bytes, start));
  if (rules === undefined) return null;
  for (const each of rules) {
    const match = matchRule(each, bytes, start, end, memory);
    if (match !== null) return match;
  }
  return null;
}

function matchRule(each: TokenRule, bytes: Uint8Array, start: number, end: number, memory: RunMemory): TokenMatch | null {
  const { code, prefix, parts, accepts, isChecked = false, doubt = null, isId = false } = each;
  if (!hasText(bytes, start, prefix, end)) return null;
  const from = start + prefix.length;
  let at = from;
  for (const { of, min, max, then } of parts) {
    const last = memory.runEnd(bytes, of, at, Math.min(end, at + max + 1));
    if (last - at < min || last - at > max) return null;
    at = last;
    if (then === undefined) continue;
    if (!hasText(bytes, at, then, end)) return null;
    at += then.length;
  }
  // A byte that isn't in the last part's set may still continue the word.
  if (at < end && WORD[bytes[at] as number] === 1) return null;
  if (accepts !== undefined && !accepts(bytes, from, at, memory)) return null;
  const isSure = isChecked && hasCheckDigits(bytes, from, at);
  return { code, start, end: at, doubt: isChecked && !isSure ? 'check-digits' : doubt, isId, isSure };
}

/** Whether a token was made up for documentation. Matching check digits mean that it is real. */
export function isPlaceholder(bytes: Uint8Array, { start, end, isSure }: TokenMatch, memory: RunMemory): boolean {
  return !isSure && (memory.isDull(bytes, start, end, FEWEST_DISTINCT) || memory.findText(bytes, 'EXAMPLE', start, end) >= 0);
}

/** A doubtful token is a note; any other has the severity of its code. */
export function severityOf(doubt: Doubt | null): Severity {
  return doubt === null ? 'error' : 'note';
}
