import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { directory, file, tar } from '../support/tar-builder.ts';
import { createBench } from './run-cli.ts';

/** Returns a home copied from a Windows machine, with intact layers, broken layers and leftovers. */
function windowsHome(bench: ReturnType<typeof createBench>): string {
  const chain = (...ids: string[]) => JSON.stringify(ids.map((id) => `C:\\ProgramData\\docker\\windowsfilter\\${id}`));
  const layers: Record<string, string | null> = {
    base: 'null',
    top: chain('base'),
    over: chain('top', 'base'),
    'gone-removing': chain('base'),
    orphan: chain('lost'),
    circle: chain('circle'),
    malformed: '{',
    relative: JSON.stringify(['base']),
    absent: null,
    liar: chain('over', 'base'),
  };
  for (const [id, text] of Object.entries(layers)) {
    bench.write(`home/${id}/Files/file.txt`, id.repeat(10));
    if (text !== null) bench.write(`home/${id}/layerchain.json`, text);
  }
  return path.join(bench.folder, 'home');
}

test('store list shows a copied home on any system: intact and broken chains, and leftovers, each with its reason', async (t) => {
  const bench = createBench(t);
  const home = windowsHome(bench);
  const lines = await bench.lines(['store', 'list', '--driver', 'windowsfilter', '--home', home, '--json']);
  const listed = Object.fromEntries(lines.map(({ id, state, parent, problem }) => [id, [state, parent, problem]]));
  assert.deepEqual(listed.base, ['ready', null, undefined]);
  assert.deepEqual(listed.over, ['ready', 'top', undefined]);
  assert.equal(listed['gone-removing']?.[0], 'removing');
  for (const [id, words] of [
    ['orphan', /does not exist/],
    ['circle', /below itself/],
    ['malformed', /not JSON/],
    ['relative', /absolute/],
    ['absent', /is missing/],
    ['liar', /differs from its own/],
  ] as const) {
    assert.equal(listed[id]?.[0], 'broken', id);
    assert.match(String(listed[id]?.[2]), words, id);
  }
  assert.deepEqual(lines.find(({ id }) => id === 'over')?.chain, ['top', 'base']);
  const { code, stdout } = await bench.cli(['store', 'list', '--driver', 'windowsfilter', '--home', home]);
  assert.equal(code, 0);
  assert.match(stdout, /orphan .* leftover: a parent that does not exist/);
});

test('store size measures a layer’s folder in a copied home', async (t) => {
  const bench = createBench(t);
  const { code, stdout } = await bench.cli(['store', 'size', 'base', '--driver', 'windowsfilter', '--home', windowsHome(bench)]);
  assert.equal(code, 0);
  assert.equal(stdout, `${'base'.length * 10 + 'null'.length}\n`);
});

test('a command that needs Windows reports that in one line and leaves nothing behind', {
  skip: process.platform === 'win32' && 'this is Windows',
}, async (t) => {
  const bench = createBench(t);
  const home = windowsHome(bench);
  for (const argv of [
    ['import', 'x.tar'],
    ['export', 'base', '--to', 'out.tar'],
    ['changes', 'base'],
    ['diff', 'base'],
    ['remove', 'base'],
    ['mount', 'base'],
    ['verify'],
    ['base-images'],
  ]) {
    const { code, stdout, stderr } = await bench.cli(['store', ...argv, '--driver', 'windowsdiff', '--home', home]);
    assert.equal(code, 3, argv.join(' '));
    assert.equal(stdout, '');
    assert.match(stderr, /^layerscope: UNSUPPORTED: [^\n]*need Windows[^\n]*\n$/);
  }
});

test('a wrong verb, driver, number of arguments, home or layer is an error', async (t) => {
  const bench = createBench(t);
  const home = windowsHome(bench);
  const to = ['--driver', 'windowsfilter', '--home', home];
  for (const argv of [
    ['store'],
    ['store', 'lost'],
    ['store', 'list', 'x', ...to],
    ['store', 'size', ...to],
    ['store', 'list', '--driver', 'overlay2', '--home', home],
  ]) {
    assert.equal((await bench.cli(argv)).code, 2, argv.join(' '));
  }
  for (const [argv, message] of [
    [['list', 'x'], 'store list takes no arguments'],
    [['size'], 'store size takes 1 argument'],
    [['remove'], 'store remove takes at least 1 argument'],
  ] as const) {
    const { code, stderr } = await bench.cli(['store', ...argv, ...to]);
    assert.deepEqual([code, stderr], [2, `layerscope: USAGE: ${message}\n`]);
  }
  for (const argv of [
    ['store', 'list', '--driver', 'windowsfilter', '--home', path.join(home, 'none')],
    ['store', 'size', 'missing', ...to],
    ['store', 'size', '../base', ...to],
    ['store', 'size', 'gone-removing', ...to],
  ]) {
    const { code, stderr } = await bench.cli(argv);
    assert.equal(code, 3, argv.join(' '));
    assert.match(stderr, /^layerscope: (NOT_FOUND|NAME_REFUSED): [^\n]+\n$/);
  }
});

