import assert from 'node:assert/strict';
import { test } from 'node:test';
import { marked } from 'marked';
import { dockerArchive } from '../support/docker-archive.ts';
import { HOSTILE_NAMES } from '../support/hostile-names.ts';
import { file, tar } from '../support/tar-builder.ts';
import { createBench } from './run-cli.ts';

const BASE = tar(file('etc/passwd', 'root'), file('old', 'x'.repeat(300)), file('grows', 'a'));
const A = dockerArchive({ name: 'registry.test/team/app:1', layers: [BASE] });
const B = dockerArchive({
  name: 'registry.test/team/app:2',
  layers: [BASE, tar(file('.wh.old'), file('grows', 'b'.repeat(2000)), file('big', 'c'.repeat(5000)), file('tmp/x', 'd'.repeat(10)))],
});

test('diff --markdown writes a comment: hidden line, sizes, layers, files, new findings', async (t) => {
  const bench = createBench(t);
  bench.write('a.tar', A);
  bench.write('b.tar', B);
  const { code, stdout } = await bench.cli(['diff', 'a.tar', 'b.tar', '--markdown', '--exit-code']);
  assert.equal(code, 1);
  assert.deepEqual(stdout.split('\n'), [
    '<!-- layerscope:diff:registry.test/team/app -->',
    '',
    '### `registry.test/team/app:1` → `registry.test/team/app:2`: +7.0 kB',
    '',
    '**Size**',
    '',
    '|  | before | after | change |',
    '| --- | --: | --: | --: |',
    '| files of all layers | 305 B | 7.3 kB | +7.0 kB |',
    '| visible files | 305 B | 7.0 kB | +6.7 kB |',
    '| hidden by later layers | 0 B | 301 B | +301 B |',
    '| layers as stored | 4.1 kB | 14.8 kB | +10.8 kB |',
    '| files | 3 | 4 | +1 |',
    '| layers | 1 | 2 | +1 |',
    '',
    '**1 layer shared, 1 new**',
    '',
    '| layer | files | stored | command |',
    '| --: | --: | --: | --- |',
    '| 1 | 7.0 kB | 10.8 kB | `RUN step 1` |',
    '',
    '**No package differs**',
    '',
    '**No config change**',
    '',
    '**2 paths added**',
    '',
    '| size | path |',
    '| --: | --- |',
    '| 5.0 kB | `big` |',
    '| 10 B | `tmp/x` |',
    '',
    '**1 path changed**',
    '',
    '| change | before | after | path |',
    '| --: | --: | --: | --- |',
    '| +2.0 kB | 1 B | 2.0 kB | `grows` |',
    '',
    '**1 path removed**',
    '',
    '| size | path |',
    '| --: | --- |',
    '| 300 B | `old` |',
    '',
    '**2 new findings**',
    '',
    '|  | finding | size | layer | path |',
    '| --- | --- | --: | --: | --- |',
    '| note | Removed by a later layer (`waste-removed-later`) | 300 B | 0 | `old` |',
    '| note | Temporary files (`waste-tmp`) | 10 B | 1 | `tmp` |',
    '',
  ]);
  const named = await bench.cli(['diff', 'a.tar', 'a.tar', '--markdown', '--name', 'pr <7> -->']);
  assert.match(named.stdout, /^<!-- layerscope:diff:pr__7__-_ -->\n/);
  assert.match(
    named.stdout,
    /\n\*\*1 layer shared, 0 new\*\*\n\n\*\*No package differs\*\*\n\n\*\*No config change\*\*\n\n\*\*No new finding\*\*\n$/,
  );
  for (const wrong of [
    ['--json', '--markdown'],
    ['--name', 'x'],
  ])
    assert.equal((await bench.cli(['diff', 'a.tar', 'b.tar', ...wrong])).code, 2);
});

