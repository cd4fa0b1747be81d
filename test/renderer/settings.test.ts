import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { tailStart } from '../../renderer/components/tail-start.ts';
import { parseLayout } from '../../renderer/state/layout.ts';
import { formatSize, setUnits } from '../../renderer/words/numbers.ts';

after(() => setUnits('decimal'));

test('sizes use powers of 1,000 or of 1,024', () => {
  assert.equal(formatSize(1_500_000), '1.5 MB');
  setUnits('binary');
  for (const [bytes, text] of [
    [1_023, '1,023 B'],
    [1_024, '1.0 KiB'],
    [1_500_000, '1.4 MiB'],
    [1_048_575, '1.0 MiB'],
    [-2_048, '−2.0 KiB'],
    [0, '0 B'],
  ] as const)
    assert.equal(formatSize(bytes), text);
});

test('stored settings are read back, and invalid settings get their defaults', () => {
  const kept = { units: 'binary', previewText: 16, wraps: true, modifiedAs: 'content', pictureDiff: 'onion', diffLayout: 'split' };
  const read = parseLayout(kept);
  assert.deepEqual(Object.fromEntries(Object.keys(kept).map((name) => [name, read[name as keyof typeof read]])), kept);
  const broken = parseLayout({ units: 'feet', previewText: 400, wraps: 'yes', pictureDiff: 3, compareWidth: 1e9 });
  assert.deepEqual(broken, parseLayout({}));
});

test('a shortened name keeps its last part or its tag', () => {
  const tail = (text: string) => text.slice(tailStart(text));
  assert.equal(tail('registry.example.com/acme/web-api:1.8'), 'web-api:1.8');
  assert.equal(tail('acme/a-very-long-name-of-a-program:1.8'), ':1.8');
  assert.equal(tail('web-api:1.8'), ':1.8');
  assert.equal(tail('localhost:5000/x'), 'x');
  assert.equal(tail('0123456789abcdef'), '89abcdef');
  assert.equal(tail('app:a-long-tag-of-a-build'), '-a-build');
});

test('a short name is not cut', () => {
  for (const name of ['1', 'x:1', 'empty.tar', 'web:12']) assert.equal(tailStart(name), 0);
});
