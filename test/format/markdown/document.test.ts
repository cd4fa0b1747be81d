import assert from 'node:assert/strict';
import { test } from 'node:test';
import { marked } from 'marked';
import { codeSpan, htmlComment, markdownDocument } from '#format/markdown';
import { displayText } from '#model';
import { HOSTILE_NAMES } from '../../support/hostile-names.ts';
import { seeded } from '../../support/tar-collect.ts';

const columns = [{ title: 'size', align: 'right' as const }, { title: 'path' }];

/** Returns the cells of all tables in a document, as a renderer sees them. */
function cellsOf(html: string): string[][] {
  return [...html.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = '']) =>
    [...row.matchAll(/<t[dh][^>]*>(.*?)<\/t[dh]>/gs)].map(([, cell = '']) => cell),
  );
}

function unescapeHtml(text: string): string {
  return text.replace(/&(lt|gt|quot|#39|amp);/g, (_, name) => ({ lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' })[name as 'lt'] ?? '');
}

/**
 * Returns how a table cell shows a name. A bar after an odd number of backslashes can't be written in a cell, so it is shown as an escape.
 */
function shownAs(name: string): string {
  return displayText(name).replace(/(?<!\\)((?:\\\\)*\\)\|/g, '$1\\x7C');
}

function check(name: string): void {
  const html = marked.parse(
    markdownDocument(
      ['start'],
      [
        {
          title: 'T',
          columns,
          rows: [
            ['1 B', codeSpan(name)],
            ['2 B', 'after'],
          ],
        },
      ],
      65_536,
    ),
    {
      async: false,
      gfm: true,
    },
  );
  const cells = cellsOf(html);
  assert.equal(cells.length, 3, html);
  for (const row of cells) assert.equal(row.length, 2, html);
  const code = /^<code>(.*)<\/code>$/s.exec(cells[1]?.[1] ?? '');
  assert.ok(code !== null && !code[1]?.includes('<'), html);
  if (name.length <= 200) assert.equal(unescapeHtml(code[1] ?? '').trim(), shownAs(name).trim(), html);
  assert.equal(cells[2]?.[1], 'after', html);
  assert.doesNotMatch(html, /<(?:a|img|script|b|em|del)\b/);
}

test('a name doesn’t create a link, mention, cell or HTML in a document, and is shown verbatim', () => {
  for (const name of HOSTILE_NAMES) check(name);
});

test('random names made of Markdown’s special characters are shown verbatim', () => {
  const next = seeded(7);
  const letters = ['`', '|', '\\', '<', '>', '[', ']', '(', ')', '*', '_', '@', '#', '&', ' ', 'a', ':', '/', '.', '-', '$', '!', '~', '"'];
  for (let round = 0; round < 2000; round++) {
    const length = 1 + Math.floor(next() * 12);
    const name = Array.from({ length }, () => letters[Math.floor(next() * letters.length)]).join('');
    if (name.trim() !== '') check(name);
  }
});

test('a hidden line stays a comment', () => {
  assert.equal(htmlComment('layerscope:diff:registry.test:5000/a/b'), '<!-- layerscope:diff:registry.test:5000/a/b -->');
  for (const name of HOSTILE_NAMES) {
    const line = htmlComment(name);
    assert.match(line, /^<!-- [\w./:@-]* -->$/);
    assert.doesNotMatch(line.slice(4, -3), /--/);
  }
});

test('a document stays within its limit by leaving out whole rows at the end of each table', () => {
  const rows = Array.from({ length: 100 }, (_, row) => [`${row} B`, codeSpan(`${row}-${'x'.repeat(150)}`)]);
  const tables = ['A', 'B', 'C'].map((title) => ({ title, columns, rows, more: 7 }));
  const whole = markdownDocument(['start'], tables, 1_000_000);
  assert.doesNotMatch(whole, /left out/);
  assert.equal(whole.match(/^\| \d+ B \|/gm)?.length, 300);
  assert.equal(whole.match(/^and 7 more$/gm)?.length, 3);
  for (let limit = 2000; limit < 20_000; limit += 997) {
    const text = markdownDocument(['start'], tables, limit);
    assert.ok(text.length <= limit, `${text.length} of ${limit}`);
    const shown = text.match(/^\| \d+ B \| `\d+-x+` \|$/gm)?.length ?? 0;
    assert.ok(shown > 3 && text.includes(`\n${300 - shown} rows are left out: a comment holds ${limit} characters.\n`), text.slice(-200));
    assert.ok(text.length > limit - 700, 'the space is used');
    for (const table of text.split(/^\*\*[ABC]\*\*$/m).slice(1))
      assert.match(table, /^\n\n\| size \| path \|\n\| --: \| --- \|\n\| 0 B \|/);
  }
});

test('a heading without columns gets its own line', () => {
  assert.equal(markdownDocument(['start'], [{ title: 'No new finding', columns: [], rows: [] }], 1000), 'start\n\n**No new finding**\n');
});
