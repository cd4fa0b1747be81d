// Links in a layout folder are checked as text before their targets are accessed.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { FolderMembers } from '../../src/archive/members/folder-members.ts';
import { linkStart } from '../../src/archive/members/link-target.ts';
import { writeFolder } from '../support/image-builder.ts';
import { utf8 } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

const NO_LINKS = { skip: process.platform === 'win32' };

/** Returns the path below the folder that a link in `blobs/sha256` leads to; null if the link leads outside. */
function led(roots: readonly [string, ...string[]], target: string, style: path.PlatformPath): string | null {
  const start = linkStart(roots, ['blobs', 'sha256'], target, style);
  return start === null ? null : [...start.at, ...start.parts].join('/');
}

test('on Windows a link to a share, a device, another drive or a drive’s current folder leads outside, with either slash', () => {
  for (const target of [
    '\\\\host\\share\\x',
    '//host/share/x',
    '\\/host\\share',
    '\\\\?\\UNC\\host\\share\\x',
    '\\\\?\\C:\\images\\app\\x',
    '\\\\.\\pipe\\x',
    '\\??\\UNC\\host\\share',
    'D:\\x',
    'C:x',
    'c:\\windows\\win.ini',
    '\\images\\app\\x',
    '/images/app/x',
    '..\\..\\..\\x',
    '../../../x',
    '..\\..\\..\\..\\..\\..\\x',
    'C:\\images\\application\\x',
  ]) {
    assert.equal(led(['C:\\images\\app'], target, path.win32), null, target);
  }
  // A link from one share to another leads outside.
  assert.equal(led(['\\\\host\\share\\app'], '\\\\other\\share\\app\\x', path.win32), null);
  assert.equal(led(['\\\\host\\share\\app'], '\\host\\share\\app\\x', path.win32), null);
  assert.equal(led(['\\\\host\\share\\app'], '\\\\host\\share\\app\\x', path.win32), 'x');
});

test('links that stay in the folder are followed, whichever of the folder’s names they use', () => {
  for (const [target, to] of [
    ['real', 'blobs/sha256/real'],
    ['..\\sha512\\real', 'blobs/sha512/real'],
    ['../../real', 'real'],
    ['C:\\images\\app\\real', 'real'],
    ['C:/images/app/blobs/../real', 'blobs/../real'],
    ['..\\..\\..\\app\\real', 'real'],
  ] as const) {
    assert.equal(led(['C:\\images\\app'], target, path.win32), to, target);
  }
  for (const [target, to] of [
    ['\\\\host\\share', 'blobs/sha256/\\\\host\\share'],
    ['/images/app/real', 'real'],
    ['/home/me/app/real', 'real'],
    ['../../../app/real', 'real'],
    ['../../../../images/app/real', 'real'],
    ['/images/application', null],
    ['/etc/passwd', null],
    ['../../../other/real', null],
    ['../../../../../../images/app/real', null],
  ] as const) {
    assert.equal(led(['/images/app', '/home/me/app'], target, path.posix), to, target);
  }
});

/** Records which paths are passed to which node:fs calls during the work. */
function asked(t: TestContext, work: () => void): (readonly [call: string, path: string])[] {
  const all: (readonly [string, string])[] = [];
  const calls = ['realpathSync', 'statSync', 'lstatSync', 'readlinkSync', 'openSync', 'accessSync', 'existsSync', 'readdirSync'] as const;
  const real = fs as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const call of calls) {
    const original = real[call] as (...args: unknown[]) => unknown;
    t.mock.method(fs, call, (...args: unknown[]) => {
      all.push([call, String(args[0])]);
      return original(...args);
    });
  }
  syncBuiltinESMExports();
  try {
    work();
  } finally {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  }
  return all;
}

test('the target of a link out of the folder is never accessed, and no link is followed before its text is read', NO_LINKS, (t) => {
  const outer = fs.realpathSync(testFolder(t));
  const folder = path.join(outer, 'layout');
  writeFolder(outer, new Map([['outside', utf8('secret')]]));
  writeFolder(
    folder,
    new Map([
      ['real', utf8('x')],
      ['d/e/deep', utf8('y')],
    ]),
  );
  const link = (name: string, target: string): void => fs.symlinkSync(target, path.join(folder, name));
  link('inside', 'real');
  link('dir', 'd/e');
  link('chain', 'dir/../e/deep');
  link('absolute', path.join(folder, 'real'));
  link('back', '../layout/real');
  link('out', '../outside');
  link('out-absolute', path.join(outer, 'outside'));
  link('out-folder', '..');
  link('d/late', '../dir/../../../outside');
  link('through', 'out-folder/outside');
  link('gone', 'dir/nothing');
  link('gone-out', '/no such folder/x');
  link('self', 'self');
  link('through-file', 'real/../real');
  const members = new FolderMembers(folder);
  const found: Record<string, string | null> = {};
  const names = ['inside', 'dir/deep', 'chain', 'absolute', 'back', 'out', 'out-absolute', 'out-folder/outside', 'd/late', 'through'];
  const paths = asked(t, () => {
    for (const name of [...names, 'gone', 'gone-out', 'self', 'dir/none', 'through-file', 'real/x']) {
      try {
        const file = members.find(name)?.path;
        found[name] = file === undefined ? null : path.relative(folder, file);
      } catch (error) {
        found[name] = (error as { finding?: string }).finding ?? String(error);
      }
    }
  });
  assert.deepEqual(found, {
    inside: 'real',
    'dir/deep': 'd/e/deep',
    chain: 'd/e/deep',
    absolute: 'real',
    back: 'real',
    out: 'link-outside',
    'out-absolute': 'link-outside',
    'out-folder/outside': 'link-outside',
    'd/late': 'link-outside',
    through: 'link-outside',
    gone: 'missing-blob',
    'gone-out': 'link-outside',
    self: 'link-loop',
    'dir/none': null,
    'through-file': 'missing-blob',
    'real/x': null,
  });
  for (const [call, at] of paths) {
    assert.ok(at.startsWith(`${folder}/`), `${call} ${at}`);
    assert.match(call, /^(lstat|readlink)Sync$/, 'no call follows links');
    assert.equal(fs.realpathSync(path.dirname(at)), path.dirname(at), `${call} ${at}: a link is on the path`);
  }
  assert.ok(paths.length > 30);
});
