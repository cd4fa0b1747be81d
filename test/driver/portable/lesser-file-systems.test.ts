// Chains laid out on limited file systems: without hard links, symlinks, owners, modes or case, or with fewer valid names. Test machines
// rarely have such file systems, so their calls are simulated.
import assert from 'node:assert/strict';
import fs, { lstatSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { layOut, newRoot } from '../../support/laid-chain.ts';
import { directory, file, hardlink, pax, symlink, tar } from '../../support/tar-builder.ts';

function failing(t: TestContext, code: string, ...names: readonly (keyof typeof fs)[]): void {
  for (const name of names) {
    t.mock.method(fs, name as 'linkSync', () => {
      throw Object.assign(new Error(code), { code });
    });
  }
}

test('without hard links, copies are made with the same owner, mode and time; missing symlinks are reported', async (t) => {
  const root = newRoot(t);
  failing(t, 'EPERM', 'linkSync', 'symlinkSync');
  const reported = await layOut(
    root,
    tar(
      file('a', 'content', { mode: 0o640, mtime: 1_400_000_000 }),
      hardlink('b', 'a', { mode: 0o640, mtime: 1_400_000_000 }),
      symlink('c', 'a'),
      file('d', 'x'),
    ),
  );
  assert.deepEqual(readdirSync(root).sort(), ['a', 'b', 'd']);
  assert.equal(readFileSync(path.join(root, 'b'), 'utf8'), 'content');
  const stats = lstatSync(path.join(root, 'b'));
  assert.deepEqual([stats.mode & 0o7777, stats.mtimeMs, stats.nlink], [0o640, 1_400_000_000_000, 1]);
  assert.deepEqual(reported, [
    'not-made c: the system refuses it: EPERM (the system does not permit it)',
    'not-kept b: it is a copy, because this file system doesn’t allow more hard links',
  ]);
});

test('a link beyond the maximum number of links is a copy', async (t) => {
  failing(t, 'EMLINK', 'linkSync');
  const root = newRoot(t);
  const reported = await layOut(root, tar(file('a', 'x'), hardlink('b', 'a')));
  assert.deepEqual(reported, ['not-kept b: it is a copy, because this file system doesn’t allow more hard links']);
});

test('modes and times that can’t be set are reported', async (t) => {
  failing(t, 'EPERM', 'fchmodSync', 'chmodSync', 'futimesSync', 'lutimesSync');
  const root = newRoot(t);
  const reported = await layOut(root, tar(directory('d/'), file('d/f', 'x')));
  assert.equal(readFileSync(path.join(root, 'd', 'f'), 'utf8'), 'x');
  const sentences = ['its mode could not be preserved', 'this file system cannot store its time'];
  assert.deepEqual(
    reported,
    sentences.flatMap((sentence) => [`not-kept d/f: ${sentence}`, `not-kept d: ${sentence}`]),
  );
});

test('an error other than a file-system limit stops the work', async (t) => {
  failing(t, 'EIO', 'linkSync');
  await assert.rejects(layOut(newRoot(t), tar(file('a', 'x'), hardlink('b', 'a'))), { code: 'IO' });
});

test('names that the file system refuses are reported, and the rest is created', async (t) => {
  const root = newRoot(t);
  const reported = await layOut(root, tar(pax({ path: 'n'.repeat(300) }), file('n', 'x'), file('short', 'y')));
  assert.deepEqual(readdirSync(root), ['short']);
  assert.deepEqual(reported, [
    `not-made ${'n'.repeat(300)}: the system refuses it: ENAMETOOLONG (the name or path is too long for this system)`,
  ]);
});

/** Simulates a file system that is case-insensitive but preserves case, as on macOS and Windows. */
function foldCase(t: TestContext, root: string): void {
  const readdir = fs.readdirSync;
  const found = (at: unknown): string => {
    if (!String(at).startsWith(root)) return String(at);
    let folder = root;
    const rest = String(at).slice(root.length + 1);
    for (const part of rest === '' ? [] : rest.split('/')) {
      const names = fs.existsSync(folder) ? (readdir(folder) as string[]) : [];
      folder = path.join(folder, names.find((name) => name.toLowerCase() === part.toLowerCase()) ?? part);
    }
    return folder;
  };
  for (const name of ['lstatSync', 'openSync', 'mkdirSync', 'chmodSync', 'lchownSync', 'lutimesSync']) {
    const real = fs[name as 'lstatSync'] as (...values: unknown[]) => unknown;
    t.mock.method(fs, name as 'lstatSync', ((at: unknown, ...rest: unknown[]) => real(found(at), ...rest)) as never);
  }
}

test('on a case-insensitive file system, the first of two colliding names stays, and the other is reported with its content', async (t) => {
  const root = newRoot(t);
  foldCase(t, root);
  const reported = await layOut(
    root,
    tar(file('Read.me', 'one'), file('README', 'x'), file('readme', 'two'), directory('D/'), file('d/f', 'f')),
    tar(file('.wh.readme', ''), file('.wh.Read.me', ''), file('README', 'newer')),
  );
  t.mock.restoreAll();
  assert.deepEqual(reported, ['case-collision d: this file system treats its name as that of another entry (and 1 below it)']);
  assert.deepEqual(readdirSync(root).sort(), ['D', 'README']);
  assert.equal(readFileSync(path.join(root, 'README'), 'utf8'), 'newer');
});
