// Removal of deep folders, with few descriptors, and while their content is moved.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { removeTree } from '#disk';
import { testFolder } from '../support/workbench.ts';

const elsewhere = process.platform === 'linux' ? false : 'goes by descriptors on Linux only';
const DEPTH = 1_900;

test('a folder with more levels than a process may have descriptors is removed', { skip: elsewhere }, (t: TestContext) => {
  const folder = testFolder(t);
  const door = new URL('../../src/disk/index.ts', import.meta.url).href;
  const script = `
    import { mkdirSync, writeFileSync } from 'node:fs';
    import { removeTree } from ${JSON.stringify(door)};
    for (let depth = 0; depth < ${DEPTH}; depth++) {
      for (const name of ['a', 'side']) mkdirSync(name);
      writeFileSync('side/f', 'x');
      process.chdir('a');
    }
    process.chdir('/');
    await removeTree(${JSON.stringify(path.join(folder, 'a'))});`;
  const { status, stderr } = spawnSync('sh', ['-c', 'ulimit -n 128 && exec "$0" --input-type=module -e "$1"', process.execPath, script], {
    cwd: folder,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  assert.deepEqual(readdirSync(folder), ['side']);
});

test('if a folder is moved out of one that is being removed, nothing next to its new place is removed', { skip: elsewhere }, async (t) => {
  const folder = testFolder(t);
  const [tree, outside] = [path.join(folder, 'tree'), path.join(folder, 'outside')];
  const below = (depth: number): string => path.join(tree, ...Array.from({ length: depth }, () => 'a'));
  mkdirSync(below(100), { recursive: true });
  mkdirSync(path.join(outside, 'a'), { recursive: true });
  for (const at of [outside, path.join(outside, 'a')]) writeFileSync(path.join(at, 'precious'), 'precious');
  // Enough files that the removal yields once it has reached the last folder.
  for (let index = 0; index < 400; index++) writeFileSync(path.join(below(100), `${index}`), '');
  const removal = removeTree(tree);
  assert.ok(existsSync(below(100)));
  renameSync(below(50), path.join(outside, 'moved'));
  await removal;
  assert.equal(existsSync(tree), false);
  assert.deepEqual(readdirSync(outside).sort(), ['a', 'moved', 'precious']);
  assert.deepEqual(readdirSync(path.join(outside, 'a')), ['precious']);
});
