// The parts of `npm run docs`. test/docs reads the built site in a browser.
import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { checkAnchors } from '../../scripts/site/check-anchors.ts';
import { commandPages } from '../../scripts/site/command-pages.ts';
import { resolveLink } from '../../scripts/site/links.ts';
import { render } from '../../scripts/site/render.ts';
import { themeCss } from '../../scripts/site/theme.ts';
import { commandHelp } from '../../src/cli/arguments.ts';
import { listedCommands } from '../../src/cli/commands.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const around = { link: (target: string) => target, picture: () => ({ address: 'x.png', width: 1, height: 1 }), page: () => null };
const pages = new Map([
  ['README.md', 'index.html'],
  ['docs/guide/ci.md', 'guide/ci.html'],
  ['docs/guide/README.md', 'guide/index.html'],
]);

test('a link leads to its document’s page, or from a folder to its README’s page', () => {
  const places = { root, pages, sourcesUrl: null };
  const resolve = (target: string) => resolveLink(target, 'docs/guide/ci.md', 'guide/ci.html', places);
  assert.equal(resolve('../../README.md#use'), '../index.html#use');
  assert.equal(resolve('README.md'), 'index.html');
  assert.equal(resolve('../guide/'), 'index.html');
  assert.equal(resolve('#rules'), '#rules');
  assert.equal(resolve('https://example.org/x#y'), 'https://example.org/x#y');
});

test('a link to a source leads to the repository if its address is known, and nowhere otherwise', () => {
  const resolve = (sourcesUrl: string | null) =>
    resolveLink('../../src/model', 'docs/guide/ci.md', 'guide/ci.html', { root, pages, sourcesUrl });
  assert.equal(resolve('https://example.org/blob/main/'), 'https://example.org/blob/main/src/model');
  assert.equal(resolve(null), null);
});

test('a link to a file that doesn’t exist, or lies outside, fails the build', () => {
  for (const target of ['nothing.md', '../../src/nothing', '../../../elsewhere.md'])
    assert.throws(
      () => resolveLink(target, 'docs/guide/ci.md', 'guide/ci.html', { root, pages, sourcesUrl: null }),
      /doesn’t exist/,
      target,
    );
});

test('a link to a heading that doesn’t exist fails the build', () => {
  const page = (name: string, markdown: string) => ({
    document: { source: `${name}.md`, page: `${name}.html`, title: name, markdown },
    rendered: render(markdown, around),
  });
  checkAnchors([page('a', '# A\n## One\n[x](b.html#two) [y](#one)'), page('b', '# B\n## Two')]);
  assert.throws(() => checkAnchors([page('a', '# A\n[x](b.html#three)'), page('b', '# B\n## Two')]), /a\.md links to b\.html#three/);
});

test('anchors are the same as GitHub’s', () => {
  const { headings } = render('# T\n## What `inspect` does, twice!\n## Same\n## Same\n## zstd:chunked & Öl_1', around);
  assert.deepEqual(
    headings.map(({ id }) => id),
    ['what-inspect-does-twice', 'same', 'same-1', 'zstdchunked--öl_1'],
  );
});

test('text is escaped, comments are left out, and other HTML fails the build', () => {
  const { html } = render('# T\n<!-- a\ncomment -->\n\na < b & `<c>`\n\n```text\n<d>\n```', around);
  assert.ok(html.includes('a &lt; b &amp; <code>&lt;c&gt;</code>'), html);
  assert.ok(html.includes('&lt;d&gt;'), html);
  assert.ok(!html.includes('comment'), html);
  assert.throws(() => render('# T\n\n<script>x</script>', around), /HTML in a document/);
  assert.throws(() => render('# T\n\na <b>bold</b> word', around), /HTML in a document/);
});

test('sections have the plain text under each heading', () => {
  const { sections } = render('# T\n\nFirst **words**.\n\n## One\n\n| a | b |\n| --- | --- |\n| `c<d` | e |\n\n- f\n- g', around);
  assert.deepEqual(sections, [
    { id: '', heading: '', text: 'First words.' },
    { id: 'one', heading: 'One', text: 'a b c<d e f g' },
  ]);
});

test('a command’s page has everything in its help', async () => {
  const help = new Map((await listedCommands()).map(({ spec }) => [spec.name, commandHelp(spec)]));
  const commands = await commandPages();
  assert.deepEqual(
    commands.map(({ name }) => name),
    [...help.keys()],
  );
  for (const { name, markdown } of commands) {
    const { sections } = render(markdown, around);
    const words = new Set(sections.flatMap(({ text }) => text.split(/\s+/)));
    const missing = (help.get(name) ?? '').split(/\s+/).filter((word) => word !== '' && !words.has(word));
    // Only the option that prints the help is missing from the page.
    assert.deepEqual(
      [...new Set(missing)].filter((word) => !['--help', 'print', 'this', 'help'].includes(word)),
      [],
      name,
    );
  }
});

test('both themes come from the window’s tokens, and a missing token fails the build', () => {
  const css = themeCss(':root {\n --a: 1;\n}\n:root[data-theme="dark"] {\n --a: 2;\n}');
  assert.match(css, /^:root \{\s+--a: 1;\s+\}\s+@media \(prefers-color-scheme: dark\) \{\s+:root \{\s+--a: 2;\s+\}\s+\}/);
  assert.throws(() => themeCss(':root { --a: 1; }'), /has no :root\[data-theme/);
});
