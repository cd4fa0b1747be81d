/** The frame of a page: heading, navigation, the document, its contents, and links to the pages before and after it. */
import type { Chapter, Document } from './documents.ts';
import { relativeTo } from './links.ts';
import { escapeHtml, type Heading, plainText, type Rendered } from './render.ts';

/** Allows only files of the site; scripts and styles written into a page don’t run. */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'";

export interface PageFrame {
  readonly document: Document;
  readonly rendered: Rendered;
  readonly chapters: readonly Chapter[];
  readonly previous: Document | undefined;
  readonly next: Document | undefined;
}

function chapterNav({ title, documents }: Chapter, current: Document): string {
  const links = documents.map((document) => {
    const here = document === current ? ' aria-current="page"' : '';
    return `<li><a href="${relativeTo(current.page, document.page)}"${here}>${escapeHtml(document.title)}</a></li>`;
  });
  const open = documents.includes(current) ? ' open' : '';
  return `<details${open}><summary>${escapeHtml(title)}</summary><ul>\n${links.join('\n')}\n</ul></details>`;
}

function contentsOf(headings: readonly Heading[]): string {
  if (headings.length < 2) return '';
  const items = headings.map(({ id, html, depth }) => `<li class="depth-${depth}"><a href="#${id}">${html}</a></li>`);
  return `<nav class="contents" aria-label="On this page"><details open><summary>On this page</summary><ul>\n${items.join('\n')}\n</ul></details></nav>`;
}

function turn(document: Document | undefined, current: Document, rel: 'prev' | 'next'): string {
  if (document === undefined) return '';
  const word = rel === 'prev' ? 'Previous' : 'Next';
  return `<a rel="${rel}" href="${relativeTo(current.page, document.page)}"><span>${word}</span> ${escapeHtml(document.title)}</a>`;
}

/** Returns the first paragraph, for search engines and previews. */
function descriptionOf(html: string): string {
  const text = plainText(/<p>(.*?)<\/p>/s.exec(html)?.[1] ?? '');
  return text.length > 200 ? `${text.slice(0, 197)}…` : text;
}

/** Returns a complete page. Its own ids have a colon, which headings’ ids never have. */
export function pageHtml({ document, rendered, chapters, previous, next }: PageFrame): string {
  const to = (target: string): string => relativeTo(document.page, target);
  const isHome = document.page === 'index.html';
  const title = isHome ? 'Layerscope' : `${rendered.title} – Layerscope`;
  const root = '../'.repeat(document.page.split('/').length - 1);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta http-equiv="Content-Security-Policy" content="${POLICY}" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
<meta name="description" content="${escapeHtml(descriptionOf(rendered.html))}" />
<title>${escapeHtml(title)}</title>
<link rel="icon" type="image/svg+xml" href="${to('icon.svg')}" />
<link rel="stylesheet" href="${to('site.css')}" />
<script defer src="${to('site.js')}" data-root="${root}"></script>
</head>
<body${isHome ? ' class="home"' : ''}>
<a class="skip" href="#site:main">Skip to the text</a>
<header>
<a class="name" href="${to('index.html')}"><img src="${to('icon.svg')}" alt="" width="28" height="28" /> Layerscope</a>
<search id="site:search" hidden></search>
<a class="menu" href="#site:pages">Pages</a>
</header>
<div class="columns">
<nav id="site:pages" class="pages" aria-label="Pages">
${chapters.map((chapter) => chapterNav(chapter, document)).join('\n')}
<a class="close" href="#site:main">Close</a>
</nav>
<main id="site:main" tabindex="-1">
<article>
${rendered.html.replace('</h1>', () => `</h1>\n${contentsOf(rendered.headings)}`)}</article>
<nav class="turn" aria-label="Previous and next page">${turn(previous, document, 'prev')}${turn(next, document, 'next')}</nav>
</main>
</div>
</body>
</html>
`;
}
