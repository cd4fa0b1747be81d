import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { createBench } from './run-cli.ts';

/** A home as a Windows machine left it: whole layers, broken ones, leftovers. */
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

test('store list shows a copied home on any system: chains, broken ones, leftovers, each with its reason', async (t) => {
  const bench = createBench(t);
  const home = windowsHome(bench);
  const lines = await bench.lines(['store', 'list', '--driver', 'windowsfilter', '--home', home, '--json']);
  const told = Object.fromEntries(lines.map(({ id, state, parent, problem }) => [id, [state, parent, problem]]));
  assert.deepEqual(told.base, ['ready', null, undefined]);
  assert.deepEqual(told.over, ['ready', 'top', undefined]);
  assert.equal(told['gone-removing']?.[0], 'removing');
  for (const [id, words] of [
    ['orphan', /not there/],
    ['circle', /below itself/],
    ['malformed', /no JSON/],
    ['relative', /absolute/],
    ['absent', /not there/],
    ['liar', /other layers/],
  ] as const) {
    assert.equal(told[id]?.[0], 'broken', id);
    assert.match(String(told[id]?.[2]), words, id);
  }
  assert.deepEqual(lines.find(({ id }) => id === 'over')?.chain, ['top', 'base']);
  const { code, stdout } = await bench.cli(['store', 'list', '--driver', 'windowsfilter', '--home', home]);
  assert.equal(code, 0);
  assert.match(stdout, /orphan .* leftover: a parent that is not there/);
});

test('store size measures a layer’s folder there', async (t) => {
  const bench = createBench(t);
  const { code, stdout } = await bench.cli(['store', 'size', 'base', '--driver', 'windowsfilter', '--home', windowsHome(bench)]);
  assert.equal(code, 0);
  assert.equal(stdout, `${'base'.length * 10 + 'null'.length}\n`);
});

test('what needs Windows says so in one line, and leaves nothing', {
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

test('a wrong verb, driver, count of operands, home or layer is told', async (t) => {
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
