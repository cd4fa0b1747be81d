// Stores, caches and temporary folders that are read-only or missing: reading works, and writing fails with one clear sentence.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { createBench } from '../../cli/run-cli.ts';
import { runCommand } from '../../support/command-line.ts';
import { atEnd, testFolder } from '../../support/workbench.ts';
import { makePlace } from './place.ts';

const SMALL = { files: 4, bigBytes: 50_000 };
const isRoot = process.getuid?.() === 0;

function mountsHere(): boolean {
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Makes a folder read-only by its mode, or for root by a mount, because modes don't restrict root. Returns false if neither is possible.
 */
function makeReadOnly(t: TestContext, folder: string): boolean {
  if (isRoot) {
    if (!mountsHere()) return false;
    execFileSync('mount', ['--bind', folder, folder]);
    atEnd(t, () => {
      execFileSync('umount', [folder]);
    });
    execFileSync('mount', ['-o', 'remount,ro,bind', folder]);
    return true;
  }
  if (process.platform === 'win32') return false;
  const folders = ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })]
    .map((name) => path.join(folder, name))
    .filter((each) => lstatSync(each).isDirectory());
  for (const each of folders) chmodSync(each, 0o555);
  atEnd(t, () => {
    for (const each of folders) chmodSync(each, 0o700);
  });
  return true;
}

async function refused(argv: readonly string[], where: string): Promise<void> {
  const { code, stdout, stderr, error } = await runCommand(argv);
  assert.equal(code, 3, `${argv.join(' ')}: ${stdout}${stderr}`);
  assert.ok(error?.code === 'PERMISSION' || error?.code === 'IO', `${argv.join(' ')}: ${error?.code} ${error?.message}`);
  assert.match(stderr, /^layerscope: (PERMISSION|IO): [^\n]+\n$/);
  assert.ok(stderr.includes(where), `the error doesn't name the path: ${stderr}`);
}

test('a read-only store can be read, and every verb that writes reports that the store is read-only', async (t: TestContext) => {
  const place = await makePlace(path.join(testFolder(t), 'place'), SMALL);
  const home = ['--home', place.home];
  const reading = [
    ['store', 'list', ...home],
    ['store', 'list', '--images', '--json', ...home],
    ['store', 'verify', ...home],
    ['store', 'changes', 'base', ...home],
    ['store', 'size', 'run', ...home],
    ['store', 'diff', 'base', ...home],
    ['ls', 'store:kept:1', ...home],
    ['cat', 'store:kept:1', 'top', ...home],
  ];
  const before = await Promise.all(reading.map((argv) => runCommand(argv)));
  if (!makeReadOnly(t, place.home)) return t.skip('no way to make a folder read-only here');
  for (const [at, argv] of reading.entries()) {
    const { code, stdout, stderr } = await runCommand(argv);
    assert.equal(code, 0, `${argv.join(' ')}: ${stderr}`);
    assert.equal(stdout, before[at]?.stdout, argv.join(' '));
  }
  const out = path.join(place.out, 'kept.tar');
  assert.equal((await runCommand(['store', 'export', 'kept:1', '--to', out, ...home])).code, 0);
  for (const argv of [
    ['store', 'import', place.next, ...home],
    ['store', 'import', place.layer, '--id', 'new', ...home],
    ['store', 'remove', 'spare', ...home],
    ['store', 'remove', 'kept:1', ...home],
    ['store', 'mount', 'base', ...home],
    ['store', 'mount', 'run', ...home],
    ['store', 'release', 'base', ...home],
    ['store', 'cleanup', ...home],
  ])
    await refused(argv, place.home);
});

test('an export to a read-only folder fails with a clear error and leaves nothing behind', async (t: TestContext) => {
  const place = await makePlace(path.join(testFolder(t), 'place'), SMALL);
  if (!makeReadOnly(t, place.out)) return t.skip('no way to make a folder read-only here');
  await refused(['export', place.kept, '/', '--to', path.join(place.out, 'tree')], place.out);
  await refused(['export', place.kept, '/d', '--to', place.out], place.out);
  await refused(['store', 'export', 'kept:1', '--to', path.join(place.out, 'i.tar'), '--home', place.home], place.out);
  await refused(
    ['store', 'export', 'kept:1', '--format', 'oci-layout', '--to', path.join(place.out, 'i'), '--home', place.home],
    place.out,
  );
  await refused(['store', 'export', 'base', '--to', path.join(place.out, 'l.tar'), '--home', place.home], place.out);
});

test('a read-only cache is read, or treated as missing', async (t: TestContext) => {
  const place = await makePlace(path.join(testFolder(t), 'place'), SMALL);
  const argvs = [
    ['inspect', place.packed, '--json'],
    ['ls', place.packed],
    ['cat', place.packed, 'top'],
    ['cat', place.packed, 'd/packed0'],
    ['inspect', place.kept, '--verify'],
  ];
  const before = await Promise.all(argvs.map((argv) => runCommand(argv)));
  for (const isWarm of [true, false]) {
    const cache = path.join(place.folder, `cache-${isWarm}`);
    mkdirSync(cache, { mode: 0o700 });
    if (isWarm) for (const argv of argvs) await runCommand(argv, cache);
    if (!makeReadOnly(t, cache)) return t.skip('no way to make a folder read-only here');
    for (const [at, argv] of argvs.entries()) {
      const { code, stdout, stderr } = await runCommand(argv, cache);
      assert.equal(code, 0, stderr);
      assert.equal(stdout, before[at]?.stdout, argv.join(' '));
    }
  }
});

test('with HOME unset, or HOME or TMPDIR missing, reading works and writing says why it can’t', async (t: TestContext) => {
  const bench = createBench(t);
  const place = await makePlace(path.join(bench.folder, 'place'), SMALL);
  const nowhere = path.join(place.kept, 'nowhere');
  const gone = { HOME: nowhere, LAYERSCOPE_CACHE: undefined, XDG_CACHE_HOME: undefined, XDG_DATA_HOME: undefined };
  for (const env of [
    gone,
    { ...gone, HOME: undefined, LAYERSCOPE_CACHE: nowhere },
    { ...gone, HOME: '', LAYERSCOPE_CACHE: nowhere },
    { ...gone, TMPDIR: nowhere },
  ]) {
    const { code, stderr, stdout } = await bench.cli(['cat', place.kept, 'top'], { env });
    assert.equal(stdout, 'kept', stderr);
    assert.equal(code, 0, stderr);
  }
  for (const argv of [
    ['store', 'list'],
    ['store', 'import', place.next],
  ]) {
    const { code, stderr } = await bench.cli(argv, { env: gone });
    assert.equal(code, 3, stderr);
    assert.match(stderr, /^layerscope: [A-Z_]+: [^\n]*nowhere[^\n]*\n$/);
  }
  const { code, stderr } = await bench.cli(['inspect', place.packed], { env: { ...gone, TMPDIR: nowhere } });
  assert.equal(code, 3);
  assert.match(stderr, /^layerscope: [A-Z_]+: [^\n]*nowhere[^\n]*\n$/, 'an archive compressed as a whole has nowhere to be unpacked');
});
