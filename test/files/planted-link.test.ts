// A folder that the user chooses as a target, with another user's link on the path to the folder.
import assert from 'node:assert/strict';
import { chmodSync, chownSync, lchownSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { openNamedFolder } from '#files';
import { hasCode } from '../support/asserts.ts';
import { testFolder } from '../support/workbench.ts';

const skip = process.getuid?.() === 0 ? false : 'not run: creating another user’s link needs root';
const OTHER = 65_534;

for (const [what, mode, owner] of [
  ['sticky', 0o1777, 0],
  ['not sticky', 0o777, 0],
  ['sticky, and that user’s own', 0o1777, OTHER],
] as const) {
  const title = `another user’s link in a folder that everyone may write to (${what}) is not followed, and nothing is created behind it`;
  test(title, { skip }, (t) => refusesLink(t, mode, owner));
}

function refusesLink(t: TestContext, mode: number, owner: number): void {
  const folder = testFolder(t);
  const [shared, behind] = [path.join(folder, 'shared'), path.join(folder, 'behind')];
  for (const each of [shared, behind]) mkdirSync(each);
  chmodSync(shared, mode);
  chownSync(shared, owner, owner);
  const link = path.join(shared, 'out');
  symlinkSync(behind, link);
  lchownSync(link, OTHER, OTHER);
  assert.throws(() => openNamedFolder(link), hasCode('PERMISSION'));
  assert.throws(() => openNamedFolder(path.join(link, 'a', 'b'), true), hasCode('PERMISSION'));
  assert.deepEqual(readdirSync(behind), []);
}

test('the user’s own link is followed, and so is another user’s in a folder that not everyone can write to', { skip }, (t) => {
  const folder = testFolder(t);
  const [shared, home, behind] = [path.join(folder, 'shared'), path.join(folder, 'home'), path.join(folder, 'behind')];
  for (const each of [shared, home, behind]) mkdirSync(each);
  chmodSync(shared, 0o1777);
  symlinkSync(behind, path.join(shared, 'out'));
  symlinkSync(behind, path.join(home, 'out'));
  lchownSync(path.join(home, 'out'), OTHER, OTHER);
  for (const each of [shared, home]) {
    using held = openNamedFolder(path.join(each, 'out', path.basename(each)), true);
    assert.equal(held.path, path.join(behind, path.basename(each)));
  }
  assert.deepEqual(readdirSync(behind).sort(), ['home', 'shared']);
});
