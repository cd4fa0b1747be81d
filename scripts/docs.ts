// `npm run docs [-- --sources URL]`: the documentation as a static site in out/site, which works from disk and under any address. URL is
// where the repository’s files can be read, such as https://github.com/OWNER/layerscope/blob/main; without it, links to sources are plain
// text.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildSite } from './site/build-site.ts';

const root = path.dirname(import.meta.dirname);
const { values } = parseArgs({ options: { sources: { type: 'string' } } });
const out = path.join(root, 'out', 'site');
const sourcesUrl = values.sources === undefined ? null : `${values.sources.replace(/\/$/, '')}/`;
const count = await buildSite({ root, out, sourcesUrl });
console.log(`${count} pages: ${path.join(out, 'index.html')}`);
