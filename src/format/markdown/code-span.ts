// A code span is the one place in GitHub's Markdown where text stays text: autolinks, mentions, references to issues and commits, emphasis,
// entities and HTML have no effect in it.
//
//   `name`       a fence is longer than any run of backticks in the name
//   `` `x` ``    a space separates the fence from a backtick or a space of the name; a renderer removes one on each side
//   `a\|b`       in a table a bar ends the cell even within code, so it is escaped; a table's renderer removes that backslash
//   `a\\x7Cb`    after an odd number of backslashes the escape would itself be escaped, so the bar is written as a byte
//
// Source: GitHub Flavored Markdown Spec 0.29, 6.3 (Code spans) and 4.10 (Tables).
import { displayText } from '#model';

/** Maximum length of a name in UTF-16 units; longer names are cut in the middle. */
const MAX_LENGTH = 200;

/**
 * In names with a run of this length, all backticks are escaped, because cmark-gfm, GitHub's renderer, doesn't recognize fences of more
 * than 80.
 */
const LONGEST_RUN = '`'.repeat(40);

/** Formats a code span for a table cell. Control and bidi characters are escaped, and long text is cut in the middle. */
export function codeSpan(text: string): string {
  const cut = cutMiddle(displayText(text));
  const shown = cut.includes(LONGEST_RUN) ? cut.replaceAll('`', '\\x60') : cut;
  if (shown === '') return '';
  let longest = 0;
  for (const [run] of shown.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  const fence = '`'.repeat(longest + 1);
  const space = /^[ `]|[ `]$/.test(shown) ? ' ' : '';
  return `${fence}${space}${shown.replace(/(\\*)\|/g, escapedBar)}${space}${fence}`;
}

function escapedBar(_: string, backslashes: string): string {
  return backslashes + (backslashes.length % 2 === 0 ? '\\|' : '\\x7C');
}

function cutMiddle(text: string): string {
  if (text.length <= MAX_LENGTH) return text;
  const half = MAX_LENGTH / 2;
  return `${text.slice(0, half).replace(/[\uD800-\uDBFF]$/, '')}…${text.slice(-half).replace(/^[\uDC00-\uDFFF]/, '')}`;
}

/** Formats a comment, which renderers don't show. Characters that don't occur in names of images become `_`. */
export function htmlComment(text: string): string {
  return `<!-- ${text
    .replace(/[^\w./:@-]/g, '_')
    .replace(/-{2,}/g, '-')
    .slice(0, MAX_LENGTH)} -->`;
}