test('names chosen by strangers don’t create a link, mention, cell or HTML, and a long comment is cut at whole rows', async (t) => {
  const bench = createBench(t);
  const names = HOSTILE_NAMES.filter((name) => !/^[./]|[/]$|\/\//.test(name) && name.length < 250);
  const many = Array.from({ length: 400 }, (_, at) => `${'n'.repeat(190)}${at}`);
  const hostile = tar(
    ...[...names, ...many].map((name) => file(`d/${name.replaceAll('/', '_')}`, 'x'.repeat(name.length), { mode: 0o4777 })),
  );
  bench.write('a.tar', A);
  bench.write('b.tar', dockerArchive({ name: '<b>@me</b>|x:1', layers: [hostile] }));
  const { stdout } = await bench.cli(['diff', 'a.tar', 'b.tar', '--markdown']);
  assert.ok(stdout.length <= 65_536);
  const html = marked.parse(stdout, { async: false, gfm: true });
  assert.doesNotMatch(html, /<(?:a|img|script|b|em|del)\b/);
  assert.doesNotMatch(html.replace(/<code>.*?<\/code>/gs, ''), /@/);
  for (const [table] of html.matchAll(/<table>.*?<\/table>/gs)) {
    const widths = table
      .split('<tr>')
      .slice(1)
      .map((row) => row.match(/<t[hd]/g)?.length);
    assert.equal(new Set(widths).size, 1, table);
  }
});

test('layers and ranges of layers are identified, and their own sizes, layers, files and findings are compared', async (t) => {
  const bench = createBench(t);
  const image = dockerArchive({
    name: 'app:1',
    layers: [
      tar(file('base', 'b'.repeat(1000)), file('tmp/zero', '0'.repeat(5))),
      tar(file('base', 'B'.repeat(300)), file('one', '1'.repeat(40))),
      tar(file('.wh.one'), file('two', '2'.repeat(7)), file('tmp/two', '2')),
      tar(file('huge', 'h'.repeat(100_000)), file('.wh.two')),
    ],
  });
  bench.write('a.tar', image);
  const figures = async (a: string, b: string) => {
    const { stdout } = await bench.cli(['diff', a, b, '--markdown']);
    const row = (title: string) => new RegExp(`\\| ${title} \\| ([^|]*) \\| ([^|]*) \\|`).exec(stdout)?.slice(1);
    return {
      heading: stdout.split('\n')[2],
      sizes: ['files of all layers', 'visible files', 'hidden by later layers', 'layers as stored', 'files', 'layers'].map(row),
      layers: /\*\*(.* shared, .*)\*\*/.exec(stdout)?.[1],
      findings: [...stdout.matchAll(/\(`(waste-[a-z-]+)`\) \| ([^|]*) \| ([^|]*) \| `([^`]*)`/g)].map((found) => found.slice(1).join(' ')),
    };
  };
  assert.deepEqual(await figures('a.tar#1', 'a.tar#2'), {
    heading: '### `app:1#1` → `app:1#2`: +8 B',
    sizes: [
      ['1.3 kB', '1.4 kB'],
      ['345 B', '313 B'],
      ['1.0 kB', '1.0 kB'],
      ['6.7 kB', '10.2 kB'],
      ['3', '4'],
      ['2', '3'],
    ],
    layers: '2 layers shared, 1 new',
    findings: ['waste-removed-later 40 B 1 one'],
  });
  assert.deepEqual(await figures('a.tar#0-1', 'a.tar#1-2'), {
    heading: '### `app:1#0-1` → `app:1#1-2`: −997 B',
    sizes: [
      ['1.3 kB', '348 B'],
      ['345 B', '308 B'],
      ['1.0 kB', '40 B'],
      ['6.7 kB', '6.7 kB'],
      ['3', '3'],
      ['2', '2'],
    ],
    layers: '1 layer shared, 1 new',
    findings: ['waste-removed-later 40 B 1 one'],
  });
  // The view at the top layer is the whole image.
  assert.deepEqual((await figures('a.tar#3', 'a.tar')).sizes, (await figures('a.tar', 'a.tar')).sizes);
});

test('diff --markdown includes the config’s changes', async (t) => {
  const bench = createBench(t);
  const env = (...Env: string[]): object => ({ Env, Cmd: ['serve', '|'], Labels: { long: 'x'.repeat(1000) } });
  bench.write('a.tar', dockerArchive({ name: 'app:1', layers: [BASE], config: { config: env('PATH=/bin', 'OLD=1') } }));
  bench.write('b.tar', dockerArchive({ name: 'app:2', layers: [BASE], config: { config: { Env: ['PATH=/usr/bin', 'NEW=`2`'] } } }));
  const section = async (...options: string[]): Promise<string[]> => {
    const { stdout } = await bench.cli(['diff', 'a.tar', 'b.tar', '--markdown', ...options]);
    const lines = stdout.split('\n');
    const at = lines.findIndex((line) => line.includes('config change'));
    return at < 0 ? [] : lines.slice(at, lines.indexOf('', at + 2));
  };
  const lines = await section();
  assert.match(lines.pop() ?? '', /^\| − \| `Labels\.long` \| `"x{9,300}…x{9,300}"` \| {2}\|$/);
  assert.deepEqual(lines, [
    '**5 config changes**',
    '',
    '|  | field | before | after |',
    '| --- | --- | --- | --- |',
    '| + | `Env.NEW` |  | ``"`2`"`` |',
    '| − | `Env.OLD` | `"1"` |  |',
    '| ~ | `Env.PATH` | `"/bin"` | `"/usr/bin"` |',
    '| − | `Cmd` | `["serve","\\|"]` |  |',
  ]);
  assert.deepEqual(await section('--no-config'), []);
});

test('diff’s text output shows values that look like secrets only on request; JSON marks them', async (t) => {
  const bench = createBench(t);
  const token = `ghp_${'aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1d4XkzP'}`;
  const config = (password: string, given: string): Record<string, unknown> => ({
    config: {
      Env: [`DB_PASSWORD=${password}`, `SOURCE=${given}`, 'MODE=plain'],
      Cmd: ['fetch', given],
      Labels: { 'api-token': password },
      Healthcheck: { Test: ['CMD', `curl -H ${given}`] },
    },
  });
  bench.write('a.tar', dockerArchive({ name: 'app:1', layers: [BASE], config: config('changeme', 'nothing') }));
  bench.write('b.tar', dockerArchive({ name: 'app:2', layers: [BASE], config: config('hunter2-secret', token) }));
  for (const form of [[], ['--markdown']]) {
    const { code, stdout } = await bench.cli(['diff', 'a.tar', 'b.tar', ...form]);
    assert.equal(code, 0);
    for (const secret of ['hunter2-secret', token]) assert.equal(stdout.includes(secret), false, `${form} ${stdout}`);
    assert.match(stdout, /changeme/);
    assert.equal(stdout.match(/\(secret\)/g)?.length, 5, stdout);
  }
  const lines = await bench.lines(['diff', 'a.tar', 'b.tar', '--json']);
  const marked = lines.filter(({ kind, secret }) => kind === 'config' && secret === true);
  assert.equal(marked.length, 5);
  assert.ok(marked.some(({ b }) => b === 'hunter2-secret'));
  const asked = await bench.cli(['diff', 'a.tar', 'b.tar', '--show-secrets']);
  assert.match(asked.stdout, /"changeme" → "hunter2-secret"/);
  assert.match(asked.stdout, new RegExp(token));
  assert.equal((await bench.cli(['diff', 'a.tar', 'b.tar', '--show-secrets', '--markdown'])).code, 2);
});
