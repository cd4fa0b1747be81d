import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { mapStack } from '../../src/host/mapped-stack.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'layerscope map '));
after(() => rm(folder, { recursive: true }));
const bundle = path.join(folder, 'main.cjs');
// Line 1 column 5 of the bundle is line 3 column 7 of the source; VLQ: 0 → A, 1 → C, 2 → E, 6 → M, 4 → I.
await writeFile(`${bundle}.map`, JSON.stringify({ version: 3, sources: ['src/it.ts'], names: [], mappings: 'IAEM' }));
const source = `${path.join(folder, 'src', 'it.ts')}:3:7`;

test('frames in a bundle name the source, with and without a function’s name, by path and by URL', () => {
  const frames = [
    'Error: it broke (here):1:2',
    `    at run (${bundle}:1:5)`,
    `    at async ${bundle}:1:5`,
    `    at ${bundle}:1:5`,
    `    at Object.<anonymous> (${pathToFileURL(bundle).href}:1:5)`,
  ];
  assert.deepEqual(mapStack(frames.join('\n')).split('\n'), [
    'Error: it broke (here):1:2',
    `    at run (${source})`,
    `    at async ${source}`,
    `    at ${source}`,
    `    at Object.<anonymous> (${source})`,
  ]);
});

test('frames without a map are unchanged', () => {
  const stack = 'Error: x\n    at run (/nowhere/main.cjs:1:5)\n    at node:internal/timers:520:9\n    at new Promise (<anonymous>)';
  assert.equal(mapStack(stack), stack);
});

test('a damaged map leaves its frames unchanged', async () => {
  const damaged = path.join(folder, 'damaged.cjs');
  await writeFile(`${damaged}.map`, '{');
  const stack = `Error: x\n    at run (${damaged}:1:5)`;
  assert.equal(mapStack(stack), stack);
});
