import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { privateKey } from '../support/secret-samples.ts';
import { file, hardlink, tar } from '../support/tar-builder.ts';
import { createBench, dockerArchive } from './run-cli.ts';

// 100 bytes in the bottom layer and 60 above it, 10 of which rewrite a path. So 10 bytes are hidden: of 160 in all, or of the 60 that dive
// counts as the user's.
const IMAGE = dockerArchive([
  [tar(file('base', 'b'.repeat(90)), file('again', 'a'.repeat(10))), tar(file('again', 'A'.repeat(10)), file('own', 'o'.repeat(50)))],
]);

test('without a rules file, dive’s default rules apply: one line per rule, exit code 1 if one fails', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const { code, stdout } = await bench.cli(['check', 'image.tar']);
  assert.equal(code, 1);
  assert.deepEqual(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/\s+/).slice(0, 2).join(' ')),
    ['PASS lowestEfficiency', 'SKIP highestWastedBytes', 'FAIL highestUserWastedPercent', 'SKIP failOn', 'no .dive-ci'],
  );
});

test('.dive-ci is not read if it is a link, which a stranger may have left there; a link named by --config is followed', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  bench.write('other', 'password-of-root: x\n');
  symlinkSync('other', path.join(bench.folder, '.dive-ci'));
  const found = await bench.cli(['check', 'image.tar']);
  assert.deepEqual([found.code, found.stderr], [3, 'layerscope: IO: .dive-ci is a link and is not followed\n']);
  bench.write('rules', 'rules:\n  lowestEfficiency: 0.1\n  highestWastedBytes: disabled\n  highestUserWastedPercent: disabled\n');
  symlinkSync('rules', path.join(bench.folder, 'linked'));
  assert.equal((await bench.cli(['check', 'image.tar', '--config', 'linked'])).code, 0);
});

test('.dive-ci in the current folder is used, unless --config names another file', async (t) => {
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
    message: '10 B hidden, at most 10 B',
  });
  const named = await bench.cli(['check', 'image.tar', '--config', 'strict.yaml', '--json']);
  assert.equal(named.code, 1);
  assert.deepEqual(
    JSON.parse(named.stdout).rules.map(({ status }: { status: string }) => status),
    ['fail', 'skip', 'skip', 'pass'],
  );
});

test('findings fail the check if failOn is set', async (t) => {
  const bench = createBench(t);
  bench.write('cut.tar', tar(file('whole', 'w'), file('cut', 'c'.repeat(5000))).subarray(0, 4000));
  bench.write('rules', 'rules: {lowestEfficiency: off, highestUserWastedPercent: off}\nfailOn: error\n');
  const { code, stdout } = await bench.cli(['check', 'cut.tar', '--config', 'rules']);
  assert.equal(code, 1);
  assert.match(stdout, /^FAIL {2}failOn .*truncated/m);
});

test('a missing or invalid configuration is reported before anything is read', async (t) => {
  const bench = createBench(t);
  bench.write('bad', 'rules:\n  lowestEfficiency: much\n');
  const missing = await bench.cli(['check', 'nothing.tar', '--config', 'nowhere']);
  assert.deepEqual([missing.code, missing.stderr], [3, 'layerscope: NOT_FOUND: no file nowhere\n']);
  const wrong = await bench.cli(['check', 'nothing.tar', '--config', 'bad']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /^layerscope: USAGE: bad:2: lowestEfficiency: [^\n]+\n$/);
});

