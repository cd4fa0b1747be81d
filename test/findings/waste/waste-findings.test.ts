import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildStack } from '#changes';
import { wasteFindings } from '#findings/waste';
import { hashName, type LayerTable } from '#format/layer';
import { directory, file, hardlink, symlink, tar, utf8 } from '../../support/tar-builder.ts';
import { buildLayer } from '../../support/tar-collect.ts';

type Layer = readonly Uint8Array<ArrayBuffer>[];

function tableOf(bytes: Uint8Array): LayerTable {
  return buildLayer(bytes).table;
}

/** Returns the findings as `layer code path bytes [→ removedIn]`, sorted. */
function found(...layers: readonly Layer[]): string[] {
  const stack = buildStack(layers.map((members) => tableOf(tar(...members))));
  return [...wasteFindings(stack)]
    .map(({ layer, code, path, bytes, removedIn }) =>
      [layer, code, path ?? '-', ...(bytes === undefined ? [] : [bytes]), ...(removedIn === undefined ? [] : ['→', removedIn])].join(' '),
    )
    .sort();
}

test('a folder of the catalogue is one finding with the bytes that its layer has at or below it', () => {
  const layers = [
    [file('var/lib/apt/lists/a', '12345'), file('var/lib/apt/lists/partial/b', '123'), file('var/lib/apt/extended_states', '1')],
    [file('var/lib/apt/lists/a', '1')],
  ];
  assert.deepEqual(found(...layers), ['0 waste-apt-lists var/lib/apt/lists 8', '1 waste-apt-lists var/lib/apt/lists 1']);
});

test('patterns without a slash match in any folder, patterns with a slash only at the root', () => {
  assert.deepEqual(
    found([
      file('root/.cache/pip/http/a', '1'),
      file('home/me/.cache/pip/b', '12'),
      file('srv/tmp/keep', '1'),
      file('srv/var/log/keep', '1'),
      file('.cache/.cache/pip/c', '123'),
      file('usr/lib/ruby/gems/3.2.0/cache/x.gem', '1234'),
      file('usr/lib/ruby/gems/3.2.0/gems/cache/x.rb', '1'),
    ]),
    [
      '0 waste-gem-cache usr/lib/ruby/gems/3.2.0/cache 4',
      '0 waste-pip-cache .cache/.cache/pip 3',
      '0 waste-pip-cache home/me/.cache/pip 2',
      '0 waste-pip-cache root/.cache/pip 1',
    ],
  );
});

test('a catalogued path below another is part of the same finding', () => {
  assert.deepEqual(found([file('tmp/src/.git/a', '12'), file('tmp/src/__pycache__/b.pyc', '3')]), ['0 waste-tmp tmp 3']);
});

test('empty files, folders, links, and files with the name of a catalogued folder give no findings', () => {
  const layer = [file('tmp/empty'), directory('var/log/'), symlink('var/tmp', '/tmp'), file('app/.git', 'gitdir: ../x'), file('core', 'x')];
  assert.deepEqual(found(layer), []);
});

test('a compiled Python file outside __pycache__ is reported by itself; a name that is only an extension is not', () => {
  assert.deepEqual(found([file('a/b.pyc', '12'), file('a/.pyc', '1'), file('a/c.py', '1')]), ['0 waste-pyc a/b.pyc 2']);
});

test('a cache that a later layer removes is one finding, with that layer, whether the folder goes or all its files', () => {
  const cache = [file('var/cache/apk/a', '123'), file('var/cache/apk/b', '45')];
  assert.deepEqual(found(cache, [file('var/cache/.wh.apk')]), ['0 waste-apk-cache var/cache/apk 5 → 1']);
  assert.deepEqual(found(cache, [file('var/cache/apk/.wh.a')], [file('var/cache/apk/.wh.b')]), ['0 waste-apk-cache var/cache/apk 5 → 2']);
  assert.deepEqual(found(cache, [file('var/cache/apk/.wh.a')]), ['0 waste-apk-cache var/cache/apk 5']);
});

test('what a later layer removes is reported at the topmost path that is gone, for each layer that contained it', () => {
  assert.deepEqual(
    found(
      [file('src/a', '1234'), file('src/lib/b', '12'), file('keep', '1')],
      [file('src/a', '12345')],
      [file('.wh.src')],
      [file('src/c', '123')],
      [file('src/.wh.c')],
    ),
    ['0 waste-removed-later src 6 → 2', '1 waste-removed-later src 5 → 2', '3 waste-removed-later src/c 3 → 4'],
  );
});

