import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { createReader } from '#archive';
import { findRewritten, loadImage } from '#engine';
import { dockerArchive } from '../support/docker-archive.ts';
import { directory, file, hardlink, tar } from '../support/tar-builder.ts';
import { testFile, testReader } from '../support/workbench.ts';

test('files rewritten with identical bytes are found, with the layers that wrote them; changed, new, empty and linked files are ignored', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-rewritten-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const image = path.join(folder, 'image.tar');
  const layers = [
    tar(
      directory('d/'),
      file('d/same', 'abc'),
      file('d/other', 'abc'),
      file('d/empty', ''),
      file('d/gone', 'abc'),
      file('d/first', 'long'),
    ),
    tar(
      file('d/same', 'abc', { mode: 0o600 }),
      file('d/other', 'abd'),
      file('d/empty', '', { mode: 0o600 }),
      file('d/.wh.gone'),
      file('d/new', 'abc'),
    ),
    tar(file('d/same', 'abc', { mode: 0o640 }), file('d/gone', 'abc'), hardlink('d/link', 'd/same'), file('d/first', 'long', { uid: 5 })),
  ];
  writeFileSync(image, dockerArchive({ name: 'x:1', layers }));
  await using reader = createReader({ cacheFolder: null, workers: 0 });
  await using archive = await reader.open(image);
  const loaded = await loadImage(reader, archive, 0);
  const seen: number[] = [];
  const found = await findRewritten(loaded, { signal: new AbortController().signal, onLayer: (layer) => seen.push(layer) });
  assert.deepEqual(
    found.files.map(({ path: where, layer, bytes }) => `${layer} ${where} ${bytes}`),
    ['2 d/first 4', '1 d/same 3', '2 d/same 3'],
  );
  assert.deepEqual([found.bytes, found.count, seen], [10, 3, [1, 2]]);
  await assert.rejects(findRewritten(loaded, { signal: AbortSignal.abort() }), { code: 'CANCELLED' });
});

test('registry deltas of a Windows image don’t count as rewritten files, because Windows merges them', async (t) => {
  const layer = tar(file('Files/a', 'abc'), file('Hives/System_Delta', 'same'));
  const again = tar(file('Files/a', 'abc', { uid: 1 }), file('Hives/System_Delta', 'same', { uid: 1 }));
  const reader = testReader(t);
  const found = async (os: string) => {
    const archive = await reader.open(testFile(t, dockerArchive({ name: 'w:1', os, layers: [layer, again] })));
    const { files } = await findRewritten(await loadImage(reader, archive, 0), { signal: new AbortController().signal });
    return files.map(({ path: where }) => where);
  };
  assert.deepEqual(await found('windows'), ['Files/a']);
  assert.deepEqual(await found('linux'), ['Hives/System_Delta', 'Files/a']);
});