test('excluded paths are ignored by rules and findings', async (t) => {
  const bench = createBench(t);
  const below = tar(
    file('var/cache/apt/list', 'c'.repeat(100)),
    file('app/lib.pyc', 'p'.repeat(50)),
    file('app/main', 'm'.repeat(10)),
    hardlink('app/seen', 'var/cache/apt/list'),
  );
  const above = tar(
    file('var/cache/apt/list', 'C'.repeat(100)),
    file('app/lib.pyc', 'P'.repeat(50)),
    file('app/main', 'M'.repeat(10)),
    hardlink('app/dangling', 'nowhere'),
  );
  bench.write('image.tar', dockerArchive([[below, above]]));
  const rules = 'rules: {lowestEfficiency: 0.1, highestWastedBytes: 10B, highestUserWastedPercent: 1}\nfailOn: warning\n';
  const run = async (exclude: string) => {
    bench.write('rules', `${rules}${exclude}`);
    const { code, stdout } = await bench.cli(['check', 'image.tar', '--config', 'rules', '--json']);
    const { rules: results, excluded } = JSON.parse(stdout);
    return [code, ...results.map(({ value }: { value: number }) => value), excluded];
  };
  // 320 bytes in all; of the lower layer's files only app/seen is still visible, with 100.
  assert.deepEqual(await run(''), [1, 260 / 320, 60, 60 / 160, 1, { patterns: [], bytes: 0 }]);
  assert.deepEqual(await run('exclude: ["*.pyc"]\n'), [1, 210 / 220, 10, 10 / 110, 1, { patterns: ['*.pyc'], bytes: 100 }]);
  const all = { patterns: ['/var/**', '*.pyc', 'app/dang*'], bytes: 300 };
  assert.deepEqual(await run('exclude:\n  - /var/**\n  - "*.pyc"\n  - app/dang*\n'), [0, 10 / 20, 10, 1, 0, all]);
  assert.deepEqual(await run('exclude: ["**"]\n'), [0, 1, 0, null, 0, { patterns: ['**'], bytes: 320 }]);
  const { stdout } = await bench.cli(['check', 'image.tar', '--config', 'rules']);
  assert.match(stdout, /\n320 B of files are excluded by 1 pattern\n$/);
});

test('a rules file with unknown or impossible rules is a usage error that names the file and line', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  for (const [text, said] of [
    ['', '.dive-ci:1: the file is empty'],
    ['rules:\n  lowestEfficency: 1\n', '.dive-ci:2: unknown rule "lowestEfficency"'],
    ['- rules\n', '.dive-ci:1: not a mapping of rules'],
  ] as const) {
    bench.write('.dive-ci', text);
    const { code, stdout, stderr } = await bench.cli(['check', 'image.tar']);
    assert.deepEqual([code, stdout], [2, ''], text);
    assert.ok(stderr.startsWith(`layerscope: USAGE: ${said}`), stderr);
  }
});

test('--verify finds content that doesn’t match its digest, and failOn fails on it', async (t) => {
  const bench = createBench(t);
  const changed = Buffer.from(IMAGE);
  changed.set(Buffer.from('B'), changed.indexOf('b'.repeat(90)));
  bench.write('image.tar', changed);
  bench.write('rules.yaml', 'rules:\n  highestUserWastedPercent: disabled\nfailOn: error\n');
  const check = ['check', 'image.tar', '--config', 'rules.yaml', '--no-cache'];
  assert.equal((await bench.cli(check)).code, 0);
  const { code, stdout } = await bench.cli([...check, '--verify']);
  assert.equal(code, 1);
  assert.match(stdout, /^FAIL {2}failOn /m);
});

test('a rules file that is not a small regular file is refused, whatever it is', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const said = async (...args: string[]) => {
    const { code, stderr } = await bench.cli(['check', 'image.tar', ...args]);
    return { code, stderr };
  };
  const refused = (what: RegExp) => (result: { code: number | null; stderr: string }) => {
    assert.equal(result.code, 3, result.stderr);
    assert.match(result.stderr, what);
  };
  bench.write('.dive-ci', `rules: {highestWastedBytes: "${'1'.repeat(900_000)}!"}`);
  refused(/TOO_LARGE: \.dive-ci has more than 65536 bytes/)(await said());
  if (process.platform === 'win32') return;
  rmSync(path.join(bench.folder, '.dive-ci'));
  execFileSync('mkfifo', [path.join(bench.folder, '.dive-ci')]);
  refused(/IO: \.dive-ci is not a regular file/)(await said());
  refused(/IO: \/dev\/zero is not a regular file/)(await said('--config', '/dev/zero'));
  symlinkSync('.dive-ci', path.join(bench.folder, 'link'));
  refused(/IO: link is not a regular file/)(await said('--config', 'link'));
  bench.write('rules', 'rules: {highestUserWastedPercent: off}');
  symlinkSync('rules', path.join(bench.folder, 'link-to-rules'));
  assert.equal((await said('--config', 'link-to-rules')).code, 0);
});

