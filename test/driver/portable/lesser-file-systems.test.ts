// A chain laid out on file systems that have less: no hard links, no symlinks, no owners, no modes, no case, fewer names. Simulated, as a
// test machine rarely has one: the calls answer as such a file system does.
import assert from 'node:assert/strict';
import fs, { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Finding } from '#model';
import { LayerApplier } from '../../../src/driver/portable/apply-tar.ts';
import { directory, file, hardlink, pax, symlink, tar } from '../../support/tar-builder.ts';

function newRoot(t: TestContext): string {
  const root = mkdtempSync(path.join(tmpdir(), 'layerscope-lesser-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

function apply(root: string, bytes: Uint8Array, foldsCase = false): string[] {
  const told: Finding[] = [];
  using applier = new LayerApplier(root, { foldsCase, onFinding: (found) => told.push(found) });
  applier.push(bytes);
  applier.finish();
  return told.map(({ code, message, path: where }) => (where === undefined ? message : `${code} ${where}`));
}

function failing(t: TestContext, code: string, ...names: readonly (keyof typeof fs)[]): void {
  for (const name of names) {
    t.mock.method(fs, name as 'linkSync', () => {
      throw Object.assign(new Error(code), { code });
    });
  }
}

test('no hard links: copies with the same facts; no symlinks: told, the rest is there', (t) => {
  failing(t, 'EPERM', 'linkSync', 'symlinkSync');
  const root = newRoot(t);
  const told = apply(
    root,
    tar(file('a', 'content', { mode: 0o640, mtime: 1_400_000_000 }), hardlink('b', 'a'), symlink('c', 'a'), file('d', 'x')),
  );
  assert.deepEqual(readdirSync(root).sort(), ['a', 'b', 'd']);
  assert.equal(readFileSync(path.join(root, 'b'), 'utf8'), 'content');
  const stats = lstatSync(path.join(root, 'b'));
  assert.deepEqual([stats.mode & 0o7777, stats.mtimeMs, stats.nlink], [0o640, 1_400_000_000_000, 1]);
  assert.deepEqual(told, ['1 hard links were made as copies', '1 links were not made']);
});

test('too many links of one file: the next is a copy', (t) => {
  failing(t, 'EMLINK', 'linkSync');
  const root = newRoot(t);
  assert.deepEqual(apply(root, tar(file('a', 'x'), hardlink('b', 'a'))), ['1 hard links were made as copies']);
});

test('no modes and no times: counted', (t) => {
  failing(t, 'EPERM', 'fchmodSync', 'chmodSync', 'futimesSync', 'utimesSync');
  const root = newRoot(t);
  const told = apply(root, tar(directory('d/'), file('d/f', 'x')));
  assert.equal(readFileSync(path.join(root, 'd', 'f'), 'utf8'), 'x');
  assert.deepEqual(
    told.map((text) => text.replace(/^\d+ /, '')),
    ['modes were not set', 'times were not set'],
  );
});

test('what is no lack of the file system still stops', (t) => {
  failing(t, 'EIO', 'linkSync');
  assert.throws(() => apply(newRoot(t), tar(file('a', 'x'), hardlink('b', 'a'))), { code: 'EIO' });
});

test('names that the file system refuses are counted, and the rest is there', (t) => {
  const root = newRoot(t);
  const told = apply(root, tar(pax({ path: 'n'.repeat(300) }), file('n', 'x'), file('short', 'y')));
  assert.deepEqual(readdirSync(root), ['short']);
  assert.deepEqual(told, ['1 names are not taken by this file system: not made']);
});

/** Calls find what is there whatever the case, as on macOS and Windows; new names keep theirs. */
function foldCase(t: TestContext, root: string): void {
  const readdir = fs.readdirSync;
  const found = (at: unknown): string => {
    let folder = root;
    const rest = String(at).slice(root.length + 1);
    for (const part of rest === '' ? [] : rest.split('/')) {
      const names = fs.existsSync(folder) ? (readdir(folder) as string[]) : [];
      folder = path.join(folder, names.find((name) => name.toLowerCase() === part.toLowerCase()) ?? part);
    }
    return folder;
  };
  for (const name of [
    'lstatSync',
    'openSync',
    'mkdirSync',
    'unlinkSync',
    'rmdirSync',
    'readdirSync',
    'chmodSync',
    'lchownSync',
    'utimesSync',
  ]) {
    const real = fs[name as 'lstatSync'] as (...values: unknown[]) => unknown;
    t.mock.method(fs, name as 'lstatSync', ((at: unknown, ...rest: unknown[]) => real(found(at), ...rest)) as never);
  }
}

test('no case: the first of two names stays, the other is told; a whiteout hides what has its very name', (t) => {
  const root = newRoot(t);
  foldCase(t, root);
  const lower = apply(
    root,
    tar(file('Read.me', 'one'), file('README', 'x'), file('readme', 'two'), directory('D/'), file('d/f', 'f')),
    true,
  );
  assert.deepEqual(lower, ['case-collision readme', 'case-collision d/f']);
  assert.equal(readFileSync(path.join(root, 'README'), 'utf8'), 'x');
  apply(root, tar(file('.wh.readme', ''), file('.wh.Read.me', ''), file('README', 'newer')), true);
  t.mock.restoreAll();
  assert.deepEqual(readdirSync(root).sort(), ['D', 'README']);
  assert.equal(readFileSync(path.join(root, 'README'), 'utf8'), 'newer');
});
