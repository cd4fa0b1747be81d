import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareImages, type ImageView, loadImage } from '#engine';
import { archiveOf, dockerArchive, pack } from '../support/image-builder.ts';
import { file, gnuSparse, tar } from '../support/tar-builder.ts';
import { testFile, testReader } from '../support/workbench.ts';

const LARGEST = 2 ** 33 - 1; // the largest size in eleven octal digits; reading that many zeros would take longer than a test may
const HUGE = tar(
  gnuSparse(
    'huge',
    LARGEST,
    [
      [0, 4],
      [LARGEST, 0],
    ],
    'data',
  ),
);

test('a layer equals itself when its file is opened twice, whatever it contains', async (t) => {
  const whole = file('cut', 'x'.repeat(2000));
  const inputs = {
    'a layer of a huge file of holes': HUGE,
    'a compressed layer of a huge file of holes': pack(HUGE, 'gzip'),
    'a layer that is cut off': whole.subarray(0, whole.length - 1024),
    'an image, compressed as a whole': pack(archiveOf(dockerArchive([{ layers: [HUGE], config: { diffIds: [] } }])), 'gzip'),
  };
  for (const [what, bytes] of Object.entries(inputs)) {
    const path = testFile(t, bytes);
    const views: ImageView[] = [];
    for (let time = 0; time < 2; time++) {
      const reader = testReader(t);
      const loaded = await loadImage(reader, await reader.open(path), 0);
      views.push({ loaded, layer: 0 });
    }
    const [a, b] = views;
    assert.ok(a && b);
    assert.equal(a.loaded.report.totals.files, 1, what);
    const { counts } = await compareImages(a, b, { signal: AbortSignal.timeout(5_000) });
    assert.ok(!counts.includes(1), what);
  }
});

test('two files with the same size and time that differ in one byte are different', async (t) => {
  const views: ImageView[] = [];
  for (const end of ['a', 'b']) {
    const reader = testReader(t);
    const loaded = await loadImage(reader, await reader.open(testFile(t, tar(file('x', `${'='.repeat(100_000)}${end}`)))), 0);
    views.push({ loaded, layer: 0 });
  }
  const [a, b] = views;
  assert.ok(a && b);
  assert.deepEqual([...(await compareImages(a, b)).counts], [1]);
});
