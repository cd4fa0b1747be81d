/** Renders a document’s Markdown as HTML, and collects what the table of contents and the search need. */
import hljs from 'highlight.js/lib/common';
import { Marked, type Token, type Tokens } from 'marked';

export interface Heading {
  readonly id: string;
  readonly html: string;
  readonly depth: number;
}

/** The text under one heading, for the search. */
interface Section {
  /** Empty for the text before the first heading below the title. */
  readonly id: string;
  readonly heading: string;
  readonly text: string;
}

export interface Rendered {
  readonly html: string;
  readonly title: string;
  /** Headings of the second and third level. */
  readonly headings: readonly Heading[];
  readonly sections: readonly Section[];
  /** Every anchor, for checking links. */
  readonly anchors: ReadonlySet<string>;
}

export interface Picture {
  readonly address: string;
  readonly width: number;
  readonly height: number;
}

/** Resolves links and pictures; throws for targets that don’t exist. `link` returns null for a target that isn’t available anywhere. */
export interface Surroundings {
  link(target: string): string | null;
  picture(target: string): Picture;
  /** Returns the page for inline code in the first column of a table, such as a command; null for most code. */
  page(code: string): string | null;
}

export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const ENTITIES: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&' };

/** Converts HTML made by this file to plain text. */
export const plainText = (html: string): string =>
  html
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/&(?:lt|gt|quot|#39|amp);/g, (entity) => ENTITIES[entity] ?? '')
    .replaceAll(/\s+/g, ' ')
    .trim();

/** Returns a heading’s anchor as GitHub makes it, so that links work both there and on the site. `taken`: the anchors before it. */
function anchorOf(text: string, taken: Set<string>): string {
  const slug = text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
  let id = slug;
  for (let count = 1; taken.has(id); count++) id = `${slug}-${count}`;
  taken.add(id);
  return id;
}

/** Languages of fenced blocks that highlight.js knows under other names. */
const LANGUAGES: Readonly<Record<string, string>> = { console: 'shell', sh: 'bash', dockerfile: 'bash', text: 'plaintext' };

function codeBlock(text: string, lang = ''): string {
  const name = LANGUAGES[lang] ?? lang;
  const code = hljs.getLanguage(name) === undefined ? escapeHtml(text) : hljs.highlight(text, { language: name }).value;
  return `<div class="code"><pre><code class="language-${escapeHtml(lang)}">${code}</code></pre></div>\n`;
}

/** Words and cells of at most this many characters stay on one line, even in a narrow window. */
const SHORT_WORD = 24;
const SHORT_CELL = 10;

/** Keeps a word of code from breaking after a hyphen: a part of `--verify` would look like another option. */
const unbroken = (word: string): string =>
  word.includes('-') && word.length <= SHORT_WORD ? `<span class="short">${escapeHtml(word)}</span>` : escapeHtml(word);

/** Removes links from a link’s text: nested links aren’t valid HTML. */
const unlinked = (html: string): string => html.replaceAll(/<\/?a\b[^>]*>/g, '');

function tableCell({ tokens, text }: Tokens.TableCell, tag: string, inline: (token: Token) => string): string {
  return `<${tag}${text.length <= SHORT_CELL ? ' class="short"' : ''}>${tokens.map(inline).join('')}</${tag}>`;
}

/** Returns a table in a box that can be scrolled. `inline`: renders the contents of a cell. */
function tableHtml({ header, rows }: Tokens.Table, inline: (token: Token, column: number) => string): string {
  const row = (cells: readonly Tokens.TableCell[], tag: string): string =>
    `<tr>${cells.map((cell, column) => tableCell(cell, tag, (token) => inline(token, column))).join('')}</tr>\n`;
  const body = rows.map((cells) => row(cells, 'td')).join('');
  return `<div class="table"><table>\n<thead>${row(header, 'th')}</thead>\n<tbody>${body}</tbody>\n</table></div>\n`;
}

/** Collects the headings of a document as they are rendered. */
class Headings {
  readonly anchors = new Set<string>();
  readonly list: Heading[] = [];
  title = '';

  /** Adds the next heading and returns its HTML. */
  add(html: string, depth: number): string {
    const id = anchorOf(plainText(html), this.anchors);
    if (depth === 1) {
      this.title = plainText(html);
      return `<h1 id="${id}">${html}</h1>\n`;
    }
    const text = unlinked(html);
    this.list.push({ id, html: text, depth });
    return `<h${depth} id="${id}"><a class="anchor" href="#${id}">${text}</a></h${depth}>\n`;
  }
}

/** Returns a Markdown renderer for one document. */
function markedFor(headings: Headings, around: Surroundings): Marked {
  return new Marked({
    renderer: {
      heading({ tokens, depth }) {
        return headings.add(this.parser.parseInline(tokens), depth);
      },
      link({ href, tokens }) {
        const html = this.parser.parseInline(tokens);
        const address = around.link(href);
        return address === null ? html : `<a href="${escapeHtml(address)}">${html}</a>`;
      },
      image({ href, text }) {
        const { address, width, height } = around.picture(href);
        const size = `width="${width}" height="${height}"`;
        return `<a class="picture" href="${address}"><img src="${address}" alt="${escapeHtml(text)}" ${size} loading="lazy" /></a>`;
      },
      codespan({ text }) {
        return `<code>${text.split(' ').map(unbroken).join(' ')}</code>`;
      },
      code({ text, lang }) {
        return codeBlock(text, lang);
      },
      html({ text }) {
        if (/^<!--.*-->\s*$/s.test(text)) return '';
        throw new Error(`HTML in a document: ${text}`);
      },
      table(token: Tokens.Table) {
        return tableHtml(token, (part, column) => {
          const html = this.parser.parseInline([part]);
          const page = column === 0 && part.type === 'codespan' ? around.page(part.text) : null;
          return page === null ? html : `<a href="${escapeHtml(page)}">${html}</a>`;
        });
      },
    },
  });
}

/** Renders a document. Throws for any HTML but comments, because the site wouldn’t show it. */
export function render(markdown: string, around: Surroundings): Rendered {
  const headings = new Headings();
  const marked = markedFor(headings, around);
  const sections: { readonly id: string; readonly heading: string; text: string }[] = [];
  let html = '';
  for (const token of marked.lexer(markdown)) {
    const piece = marked.parser([token]);
    html += piece;
    if (token.type === 'heading') {
      const { id, html: heading } = headings.list.at(-1) ?? { id: '', html: '' };
      sections.push({ id, heading: plainText(heading), text: '' });
      continue;
    }
    const last = sections.at(-1);
    if (last !== undefined) last.text = `${last.text} ${plainText(piece.replaceAll(/<\/(?:td|th|li|p|tr)>/g, ' '))}`.trim();
  }
  const { title, list, anchors } = headings;
  return { html, title, headings: list.filter(({ depth }) => depth <= 3), sections, anchors };
}
