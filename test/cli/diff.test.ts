import assert from 'node:assert/strict';
import { test } from 'node:test';
import { directory, file, hardlink, pax, symlink, tar } from '../support/tar-builder.ts';
import { createBench, dockerArchive } from './run-cli.ts';

const BASE = tar(directory('d/'), file('d/same', 'same'), file('d/gone', 'gone'));
const A = dockerArchive([
  [
    BASE,
    tar(
      file('bytes', 'aaaa'),
      file('copied', 'copy', { mtime: 5 }),
      file('mode', 'x', { mode: 0o644 }),
      file('time', 'x', { mtime: 1 }),
      file('size', 'x'),
      symlink('link', 'one'),
      directory('tree/'),
      file('tree/x', '123'),
      file('tree/y', '45'),
      directory('touched/', { mtime: 1 }),
      file('becomes', 'a file'),
    ),
  ],
]);
const B = dockerArchive([
  [
    BASE,
    tar(
      file('copied', 'copy', { mtime: 5 }),
      file('bytes', 'aaab'),
      file('mode', 'x', { mode: 0o600 }),
      file('time', 'x', { mtime: 2 }),
      file('size', 'xyz'),
      symlink('link', 'two'),
      directory('touched/', { mtime: 2 }),
      directory('becomes/'),
      file('d/.wh.gone', ''),
      file('new', ''),
    ),
  ],
]);

test('diff prints every difference, even of a single byte, and nothing else', async (t) => {
  const bench = createBench(t);
  bench.write('a.tar', A);
  bench.write('b.tar', B);
  const lines = await bench.lines(['diff', 'a.tar', 'b.tar', '--json']);
  assert.deepEqual(
    lines.map(({ kind, path, differs = [] }) => `${kind} ${path} ${differs}`.trim()),
    [
      'modified becomes type,time,content'.replace(',time,content', ''),
      'modified bytes content',
      'removed d/gone',
      'modified link link',
      'modified mode mode',
      'added new',
      'modified size content',
      'modified time time',
      'removed tree',
    ].map((line) => (line === 'modified becomes type' ? 'modified becomes type,mode' : line)),
  );
  const size = lines.find(({ path }) => path === 'size');
  const attributes = { type: 'file', mode: '0644', uid: 0, gid: 0, mtime: '0.000000000', layer: 1 };
  assert.deepEqual(size, {
    kind: 'modified',
    path: 'size',
    differs: ['content'],
    content: 'different',
    a: { ...attributes, size: 1 },
    b: { ...attributes, size: 3 },
  });
  const tree = lines.find(({ path }) => path === 'tree') as { a: { type: string }; entries: number; bytes: number };
  assert.equal(tree.a.type, 'directory');
  assert.deepEqual([tree.entries, tree.bytes], [2, 5]);
  assert.equal('b' in tree, false);
});

test('diff exits with 1 only with --exit-code and if the sides differ', async (t) => {
  const bench = createBench(t);
  bench.write('a.tar', A);
  bench.write('b.tar', B);
  assert.equal((await bench.cli(['diff', 'a.tar', 'b.tar'])).code, 0);
  assert.equal((await bench.cli(['diff', 'a.tar', 'b.tar', '--exit-code'])).code, 1);
  const same = await bench.cli(['diff', 'a.tar', 'a.tar', '--exit-code', '--json']);
  assert.deepEqual([same.code, same.stdout], [0, '']);
  const people = await bench.cli(['diff', 'a.tar', 'a.tar']);
  assert.equal(people.stdout, 'no difference\n');
});

test('A#N is the view at layer N, in one image or in two', async (t) => {
  const bench = createBench(t);
  bench.write('a.tar', A);
  bench.write('b.tar', B);
  assert.equal((await bench.cli(['diff', 'a.tar#0', 'b.tar#0', '--exit-code'])).code, 0);
  const lines = await bench.lines(['diff', 'b.tar#0', 'b.tar#1', '--json']);
  assert.ok(lines.some(({ kind, path }) => kind === 'removed' && path === 'd/gone'));
  assert.ok(lines.some(({ kind, path }) => kind === 'added' && path === 'bytes'));
  const wrong = await bench.cli(['diff', 'a.tar#7', 'b.tar']);
  assert.equal(wrong.code, 3);
  assert.match(wrong.stderr, /^layerscope: NOT_FOUND: [^\n]+\n$/);
});

test('A#N-M is the content of layers N to M alone, regardless of the layers below', async (t) => {
  const bench = createBench(t);
  const step = [tar(file('app', 'one')), tar(file('app', 'two'), file('etc/.wh.os'))];
  bench.write('a.tar', dockerArchive([[tar(file('etc/os', 'debian')), ...step]]));
  bench.write('b.tar', dockerArchive([[tar(file('etc/os', 'alpine'), file('more', '')), ...step, tar(file('last', ''))]]));
  assert.equal((await bench.cli(['diff', 'a.tar', 'b.tar', '--exit-code'])).code, 1);
  const same = await bench.cli(['diff', 'a.tar#1-2', 'b.tar#1-2', '--exit-code']);
  assert.deepEqual([same.code, same.stdout], [0, 'no difference\n']);
  const lines = await bench.lines(['diff', 'a.tar#1-1', 'b.tar#2-3', '--json']);
  assert.deepEqual(
    lines.map(({ kind, path }) => `${kind} ${path}`),
    ['modified app', 'added last'],
  );
  for (const wrong of ['a.tar#2-1', 'a.tar#0-9']) assert.notEqual((await bench.cli(['diff', wrong, 'b.tar'])).code, 0);
});

test('the same content is not a difference if it is in other layers, in another order, or in hard links instead of files', async (t) => {
  const bench = createBench(t);
  bench.write('one.tar', dockerArchive([[tar(file('x', 'xxxx'), file('y', 'yyyy'), directory('d/'), file('d/z', 'z'))]]));
  bench.write(
    'two.tar',
    dockerArchive([
      [tar(file('d/z', 'z')), tar(directory('d/'), file('y', 'yyyy')), tar(pax({ comment: 'other bytes' }), file('x', 'xxxx'))],
    ]),
  );
  const same = await bench.cli(['diff', 'one.tar', 'two.tar', '--exit-code']);
  assert.equal(same.stdout, 'no difference\n');
  assert.equal(same.code, 0);
  bench.write('linked.tar', dockerArchive([[tar(file('x', 'same'), file('y', 'same'))]]));
  bench.write('links.tar', dockerArchive([[tar(file('x', 'same'), hardlink('y', 'x'))]]));
  const [line, ...others] = await bench.lines(['diff', 'linked.tar', 'links.tar', '--json']);
  assert.deepEqual(line?.differs, ['type']);
  assert.deepEqual(others, []);
});
