/**
 * Writes GitHub's Markdown from untrusted text: names become code spans, in which nothing is a link, a mention, a table cell or HTML, and a
 * document stays below a limit by leaving out whole rows of its tables.
 *
 * Begin with `code-span.ts`; `document.ts` joins tables.
 */
export { codeSpan, htmlComment } from './code-span.ts';
export { type MarkdownTable, markdownDocument } from './document.ts';
