import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import * as nodeModule from 'node:module';
import path from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { buildIfStale, outFolder } from '../../scripts/stale.ts';
import { file, tar } from '../support/tar-builder.ts';
import { testFile, testFolder } from '../support/workbench.ts';

const skip = (nodeModule as Partial<typeof nodeModule>).flushCompileCache === undefined && 'this Node keeps no compiled code';

before(() => {
  if (!skip) buildIfStale('current');
});

/** Runs the built program with this cache folder. */
function run(cache: string, ...args: string[]): string {
  const env = { ...process.env, LAYERSCOPE_CACHE: cache, NODE_COMPILE_CACHE: undefined, NODE_DISABLE_COMPILE_CACHE: undefined };
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(outFolder('current'), 'cli.js'), ...args], {
    env,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

function layer(t: TestContext): string {
  return testFile(t, tar(file('a', 'b')));
}

function everything(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
}

test('the compiled code is kept in a folder only this user can enter, and reused', { skip }, (t) => {
  const cache = path.join(testFolder(t), 'cache');
  const input = layer(t);
  const first = run(cache, 'inspect', input);
  const code = path.join(cache, 'code');
  const kept = everything(code);
  assert.ok(kept.length > 1);
  for (const name of ['.', ...kept]) assert.equal(statSync(path.join(code, name)).mode & 0o077, 0, name);
  const times = kept.map((name) => statSync(path.join(code, name)).mtimeMs);
  assert.equal(run(cache, 'inspect', input), first);
  assert.deepEqual(everything(code), kept);
  assert.deepEqual(
    kept.map((name) => statSync(path.join(code, name)).mtimeMs),
    times,
  );
});

test('--help, --version and commands with --no-cache don’t cache compiled code', { skip }, (t) => {
  const cache = path.join(testFolder(t), 'cache');
  run(cache, '--help');
  run(cache, '--version');
  run(cache, 'inspect', layer(t), '--no-cache');
  assert.equal(existsSync(cache), false);
});

test('damaged code is compiled again', { skip }, (t) => {
  const cache = path.join(testFolder(t), 'cache');
  const input = layer(t);
  const first = run(cache, 'inspect', input);
  const code = path.join(cache, 'code');
  const kept = everything(code).filter((name) => statSync(path.join(code, name)).isFile());
  for (const name of kept) writeFileSync(path.join(code, name), Buffer.alloc(statSync(path.join(code, name)).size, 0x55));
  assert.equal(run(cache, 'inspect', input), first);
  for (const name of kept) writeFileSync(path.join(code, name), '');
  assert.equal(run(cache, 'inspect', input), first);
});

test('another user’s code cache is not used', { skip: skip || (process.getuid?.() !== 0 && 'only root can give a folder away') }, (t) => {
  const cache = path.join(testFolder(t), 'cache');
  const code = path.join(cache, 'code');
  mkdirSync(code, { recursive: true, mode: 0o700 });
  chownSync(code, 12_345, 12_345);
  run(cache, 'inspect', layer(t));
  assert.deepEqual(everything(code), []);
});

const spoilers: Readonly<Record<string, (file: string, other: string) => void>> = {
  'another user owns': (kept) => chownSync(kept, 12_345, 12_345),
  'others may write': (kept) => chmodSync(kept, 0o666),
  'is a link': (kept, other) => {
    renameSync(kept, other);
    symlinkSync(other, kept);
  },
  'has another name': (kept, other) => linkSync(kept, other),
};

for (const [what, spoil] of Object.entries(spoilers)) {
  test(`a folder with a file that ${what} is not used`, { skip: skip || (process.getuid?.() !== 0 && 'needs root') }, (t) => {
    const cache = path.join(testFolder(t), 'cache');
    const input = layer(t);
    const first = run(cache, 'inspect', input);
    const code = path.join(cache, 'code');
    const [removed = '', spoiled = ''] = everything(code).filter((name) => statSync(path.join(code, name)).isFile());
    spoil(path.join(code, spoiled), path.join(testFolder(t), 'other'));
    rmSync(path.join(code, removed));
    assert.equal(run(cache, 'inspect', input), first);
    assert.equal(existsSync(path.join(code, removed)), false, 'Node would have written it again');
  });
}
