// Checks our Markdown with GitHub's renderer, cmark-gfm.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeSpan, markdownDocument } from '#format/markdown';
import { HOSTILE_NAMES } from '../support/hostile-names.ts';
import { runTool } from '../support/tools.ts';

const EXTENSIONS = ['table', 'autolink', 'strikethrough', 'tagfilter'].flatMap((name) => ['-e', name]);

test('GitHub finds no link, cell or HTML in names', () => {
  const columns = [{ title: 'path' }, { title: 'size' }];
  const rows = HOSTILE_NAMES.map((name, at) => [codeSpan(name), `${at} B`]);
  const text = markdownDocument(['start'], [{ title: 'T', columns, rows }], 1_000_000);
  const html = runTool('cmark-gfm', ['--unsafe', ...EXTENSIONS], { stdin: text }).toString();
  const lines = [...html.matchAll(/<tr>\n<td><code>([^<]*)<\/code><\/td>\n<td>(\d+) B<\/td>\n<\/tr>/g)];
  assert.deepEqual(
    lines.map(([, , at]) => Number(at)),
    HOSTILE_NAMES.map((_, at) => at),
    html,
  );
  assert.doesNotMatch(html, /<(?:a|img|script|b|em|del)\b/);
  for (const name of ['a|b|c', '` | `', '&lt;b&gt;&#64;you']) {
    const shown = name.replaceAll('&', '&amp;').replaceAll('<', '&lt;').trim();
    assert.ok(
      lines.some(([, code = '']) => code.trim() === shown),
      name,
    );
  }
});
