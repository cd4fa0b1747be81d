import { displayText, LayerscopeError } from '#model';

/** Bytes per unit, for the unit names that dive's size parser (go-humanize) accepts. */
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

const RATIO = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const BYTE_SIZE = /^([\d,]*\.?\d+|\d[\d,]*\.?)\s*([a-z]*)$/i;
/** Maximum length of a rule's value, in UTF-16 units. The regular expressions above may take quadratic time. */
const MOST_VALUE_LETTERS = 100;

/** Creates an error such as `lowestEfficiency: not a number: "much"`. */
function wrong(rule: string, text: string, what: string): LayerscopeError {
  return new LayerscopeError('USAGE', `${rule}: ${what}: ${displayText(JSON.stringify(text.slice(0, 60)))}`);
}

/** Trims the text. Throws USAGE if it is too long. */
function short(rule: string, text: string, what: string): string {
  if (text.length > MOST_VALUE_LETTERS) throw wrong(rule, text, what);
  return text.trim();
}

/** Whether a value disables its rule. */
export function isDisabled(text: string): boolean {
  return ['', 'disabled', 'off', 'false', 'null', '~'].includes(text.trim().toLowerCase());
}

/** Parses a ratio from 0 to 1. Throws USAGE. */
export function parseRatio(rule: string, text: string): number {
  const value = RATIO.test(short(rule, text, 'not a number')) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) throw wrong(rule, text, 'not a number');
  if (value < 0 || value > 1) throw wrong(rule, text, 'not between 0 and 1');
  return value;
}

/** Parses a size such as `20MB`, `1.5 GiB` or `1,000,000` to bytes. Throws USAGE. */
export function parseByteSize(rule: string, text: string): number {
  const match = BYTE_SIZE.exec(short(rule, text, 'not a size such as 20MB'));
  const name = (match?.[2] ?? '').toLowerCase();
  const unit = Object.hasOwn(UNIT_BYTES, name) ? UNIT_BYTES[name] : undefined;
  if (match === null || unit === undefined) throw wrong(rule, text, 'not a size such as 20MB');
  return Math.floor(Number((match[1] ?? '').replaceAll(',', '')) * unit);
}

/** Parses `error` or `warning`. Throws USAGE. */
export function parseSeverity(rule: string, text: string): 'error' | 'warning' {
  const word = text.trim().toLowerCase();
  if (word === 'error' || word === 'warning') return word;
  throw wrong(rule, text, 'neither error nor warning');
}
