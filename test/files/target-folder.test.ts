import assert from 'node:assert/strict';
import fs, { mkdirSync, readdirSync, renameSync, symlinkSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { TargetFolder } from '../../src/files/target-folder.ts';
import { testFolder } from '../support/workbench.ts';

const onPosix = { skip: process.platform === 'win32' ? 'descriptors of folders' : false };

test('creates nothing behind a link that replaces the target’s parent between the check and the creation', onPosix, (t) => {
  const folder = testFolder(t);
  const parent = path.join(folder, 'parent');
  const victim = path.join(folder, 'victim');
  mkdirSync(parent);
  mkdirSync(victim);
  const { lstatSync } = fs;
  const restore = (): void => {
    fs.lstatSync = lstatSync;
    syncBuiltinESMExports();
  };
  t.after(restore);
  const made: string[] = [];
  const { mkdirSync: make } = fs;
  t.mock.method(fs, 'mkdirSync', (name: string) => {
    made.push(name);
    return make(name);
  });
  fs.lstatSync = ((name: string, options: object) => {
    const found: unknown = Reflect.apply(lstatSync, fs, [name, options]);
    if (name === parent) {
      renameSync(parent, path.join(folder, 'old'));
      symlinkSync(victim, parent);
    }
    return found;
  }) as typeof lstatSync;
  syncBuiltinESMExports();
  assert.throws(() => TargetFolder.make(path.join(parent, 'new', 'inner')), { code: 'IO', message: /parent was replaced/ });
  restore();
  assert.deepEqual(made, []);
  assert.deepEqual(readdirSync(victim), []);
  assert.deepEqual(readdirSync(path.join(folder, 'old')), []);
});

test('creates folders through a link that the user chose', onPosix, (t) => {
  const folder = testFolder(t);
  mkdirSync(path.join(folder, 'real'));
  symlinkSync('real', path.join(folder, 'link'));
  using made = TargetFolder.make(path.join(folder, 'link', 'new'));
  assert.equal(made.path, path.join(folder, 'real', 'new'));
});
