/** The documents that become pages, in reading order. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { commandPages } from './command-pages.ts';
import { COMMAND_PAGES, HOME, partsOf, REFERENCE } from './contents.ts';

export interface Document {
  /** Path in the repository; for a command’s page, the path of a file that doesn’t exist. */
  readonly source: string;
  /** Path in the site, with `/` as the separator. */
  readonly page: string;
  /** Title in the navigation. */
  readonly title: string;
  readonly markdown: string;
}

export interface Chapter {
  readonly title: string;
  readonly documents: readonly Document[];
}

/** Documents outside `docs` whose page isn't named after the document. */
const NAMED: Readonly<Record<string, string>> = {
  [HOME]: 'index.html',
  'docs/README.md': 'documentation.html',
  'extensions/podman-desktop/README.md': 'podman-desktop.html',
};

/** Titles in the navigation for documents with longer ones, and for the parts’ first pages. */
const SHORT: Readonly<Record<string, string>> = {
  [HOME]: 'What it is',
  'docs/guide/README.md': 'All tasks',
  [REFERENCE]: 'Command line',
  'docs/formats/README.md': 'All formats',
  'docs/decisions/README.md': 'All decisions',
  'docs/README.md': 'For developers',
  'extensions/podman-desktop/README.md': 'Podman Desktop extension',
};

/** Returns the page of a document: `docs/guide/ci.md` becomes `guide/ci.html`, and a folder’s README its `index.html`. */
function pageOf(source: string): string {
  return (
    NAMED[source] ??
    source
      .replace(/^docs\//, '')
      .replace(/README\.md$/, 'index.md')
      .replace(/^[A-Z]+(?=\.md$)/, (name) => name.toLowerCase())
      .replace(/\.md$/, '.html')
  );
}

/** Returns the path that a command’s document would have. */
export const commandSource = (name: string): string => `docs/reference/${name}.md`;

function titleOf(source: string, markdown: string): string {
  const title = /^# (.+)$/m.exec(markdown)?.[1];
  if (title === undefined) throw new Error(`${source} has no title`);
  return SHORT[source] ?? title.replaceAll('`', '');
}

function readDocument(root: string, source: string): Document {
  const markdown = readFileSync(path.join(root, source), 'utf8');
  return { source, page: pageOf(source), title: titleOf(source, markdown), markdown };
}

async function commandDocuments(): Promise<Document[]> {
  return (await commandPages()).map(({ name, markdown }) => {
    const source = commandSource(name);
    return { source, page: pageOf(source), title: name, markdown };
  });
}

/** Reads all documents. Throws if a document is missing, or if a document in `docs` isn’t in any part. */
export async function readChapters(root: string): Promise<readonly Chapter[]> {
  const docs = globSync('docs/**/*.md', { cwd: root }).map((file) => file.replaceAll('\\', '/'));
  const commands = await commandDocuments();
  const chapters = partsOf(docs.filter((file) => file.startsWith('docs/decisions/'))).map(({ title, documents }) => ({
    title,
    documents: documents.flatMap((name) => (name === COMMAND_PAGES ? commands : [readDocument(root, name)])),
  }));
  const known = new Set(chapters.flatMap(({ documents }) => documents.map(({ source }) => source)));
  const lost = docs.filter((file) => !known.has(file));
  if (lost.length > 0) throw new Error(`no part of the site has ${lost.join(', ')}: add it to scripts/site/contents.ts`);
  return chapters;
}
