import assert from 'node:assert/strict';
import { test } from 'node:test';
import { file, tar } from '../support/tar-builder.ts';
import { createBench, dockerArchive } from './run-cli.ts';

// 100 bytes at the bottom, 60 above of which 10 write a path again: 10 of 160 wasted, 10 of 60 of the user's.
const IMAGE = dockerArchive([
  [tar(file('base', 'b'.repeat(90)), file('again', 'a'.repeat(10))), tar(file('again', 'A'.repeat(10)), file('own', 'o'.repeat(50)))],
]);

test('without a file the defaults of dive count: one line a rule, exit 1 where one fails', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const { code, stdout } = await bench.cli(['check', 'image.tar']);
  assert.equal(code, 1);
  assert.deepEqual(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/\s+/).slice(0, 2).join(' ')),
    ['PASS lowestEfficiency', 'SKIP highestWastedBytes', 'FAIL highestUserWastedPercent', 'SKIP failOn'],
  );
});

test('.dive-ci in the folder counts, and --config before it', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  bench.write('.dive-ci', 'rules:\n  lowestEfficiency: 0.9\n  highestWastedBytes: 10B\n  highestUserWastedPercent: 0.17\n');
  bench.write(
    'strict.yaml',
    'rules:\n  lowestEfficiency: "0.99"\n  highestWastedBytes: disabled\n  highestUserWastedPercent: disabled\nfailOn: error\n',
  );
  const folder = await bench.cli(['check', 'image.tar', '--json']);
  assert.equal(folder.code, 0);
  const report = JSON.parse(folder.stdout);
  assert.equal(report.passed, true);
  assert.equal(report.config, '.dive-ci');
  assert.deepEqual(report.rules[1], {
    rule: 'highestWastedBytes',
    status: 'pass',
    value: 10,
    threshold: 10,
    message: '10 B are wasted, at most 10 B',
  });
  const named = await bench.cli(['check', 'image.tar', '--config', 'strict.yaml', '--json']);
  assert.equal(named.code, 1);
  assert.deepEqual(
    JSON.parse(named.stdout).rules.map(({ status }: { status: string }) => status),
    ['fail', 'skip', 'skip', 'pass'],
  );
});

test('findings fail the check where failOn says so', async (t) => {
  const bench = createBench(t);
  bench.write('cut.tar', tar(file('whole', 'w'), file('cut', 'c'.repeat(5000))).subarray(0, 4000));
  bench.write('rules', 'rules: {lowestEfficiency: off, highestUserWastedPercent: off}\nfailOn: error\n');
  const { code, stdout } = await bench.cli(['check', 'cut.tar', '--config', 'rules']);
  assert.equal(code, 1);
  assert.match(stdout, /^FAIL {2}failOn .*truncated/m);
});

test('a configuration that is missing or wrong is told before anything is read', async (t) => {
  const bench = createBench(t);
  bench.write('bad', 'rules:\n  lowestEfficiency: much\n');
  const missing = await bench.cli(['check', 'nothing.tar', '--config', 'nowhere']);
  assert.deepEqual([missing.code, missing.stderr], [3, 'layerscope: NOT_FOUND: no file nowhere\n']);
  const wrong = await bench.cli(['check', 'nothing.tar', '--config', 'bad']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /^layerscope: USAGE: lowestEfficiency [^\n]+\n$/);
});
