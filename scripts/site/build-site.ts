/** Builds the site: pages, pictures, style, script and the data for the search. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'vite';
import { checkAnchors } from './check-anchors.ts';
import { REFERENCE } from './contents.ts';
import { commandSource, type Document, readChapters } from './documents.ts';
import { pageHtml } from './layout.ts';
import { relativeTo, resolveLink } from './links.ts';
import type { SearchRecord } from './page/search.ts';
import { type Picture, type Rendered, render } from './render.ts';
import { themeCss } from './theme.ts';

export interface SiteOptions {
  /** Folder of the repository. */
  readonly root: string;
  /** Folder to write; its previous contents are removed. */
  readonly out: string;
  /** Address of the repository’s files, with a trailing slash; null if there is none. */
  readonly sourcesUrl: string | null;
}

/** Returns the width and height of a PNG, from its first chunk (PNG 11.2.1). */
function pngSize(file: string): { width: number; height: number } {
  const bytes = readFileSync(file);
  if (bytes.toString('latin1', 12, 16) !== 'IHDR') throw new Error(`${file} is no PNG`);
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

/** Folder of the pictures in the site. */
const PICTURES = 'pictures';

function write(out: string, name: string, text: string): void {
  const file = path.join(out, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/**
 * Builds the page’s script as one classic script, with the licences of what it contains. It can't be a module, because browsers refuse
 * modules in a page opened from disk.
 */
async function buildScript({ root, out }: SiteOptions): Promise<void> {
  const licence = readFileSync(path.join(root, 'node_modules', 'minisearch', 'LICENSE.txt'), 'utf8');
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    publicDir: false,
    build: {
      outDir: out,
      emptyOutDir: false,
      modulePreload: false,
      rolldownOptions: {
        input: { site: path.join(import.meta.dirname, 'page', 'main.ts') },
        output: { format: 'iife', entryFileNames: '[name].js', postBanner: `/*! Contains MiniSearch.\n${licence.trim()}\n*/` },
      },
    },
  });
}

function recordsOf({ page }: Document, { title, sections }: Rendered): SearchRecord[] {
  return sections.map(({ id, heading, text }) => ({ page: id === '' ? page : `${page}#${id}`, title, heading, text }));
}

/** Builds the site and returns its number of pages. Throws if a link, anchor or picture leads nowhere. */
export async function buildSite(options: SiteOptions): Promise<number> {
  const { root, out, sourcesUrl } = options;
  rmSync(out, { recursive: true, force: true });
  const chapters = await readChapters(root);
  const documents = chapters.flatMap((chapter) => chapter.documents);
  const pages = new Map(documents.map(({ source, page }) => [source, page]));

  const pictures = new Map<string, string>();
  const pictureOf = (target: string, { source, page }: Document): Picture => {
    const file = path.posix.join(path.posix.dirname(source), target);
    const place = `${PICTURES}/${path.posix.basename(file)}`;
    pictures.set(place, file);
    return { address: relativeTo(page, place), ...pngSize(path.join(root, file)) };
  };
  const commandPageOf = (code: string, { source, page }: Document): string | null => {
    const target = source === REFERENCE ? pages.get(commandSource(code.split(' ')[0] ?? '')) : undefined;
    return target === undefined ? null : relativeTo(page, target);
  };
  const rendered = documents.map((document) => ({
    document,
    rendered: render(document.markdown, {
      link: (target) => resolveLink(target, document.source, document.page, { root, pages, sourcesUrl }),
      picture: (target) => pictureOf(target, document),
      page: (code) => commandPageOf(code, document),
    }),
  }));
  checkAnchors(rendered);

  for (const [at, each] of rendered.entries()) {
    const html = pageHtml({ ...each, chapters, previous: documents[at - 1], next: documents[at + 1] });
    write(out, each.document.page, html);
  }
  for (const [place, file] of pictures) cpSync(path.join(root, file), path.join(out, place));
  cpSync(path.join(root, 'assets', 'icon.svg'), path.join(out, 'icon.svg'));
  const tokens = readFileSync(path.join(root, 'renderer', 'styles', 'tokens.css'), 'utf8');
  write(out, 'site.css', themeCss(tokens) + readFileSync(path.join(import.meta.dirname, 'page', 'site.css'), 'utf8'));
  const records = rendered.flatMap((each) => recordsOf(each.document, each.rendered));
  write(out, 'search-records.js', `globalThis.searchRecords = ${JSON.stringify(records)};\n`);
  await buildScript(options);
  return documents.length;
}
