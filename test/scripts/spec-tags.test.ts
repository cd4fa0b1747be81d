// Every window spec runs in Chromium, in Electron or in both: no tag or file name leaves it out of both.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const specs = path.resolve(import.meta.dirname, '..', 'ui', 'specs');
const files = readdirSync(specs).filter((name) => name.endsWith('.spec.ts'));
const tagsOf = (file: string) =>
  [...readFileSync(path.join(specs, file), 'utf8').matchAll(/\{ tag: ([^}]+?) \}, async/g)].map(([, tag = '']) => tag);

test('each spec has at most one tag, and the configuration knows it', () => {
  const tags = files.flatMap(tagsOf);
  assert.deepEqual([...new Set(tags)].sort(), ["'@page'", "'@window'"]);
});

test('a spec whose file name limits it to one program isn’t excluded there by a tag', () => {
  for (const file of files) {
    if (file.startsWith('web-')) assert.ok(!tagsOf(file).includes("'@window'"), file);
    if (file.startsWith('electron-')) assert.ok(!tagsOf(file).includes("'@page'"), file);
  }
});
