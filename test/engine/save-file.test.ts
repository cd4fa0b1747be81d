import assert from 'node:assert/strict';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { saveFile } from '#engine';
import { utf8 } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

const skip = process.platform === 'win32' ? 'not run: Windows has no such modes' : false;

test('a file that replaces a private one is private too', { skip }, async (t) => {
  const file = path.join(testFolder(t), 'report');
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    yield utf8('new');
  };
  writeFileSync(file, 'old');
  chmodSync(file, 0o600);
  await saveFile(file, pieces(), { signal: new AbortController().signal });
  assert.deepEqual([readFileSync(file, 'utf8'), statSync(file).mode & 0o777], ['new', 0o600]);
});
