import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { readSettings } from '#files';
import type { LayerscopeError } from '#model';
import { hasCode } from '../support/asserts.ts';
import { testFolder } from '../support/workbench.ts';

test('a settings file is read completely, through links, up to its limit', (t) => {
  const folder = testFolder(t);
  const file = path.join(folder, 'file');
  assert.equal(readSettings(file), null);
  assert.equal(readSettings(path.join(folder, 'file/below')), null);
  for (const size of [0, 1, 65_536, 65_537, 1 << 20]) {
    const bytes = Buffer.from(Uint8Array.from({ length: size }, (_, at) => at * 7));
    writeFileSync(file, bytes);
    assert.ok(readSettings(file)?.equals(bytes), `${size} bytes`);
  }
  writeFileSync(file, Buffer.alloc((1 << 20) + 1));
  assert.throws(() => readSettings(file), hasCode('TOO_LARGE'));
  writeFileSync(file, '12345');
  assert.equal(readSettings(file, 5)?.toString(), '12345');
  assert.throws(() => readSettings(file, 4), hasCode('TOO_LARGE'));
  if (process.platform === 'win32') return;
  symlinkSync('file', path.join(folder, 'link'));
  assert.equal(readSettings(path.join(folder, 'link'))?.toString(), '12345');
  symlinkSync('nowhere', path.join(folder, 'dangling'));
  assert.equal(readSettings(path.join(folder, 'dangling')), null);
});

test('a settings file whose size the system doesn’t know is read', { skip: process.platform !== 'linux' && 'needs /proc' }, () => {
  assert.match(readSettings('/proc/self/status')?.toString() ?? '', /^Name:\t/);
});

test('a settings file that isn’t a regular file is refused with an error that names it, without waiting for it', {
  skip: process.platform === 'win32' && 'no pipes',
}, (t) => {
  const folder = testFolder(t);
  const pipe = path.join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  mkdirSync(path.join(folder, 'folder'));
  symlinkSync('/dev/zero', path.join(folder, 'endless'));
  symlinkSync('pipe', path.join(folder, 'link'));
  symlinkSync('loop', path.join(folder, 'loop'));
  for (const name of ['pipe', 'folder', 'endless', 'link', 'loop']) {
    const file = path.join(folder, name);
    assert.throws(
      () => readSettings(file),
      (error: unknown) => hasCode('IO')(error) && (error as LayerscopeError).message.startsWith(file),
      name,
    );
  }
  assert.throws(() => readSettings('a\0b'), hasCode('IO'));
});
