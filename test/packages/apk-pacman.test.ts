import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseApkInstalled } from '../../src/packages/apk.ts';
import { readPacman } from '../../src/packages/pacman.ts';
import { hasCode } from '../support/asserts.ts';
import { latin1, seenFiles, told } from '../support/seen-fixture.ts';

test('apk: records give packages and their files, and virtual packages are left out', () => {
  const text = `C:Q1abc=
P:musl
V:1.2.5-r0
A:x86_64
S:403000
I:667648
T:the musl c library
L:MIT
o:musl-src
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
R:\u00e4
F:
R:root

P:.build-deps
V:20260101.1
F:x
R:y

P:last
V:2
`;
  assert.deepEqual(parseApkInstalled(latin1(text)).map(told), [
    {
      type: 'apk',
      name: 'musl',
      arch: 'x86_64',
      version: '1.2.5-r0',
      source: 'musl-src',
      sourceVersion: '1.2.5-r0',
      license: 'MIT',
      statedBytes: 667_648,
      paths: ['lib/ld-musl-x86_64.so.1', 'lib/\u00e4', 'root'],
    },
    { type: 'apk', name: 'last', version: '2' },
  ]);
});

test('apk: long names and names with a NUL are left out', () => {
  const [found] = parseApkInstalled(latin1(`P:a\nV:1\nF:d\nR:${'x'.repeat(5000)}\nR:a\0b\nR:ok\n\n`));
  assert.ok(found);
  assert.deepEqual(told(found).paths, ['d/ok']);
});

test('pacman: each folder’s desc and files give a package and its files', async () => {
  const seen = seenFiles({
    'l/ALPM_DB_VERSION': '9\n',
    'l/a-1:2-1/desc': '%NAME%\na\n\n%VERSION%\n1:2-1\n\n%BASE%\nabase\n\n%ARCH%\nx86_64\n\n%LICENSE%\nMIT\nGPL3\n\n%SIZE%\n40\n',
    'l/a-1:2-1/files': '%BACKUP%\netc/a\tsum\n\n%FILES%\nusr/\nusr/bin/\nusr/bin/a\n\n%BACKUP%\netc/other\n',
    'l/b-1-1/desc': '%NAME%\nb\n\n%VERSION%\n0:1-1\n',
  });
  assert.deepEqual((await readPacman(seen, 'l')).map(told), [
    {
      type: 'alpm',
      name: 'a',
      arch: 'x86_64',
      version: '1:2-1',
      source: 'abase',
      sourceVersion: '1:2-1',
      license: 'MIT, GPL3',
      statedBytes: 40,
      paths: ['usr/', 'usr/bin/', 'usr/bin/a'],
    },
    { type: 'alpm', name: 'b', version: '1-1', source: 'b', sourceVersion: '1-1' },
  ]);
});

test('a database with more packages than any real one is refused', () => {
  const records = Array.from({ length: 200_001 }, (_, at) => `P:p${at}\nV:1\n\n`).join('');
  assert.throws(() => parseApkInstalled(latin1(records)), hasCode('TOO_LARGE'));
});
