/** A document’s Markdown as HTML, with what the table of contents and the search need of it. */
import hljs from 'highlight.js/lib/common';
import { Marked, type Tokens } from 'marked';

export interface Heading {
  readonly id: string;
  readonly html: string;
  readonly depth: number;
}

/** What stands under one heading, for the search. */
interface Section {
  /** '' for what stands before the first heading below the title. */
  readonly id: string;
  readonly heading: string;
  readonly text: string;
}

export interface Rendered {
  readonly html: string;
  readonly title: string;
  /** Headings of the second and third order. */
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

/** Where links and pictures are; these throw for what doesn’t exist. `link` returns null for what can’t be read anywhere. */
export interface Surroundings {
  link(target: string): string | null;
  picture(target: string): Picture;
  /** Where a code in the first column of a table has a page of its own; null for most. */
  page(code: string): string | null;
}

export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const ENTITIES: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&' };

/** HTML that this file made, as plain text. */
export const plainText = (html: string): string =>
  html
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/&(?:lt|gt|quot|#39|amp);/g, (entity) => ENTITIES[entity] ?? '')
    .replaceAll(/\s+/g, ' ')
    .trim();

/** A heading’s anchor as GitHub makes it, so that links work in both; `taken` has those before it. */
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

/** A language of a fenced block that highlight.js knows under another name. */
const LANGUAGES: Readonly<Record<string, string>> = { console: 'shell', sh: 'bash', dockerfile: 'bash', text: 'plaintext' };

function codeBlock(text: string, lang = ''): string {
  const name = LANGUAGES[lang] ?? lang;
  const code = hljs.getLanguage(name) === undefined ? escapeHtml(text) : hljs.highlight(text, { language: name }).value;
  return `<div class="code"><pre><code class="language-${escapeHtml(lang)}">${code}</code></pre></div>\n`;
}

/** Words and cells of at most so many letters stay on one line, in a narrow window too. */
const SHORT_WORD = 24;
const SHORT_CELL = 10;

/** A word of code that isn’t broken after a hyphen: what is left of `--verify` would be another option. */
const unbroken = (word: string): string =>
  word.includes('-') && word.length <= SHORT_WORD ? `<span class="short">${escapeHtml(word)}</span>` : escapeHtml(word);

/** Renders a document. Throws for HTML other than comments, which the site doesn’t show. */
export function render(markdown: string, around: Surroundings): Rendered {
  const anchors = new Set<string>();
  const headings: Heading[] = [];
  let title = '';
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth }) {
        const html = this.parser.parseInline(tokens);
        const id = anchorOf(plainText(html), anchors);
        if (depth === 1) {
          title = plainText(html);
          return `<h1>${html}</h1>\n`;
        }
        // A link inside a link isn’t HTML.
        const unlinked = html.replaceAll(/<\/?a\b[^>]*>/g, '');
        headings.push({ id, html: unlinked, depth });
        return `<h${depth} id="${id}"><a class="anchor" href="#${id}">${unlinked}</a></h${depth}>\n`;
      },
      link({ href, tokens }) {
        const html = this.parser.parseInline(tokens);
        const address = around.link(href);
        return address === null ? `<span class="source">${html}</span>` : `<a href="${escapeHtml(address)}">${html}</a>`;
      },
      image({ href, text }) {
        const { address, width, height } = around.picture(href);
        const alt = escapeHtml(text);
        const size = `width="${width}" height="${height}"`;
        return `<a class="picture" href="${address}"><img src="${address}" alt="${alt}" ${size} loading="lazy" /></a>`;
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
        const cell = ({ tokens, text }: Tokens.TableCell, tag: string, column: number): string => {
          const html = tokens.map((each) => {
            const inside = this.parser.parseInline([each]);
            const page = column === 0 && each.type === 'codespan' ? around.page(each.text) : null;
            return page === null ? inside : `<a href="${escapeHtml(page)}">${inside}</a>`;
          });
          return `<${tag}${text.length <= SHORT_CELL ? ' class="short"' : ''}>${html.join('')}</${tag}>`;
        };
        const row = (cells: readonly Tokens.TableCell[], tag: string): string =>
          `<tr>${cells.map((each, column) => cell(each, tag, column)).join('')}</tr>\n`;
        const body = token.rows.map((cells) => row(cells, 'td')).join('');
        return `<div class="table"><table>\n<thead>${row(token.header, 'th')}</thead>\n<tbody>${body}</tbody>\n</table></div>\n`;
      },
    },
  });
  const sections: { id: string; heading: string; text: string }[] = [];
  let html = '';
  for (const token of marked.lexer(markdown)) {
    const before = headings.length;
    const piece = marked.parser([token]);
    html += piece;
    const opened = headings.length > before ? headings.at(-1) : undefined;
    const last = sections.at(-1);
    if (opened !== undefined) sections.push({ id: opened.id, heading: plainText(opened.html), text: '' });
    else if (token.type === 'heading') sections.push({ id: '', heading: '', text: '' });
    else if (last !== undefined) last.text = `${last.text} ${plainText(piece.replaceAll(/<\/(?:td|th|li|p|tr)>/g, ' '))}`.trim();
  }
  return { html, title, headings: headings.filter(({ depth }) => depth <= 3), sections, anchors };
}
