// Regular expressions typed by the user, matched in linear time. JavaScript's engine backtracks: matching `/(a+)+$/` against a name with
// forty letters takes hours. RE2 doesn't backtrack, and therefore supports neither backreferences nor lookaround. An expression must be
// valid JavaScript, and is then translated to RE2's syntax.
import { RE2JS } from 're2js';
import { expressionSize } from './expression-size.ts';

interface Expression {
  test(text: string): boolean;
}

/** A compiled expression, or the reason why it can't be used: one line that is safe to show. */
export type CompiledExpression = { readonly expression: Expression } | { readonly problem: string };

const NOT_AN_EXPRESSION = 'not a regular expression';

/** Letters that mean the same to both engines after a backslash, or that RE2JS translates. Any other letter stands for itself. */
const KNOWN_ESCAPES = 'dDwWsSbBpPtnrvfxuc0';

/** Maximum length of a filter in UTF-16 units, more than anyone types. */
const MOST_LETTERS = 4_096;

/** Maximum number of states. RE2JS compiles this many in a third of a second, which blocks the thread. */
const MOST_STATES = 5_000;
const TOO_MANY_STATES = 'the regular expression repeats too much: written out, it has more than 5,000 parts';

/** Compiles an expression typed by the user. `flags`: any of i, m, s and u. */
export function compileExpression(source: string, flags: string): CompiledExpression {
  if (source.length > MOST_LETTERS) return { problem: 'the regular expression is too long' };
  try {
    new RegExp(source, flags); // checks the syntax
  } catch {
    return { problem: NOT_AN_EXPRESSION };
  }
  if (expressionSize(source) > MOST_STATES) return { problem: TOO_MANY_STATES };
  const translated = translate(source);
  if ('problem' in translated) return translated;
  try {
    return { expression: RE2JS.compile(RE2JS.translateRegExp(translated.source), bitsOf(flags)) };
  } catch (error) {
    return { problem: problemOf(error) };
  }
}

function bitsOf(flags: string): number {
  const bits: Readonly<Record<string, number>> = { i: RE2JS.CASE_INSENSITIVE, m: RE2JS.MULTILINE, s: RE2JS.DOTALL };
  return [...flags].reduce((all, flag) => all | (bits[flag] ?? 0), 0);
}

function problemOf(error: unknown): string {
  const text = error instanceof Error ? error.message : '';
  if (/repeat|too large/.test(text)) return 'the regular expression repeats too much: 1,000 times in all is the most';
  if (/too deep/.test(text)) return 'the regular expression is nested too deeply';
  return 'the regular expression has a part that is not supported here';
}

/** Rewrites syntax that RE2 interprets differently from JavaScript. Returns a problem for syntax that RE2 lacks. */
function translate(source: string): { readonly source: string } | { readonly problem: string } {
  let result = '';
  let inClass = false;
  for (let at = 0; at < source.length; at++) {
    const letter = source[at] as string;
    if (letter === '\\') {
      const next = source[++at] ?? '';
      if (/[1-9]/.test(next) || (next === 'k' && source[at + 1] === '<')) {
        return { problem: `regular expressions cannot refer back to a group here: \\${next}` };
      }
      if (inClass && next === 'b') result += '\\x08';
      else result += /[A-Za-z]/.test(next) && !KNOWN_ESCAPES.includes(next) ? next : `\\${next}`;
    } else if (inClass) {
      if (letter === ']') inClass = false;
      result += letter === '[' ? '\\[' : letter;
    } else if (letter === '[') {
      inClass = true;
      result += letter;
    } else {
      const around = letter === '(' ? /^\(\?(?:<?[=!])/.exec(source.slice(at, at + 4))?.[0] : undefined;
      if (around !== undefined) return { problem: `regular expressions cannot look ahead or behind here: ${around}…)` };
      result += letter;
    }
  }
  return { source: result };
}