test('the first layer that removes a path is reported, and for the rest of its folder the layer that removes the folder', () => {
  assert.deepEqual(found([file('d/a', '1'), file('d/b', '12')], [file('d/.wh.a')], [file('.wh.d')]), [
    '0 waste-removed-later d 2 → 2',
    '0 waste-removed-later d/a 1 → 1',
  ]);
});

test('an opaque folder and a folder replaced by a file remove what was in them; an overwritten file is not a removal', () => {
  assert.deepEqual(found([file('d/a', '1'), file('d/b', '12')], [file('d/.wh..wh..opq'), file('d/b', '3')]), [
    '0 waste-removed-later d/a 1 → 1',
  ]);
  assert.deepEqual(found([file('d/a', '123')], [file('d', 'file')]), ['0 waste-removed-later d 3 → 1']);
});

test('a body that a hard link still shows is not wasted', () => {
  const below = [file('a', '123'), hardlink('b', 'a'), file('c', '12')];
  assert.deepEqual(found(below, [file('.wh.a'), file('.wh.c')]), ['0 waste-removed-later c 2 → 1']);
});

test('build tools are recognized by name in program folders, as long as the image shows them', () => {
  const tools = [
    'usr/bin/gcc',
    'usr/bin/x86_64-linux-gnu-g++-12',
    'usr/lib/gcc/x86_64-linux-gnu/12/cc1',
    'usr/local/go/bin/go',
    'usr/lib/jvm/java-17/bin/javac',
  ];
  const others = ['usr/bin/gcc-ar', 'usr/bin/go', 'srv/gcc', 'usr/bin/make-ssl-cert', 'usr/share/make', 'usr/bin/not-gcc'];
  const lines = found([...tools, ...others].map((path) => file(path, '12')));
  assert.deepEqual(lines, [...tools, 'usr/bin/go'].map((path) => `0 waste-build-tools ${path} 2`).sort());
  assert.deepEqual(found([file('usr/bin/gcc', '12')], [file('usr/bin/.wh.gcc')]), ['0 waste-removed-later usr/bin/gcc 2 → 1']);
});

test('modes are reported for what the image shows', () => {
  const open = [
    file('a', '', { mode: 0o4755 }),
    file('b', '', { mode: 0o666 }),
    directory('c/', { mode: 0o777 }),
    directory('d/', { mode: 0o1777 }),
    symlink('e', 'a'),
    file('f', '', { mode: 0o2755 }),
    hardlink('g', 'a', { mode: 0o4755 }),
    file('h', '', { mode: 0o4757 }),
  ];
  const lines = ['a', 'g', 'h'].map((path) => `0 mode-setuid ${path}`);
  assert.deepEqual(found(open), [...lines, '0 mode-world-writable b', '0 mode-world-writable c', '0 mode-world-writable h']);
  assert.deepEqual(found(open.slice(0, 3), [file('.wh.a'), file('b', ''), directory('c/')]), []);
});

test('a Windows image has no findings about modes or paths of the catalogue', () => {
  const below = tableOf(tar(file('tmp/a', '12', { mode: 0o666 }), file('B', '123')));
  const stack = buildStack([below, tableOf(tar(file('.wh.b')))], { caseInsensitive: true });
  assert.deepEqual(
    [...wasteFindings(stack)].map(({ code, path }) => [code, path]),
    [['waste-removed-later', 'B']],
  );
});

test('a layer has at most 250 findings of one code: the biggest, and a sum of the rest', () => {
  const lines = found(Array.from({ length: 300 }, (_, at) => file(`p${at}/__pycache__/x.pyc`, 'x'.repeat(at + 1))));
  assert.equal(lines.length, 251);
  assert.ok(lines.includes('0 waste-pyc p299/__pycache__ 300') && !lines.includes('0 waste-pyc p49/__pycache__ 50'));
  assert.ok(lines.includes(`0 waste-pyc - ${(50 * 51) / 2}`));
});

test('names are compared by their bytes, not by their hashes alone', () => {
  const table = tableOf(tar(file('git/x', '1')));
  table.nodeHash[1] = hashName(utf8('.git'), 0, 4);
  assert.deepEqual([...wasteFindings(buildStack([table]))], []);
});