test('waste that exceeds the bytes of all layers above the lowest is not shown as a percentage', async (t) => {
  const bench = createBench(t);
  const said = async (...layers: Uint8Array[]) => {
    bench.write('image.tar', dockerArchive([layers]));
    const { stdout } = await bench.cli(['check', 'image.tar']);
    const { rules } = JSON.parse((await bench.cli(['check', 'image.tar', '--json'])).stdout);
    return [/(?:PASS|FAIL) {2}highestUserWastedPercent.*/.exec(stdout)?.[0], rules[2].value];
  };
  assert.deepEqual(await said(tar(file('a', 'a'.repeat(1362))), tar(file('a', 'b'.repeat(100)))), [
    'FAIL  highestUserWastedPercent  1.4 kB hidden, more than the 100 B that the layers above the lowest hold; at most 10.00 % of that is allowed',
    13.62,
  ]);
  assert.deepEqual(await said(tar(file('a', 'a'.repeat(10))), tar(file('a', 'b'.repeat(10)), file('b', 'b'.repeat(90)))), [
    'PASS  highestUserWastedPercent  10 B hidden, 10.00 % of the 100 B that the layers above the lowest hold, at most 10.00 %',
    0.1,
  ]);
  assert.deepEqual(await said(tar(file('a', 'a'.repeat(10))), tar(file('.wh.a'))), [
    'FAIL  highestUserWastedPercent  10 B hidden, though the layers above the lowest hold no bytes',
    null,
  ]);
  assert.deepEqual(await said(tar(file('a', 'a'))), [
    'PASS  highestUserWastedPercent  the layers above the lowest hold no bytes, and none are hidden',
    null,
  ]);
});

test('a skipped rule says what it would check, and why it is skipped', async (t) => {
  const bench = createBench(t);
  bench.write('clean.tar', dockerArchive([[tar(file('a', 'a'))]]));
  bench.write('found.tar', dockerArchive([[tar(file('key.pem', privateKey('RSA ')), file('b', 'b', { mode: 0o4755 }))]]));
  bench.write('rules', 'rules: {lowestEfficiency: off, highestUserWastedPercent: off}\nwaste: {same-content: 0, logs: 0}\n');
  bench.write('strict', 'rules: {lowestEfficiency: off, highestUserWastedPercent: off}\nfailOn: error\n');
  const lines = async (...args: string[]) => {
    const { code, stdout } = await bench.cli(['check', ...args]);
    return [code, ...stdout.split('\n').filter((line) => /failOn|waste-/.test(line))];
  };
  assert.deepEqual(await lines('clean.tar'), [0, 'SKIP  failOn                    disabled, with no finding of severity error or warning']);
  assert.deepEqual(await lines('found.tar', '--config', 'rules'), [
    0,
    'SKIP  failOn                    disabled, with 1 finding of severity error',
    'PASS  waste-same-content        Same content twice: 0 B, at most 0 B',
    'PASS  waste-logs                Log files: 0 B, at most 0 B',
  ]);
  assert.deepEqual(await lines('found.tar', '--config', 'rules', '--no-scan'), [
    0,
    'SKIP  failOn                    disabled, with no finding of severity error or warning; files were not searched for secrets (--no-scan)',
    'SKIP  waste-same-content        Same content twice: not known, because files were not read (--no-scan)',
    'PASS  waste-logs                Log files: 0 B, at most 0 B',
  ]);
  assert.deepEqual(await lines('found.tar', '--config', 'strict', '--no-scan'), [
    0,
    'PASS  failOn                    no finding of severity error; files were not searched for secrets (--no-scan)',
  ]);
});
