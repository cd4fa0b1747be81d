import assert from 'node:assert/strict';
import { test } from 'node:test';
import { file, hardlink, pax, tar } from '../support/tar-builder.ts';
import { createBench, dockerArchive } from './run-cli.ts';

const kinds = (lines: readonly Record<string, unknown>[]) => lines.map(({ kind, path, field }) => `${kind} ${path ?? field}`);

const TWO = dockerArchive(
  [[tar(file('x', 'one'))], { names: ['app:1'], config: { Env: ['A=1', 'TERM=\u001b[31m'], Cmd: ['a'] } }],
  [
    [tar(file('x', 'two!')), tar(file('y', ''))],
    { names: ['host:5000/app/b:2'], config: { Env: ['A=2', 'TERM=\u001b[31m'], User: 'root' } },
  ],
);

test('each side of a comparison chooses its own image, by name, by number or by an option', async (t) => {
  const bench = createBench(t);
  bench.write('a.tar', TWO);
  bench.write('odd@name.tar', TWO);
  const wanted = ['modified x', 'added y', 'config User', 'config Env.A', 'config Cmd'];
  for (const sides of [
    ['a.tar@app:1', 'a.tar@host:5000/app/b:2'],
    ['a.tar@0', 'a.tar@1'],
    ['a.tar', 'a.tar', '--image-a', 'app:1', '--image-b', '1'],
    ['a.tar', 'odd@name.tar@1', '--image', 'app:1'],
    ['odd@name.tar', 'a.tar', '--image-b=1', '--platform-a', 'linux/amd64'],
  ]) {
    assert.deepEqual(kinds(await bench.lines(['diff', ...sides, '--json'])), wanted, sides.join(' '));
  }
  assert.equal((await bench.cli(['diff', 'a.tar', 'a.tar', '--image', '1', '--exit-code'])).code, 0);
  assert.deepEqual(kinds(await bench.lines(['diff', 'a.tar@1#0', 'a.tar@1#1', '--json'])), ['added y']);
  assert.deepEqual(kinds(await bench.lines(['diff', 'a.tar@0', 'a.tar@1#0', '--json'])), ['modified x']);

  const wrong = await bench.cli(['diff', 'a.tar@nothing', 'a.tar']);
  assert.equal(wrong.code, 3);
  assert.match(wrong.stderr, /^layerscope: NOT_FOUND: no image nothing; available: 0 app:1, 1 host:5000\/app\/b:2\n$/);
  const platform = await bench.cli(['diff', 'a.tar', 'a.tar', '--platform-b', 'linux/arm64']);
  assert.equal(platform.code, 3);
  assert.match(platform.stderr, /linux\/amd64/);
  assert.equal((await bench.cli(['diff', 'a.tar@0', 'a.tar', '--image-a', '1'])).code, 2);
});

test('config differences have their own lines, affect the exit code, and can be left out', async (t) => {
  const bench = createBench(t);
  bench.write('a.tar', TWO);
  const lines = await bench.lines(['diff', 'a.tar@0', 'a.tar@1', '--json']);
  assert.deepEqual(lines.slice(2), [
    { kind: 'config', field: 'User', a: null, b: 'root' },
    { kind: 'config', field: 'Env.A', a: '1', b: '2' },
    { kind: 'config', field: 'Cmd', a: ['a'], b: null },
  ]);
  const layer = tar(file('x', 'one'));
  const esc = { Env: ['P=\u001b[31m', 'Q\u0007=1'] };
  bench.write('same.tar', dockerArchive([[layer], { config: { Env: ['P=plain'] } }]));
  bench.write('other.tar', dockerArchive([[layer], { config: esc }]));
  const people = await bench.cli(['diff', 'same.tar', 'other.tar', '--exit-code']);
  assert.equal(people.code, 1);
  assert.deepEqual(people.stdout.split('\n'), [
    '~ config Env.P: "plain" → "\\u001b[31m"',
    '+ config Env.Q\\x07: "1"',
    '+0 ~0 −0, net 0 B, 2 config changes',
    '',
  ]);
  const without = await bench.cli(['diff', 'same.tar', 'other.tar', '--exit-code', '--no-config']);
  assert.deepEqual([without.code, without.stdout], [0, 'no difference\n']);
  // A layer has no config, whether selected from an image or stored in its own file.
  bench.write('layer.tar', layer);
  for (const sides of [
    ['same.tar#0', 'other.tar'],
    ['same.tar', 'layer.tar'],
    ['layer.tar', 'layer.tar'],
  ]) {
    const { code, stdout, stderr } = await bench.cli(['diff', ...sides, '--exit-code']);
    assert.deepEqual([code, stdout, stderr], [0, 'no difference\n', '']);
  }
});

