import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dockerArchive } from '../support/docker-archive.ts';
import { file, tar } from '../support/tar-builder.ts';
import { createBench } from './run-cli.ts';

const IMAGE = dockerArchive({
  name: 'app:1',
  layers: [
    tar(file('same', 'x'.repeat(1000)), file('changed', 'y'.repeat(500)), file('gone', 'z'.repeat(200))),
    tar(file('same', 'x'.repeat(1000), { uid: 1 }), file('changed', 'w'.repeat(500)), file('.wh.gone')),
  ],
});

test('waste lists bytes by layer and file, and with --rewritten files rewritten with the same content', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const plain = await bench.cli(['waste', 'image.tar']);
  assert.equal(plain.code, 0, plain.stderr);
  assert.deepEqual(plain.stdout.split('\n'), [
    '1.7 kB of 3.2 kB hidden or rewritten, efficiency 46.9 %',
    '   1.7 kB  written by layer 0',
    '',
    '   1.0 kB  same  (layers 0, 1)',
    '   500 B   changed  (layers 0, 1)',
    '   200 B   gone  (layers 0)',
    '',
  ]);
  const deep = await bench.cli(['waste', 'image.tar', '--rewritten', '--limit', '1']);
  assert.match(deep.stdout, /1 file was rewritten with the same content, 1\.0 kB\n {3}1\.0 kB {2}same {2}\(layer 1\)\n$/);
  const json = JSON.parse((await bench.cli(['waste', 'image.tar', '--rewritten', '--json'])).stdout);
  assert.deepEqual(json.rewritten, { bytes: 1000, count: 1, files: [{ path: 'same', layer: 1, bytes: 1000 }] });
  assert.deepEqual(json.byLayer, [1700, 0]);
  assert.equal('rewritten' in JSON.parse((await bench.cli(['waste', 'image.tar', '--json'])).stdout), false);
  assert.equal((await bench.cli(['waste', 'image.tar', '--limit', 'x'])).code, 2);
});

test('config prints the JSON of the selected image', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  bench.write('layer.tar', tar(file('x', 'y')));
  const { code, stdout } = await bench.cli(['config', 'image.tar']);
  assert.equal(code, 0);
  assert.equal(JSON.parse(stdout).rootfs.diff_ids.length, 2);
  const none = await bench.cli(['config', 'layer.tar']);
  assert.equal(none.code, 3);
  assert.match(none.stderr, /^layerscope: BLOB_MISSING: /);
});
