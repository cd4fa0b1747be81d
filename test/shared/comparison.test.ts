import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { compareImages, configDifferences, configLines, type ImageView, loadImage } from '#engine';
import { testFile, testReader } from '../support/workbench.ts';

const FAULTS = path.join(import.meta.dirname, '..', '..', '..', 'shared', 'faults');

test('two images that differ only in their configs have no other differences', async (t) => {
  const reader = testReader(t);
  const views: ImageView[] = [];
  for (const name of ['cfgA', 'cfgB']) {
    const bytes = gunzipSync(readFileSync(path.join(FAULTS, `${name}.tar.gz`)));
    views.push({ loaded: await loadImage(reader, await reader.open(testFile(t, bytes)), 0), layer: 0 });
  }
  const [a, b] = views;
  assert.ok(a && b);
  assert.ok(!(await compareImages(a, b)).counts.includes(1));
  assert.deepEqual(
    [...configLines(configDifferences(a, b) ?? [])],
    [
      '{"kind":"config","field":"User","a":null,"b":"root"}\n',
      '{"kind":"config","field":"Env.A","a":"1","b":"2"}\n',
      '{"kind":"config","field":"Cmd","a":["a"],"b":null}\n',
    ],
  );
});