test('paths that differ only in ignored properties are left out', async (t) => {
  const bench = createBench(t);
  const attribute = (value: string) => ({ 'SCHILY.xattr.user.a': value });
  const layer = (fields: object, value: string) =>
    tar(
      file('time', 'x', { mtime: 'mtime' in fields ? 9 : 0 }),
      file('owner', 'x', { uid: 'uid' in fields ? 9 : 0 }),
      file('mode', 'x', { mode: 'mode' in fields ? 0o600 : 0o644 }),
      pax(attribute(value)),
      file('xattrs', 'x'),
      file('all', 'mode' in fields ? 'y' : 'x', { mtime: 'mtime' in fields ? 9 : 0 }),
    );
  bench.write('a.tar', layer({}, '1'));
  bench.write('b.tar', layer({ mtime: 1, uid: 1, mode: 1 }, '2'));
  const paths = async (...args: string[]) => (await bench.lines(['diff', 'a.tar', 'b.tar', '--json', ...args])).map(({ path }) => path);
  assert.deepEqual(await paths(), ['all', 'mode', 'owner', 'time', 'xattrs']);
  assert.deepEqual(await paths('--ignore', 'time'), ['all', 'mode', 'owner', 'xattrs']);
  assert.deepEqual(await paths('--ignore', 'owner,mode'), ['all', 'time', 'xattrs']);
  assert.deepEqual(await paths('--ignore=time,owner,mode,xattrs'), ['all']);
  for (const words of ['color', 'time,', 'time,size', 'Time', '\u001b']) {
    const { code, stdout, stderr } = await bench.cli(['diff', 'a.tar', 'b.tar', '--ignore', words]);
    assert.deepEqual([code, stdout], [2, ''], words);
    assert.match(stderr, /^layerscope: USAGE: [^\n]*time, owner, mode, xattrs[^\n]*\n$/);
  }
});

test('text output says “content” if bytes differ, “rewritten” if they don’t, “unread” if they weren’t compared', async (t) => {
  const bench = createBench(t);
  const below = tar(file('changed', 'aaaa'), file('chmod', 'bbbb'), hardlink('link', 'chmod'), file('grown', 'c'));
  const above = tar(
    file('changed', 'aaab'),
    file('chmod', 'bbbb', { mode: 0o600 }),
    hardlink('link', 'chmod', { mode: 0o600 }),
    file('grown', 'cc'),
  );
  bench.write('a.tar', dockerArchive([[below, above]]));
  const linesOf = async (...args: string[]) =>
    (await bench.cli(args)).stdout.split('\n').flatMap((line) => (line.startsWith('~') ? [line.replace(/^~ +\S+ \S+ +/, '')] : []));
  const changes = ['changed  (content)', 'chmod  (rewritten, mode)', 'grown  (content, was 1 B)', 'link => chmod  (rewritten, mode)'];
  assert.deepEqual(await linesOf('changes', 'a.tar', '--layer', '1'), changes);
  assert.deepEqual(await linesOf('diff', 'a.tar#0', 'a.tar'), changes);
  const unread = changes.map((line) => line.replace('rewritten', 'unread').replace('changed  (content)', 'changed  (unread)'));
  assert.deepEqual(await linesOf('changes', 'a.tar', '--layer', '1', '--no-content'), unread);
  assert.deepEqual(await linesOf('diff', 'a.tar#0', 'a.tar', '--no-content'), unread);
});