test('the portable store imports, lists, exports the same bytes, mounts, verifies and removes', async (t) => {
  const bench = createBench(t);
  const store = (...argv: string[]) => bench.cli(['store', ...argv, '--home', path.join(bench.folder, 'home')]);
  const base = gzipSync(tar(directory('etc/'), file('etc/motd', 'hello'), file('etc/old', 'old')));
  bench.write('base.tar.gz', base);
  const top = tar(directory('etc/'), file('etc/motd', 'changed'), file('etc/.wh.old', ''), file('etc/new', 'new'));
  bench.write('top.tar', top);
  assert.equal((await store('import', 'base.tar.gz', '--id', 'base')).stdout, 'base\n');
  assert.equal((await store('import', 'top.tar', '--id', 'top', '--parent', 'base')).stdout, 'top\n');
  const lines = await bench.lines(['store', 'list', '--json', '--home', path.join(bench.folder, 'home')]);
  const sha256 = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  assert.deepEqual(lines, [
    {
      id: 'base',
      parent: null,
      diffId: sha256(gunzipSync(base)),
      digest: sha256(base),
      size: base.length,
      chain: [],
      driver: 'portable',
      state: 'ready',
    },
    {
      id: 'top',
      parent: 'base',
      diffId: sha256(top),
      digest: sha256(top),
      size: top.length,
      chain: ['base'],
      driver: 'portable',
      state: 'ready',
    },
  ]);
  assert.equal((await store('changes', 'top')).stdout, '~ etc/motd\n+ etc/new\n− etc/old\n');
  assert.equal((await store('size', 'top')).stdout, '10\n');
  assert.equal((await store('export', 'top', '--to', path.join(bench.folder, 'out.tar'))).code, 0);
  assert.ok(readFileSync(path.join(bench.folder, 'out.tar')).equals(top));
  assert.ok((await store('diff', 'base')).bytes.equals(gunzipSync(base)));

  assert.equal((await store('create', 'run')).code, 3, 'without --parent it is an image or layer of the store');
  assert.equal((await store('create', 'run', '--parent', 'top', '--size', '20XB')).code, 2);
  assert.equal((await store('create', 'run', '--parent', 'top', '--size', '20GB')).code, 2, 'a portable layer has no disk');
  const made = JSON.parse((await store('create', 'run', '--parent', 'top', '--json')).stdout);
  assert.deepEqual(made, { id: 'run', parent: 'top' });
  const left = (await store('mount', 'run')).stdout.trim();
  assert.equal(existsSync(path.join(left, 'etc', 'new')), true, 'mounted after its process ended');
  assert.equal((await store('release', 'run')).stdout, 'run\n');
  assert.equal((await store('release', 'run')).code, 3);
  assert.equal((await store('mount', 'run', '--at', bench.folder)).code, 2);
  assert.equal((await store('remove', 'run')).code, 0);

  const mounted = await bench.cli(['store', 'mount', 'top', '--wait', '--home', path.join(bench.folder, 'home')], {
    stdin: new Uint8Array(0),
  });
  assert.equal(mounted.code, 0, mounted.stderr);
  assert.equal(existsSync(mounted.stdout.trim()), false, 'released when its input ended');
  assert.equal((await store('remove', 'base')).code, 3);
  const intact = await store('verify');
  assert.deepEqual([intact.code, intact.stdout, intact.stderr], [0, '', 'layerscope: 2 layers checked, nothing is broken\n']);
  const nobody = await store('remove', 'app:1');
  assert.deepEqual([nobody.code, nobody.stderr], [3, 'layerscope: NOT_FOUND: the store has no image or layer app:1\n']);
  const clean = await store('cleanup');
  assert.deepEqual([clean.stdout, clean.stderr], ['', 'layerscope: nothing to clean up\n']);

  const blob = path.join(bench.folder, 'home', 'blobs', 'sha256', sha256(base).slice('sha256:'.length));
  const damaged = readFileSync(blob);
  damaged.writeUInt8(damaged.readUInt8(damaged.length - 20) ^ 1, damaged.length - 20);
  writeFileSync(blob, damaged);
  const { code, stdout } = await store('verify');
  assert.equal(code, 1);
  assert.match(stdout, /^base: (DAMAGED|DIGEST_MISMATCH): /);
  assert.equal((await store('remove', 'top', 'base')).stdout, 'top\nbase\n');
  const empty = await store('list');
  assert.deepEqual([empty.stdout, empty.stderr], ['', 'layerscope: the store is empty\n']);
  assert.deepEqual(readdirSync(path.join(bench.folder, 'home', 'blobs', 'sha256')), []);
});
