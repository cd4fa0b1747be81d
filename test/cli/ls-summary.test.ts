import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dockerArchive } from '../support/docker-archive.ts';
import { file, tar } from '../support/tar-builder.ts';
import { createBench } from './run-cli.ts';

const IMAGE = dockerArchive({
  name: 'app:1',
  layers: [
    tar(file('app/a.js', 'x'.repeat(1000)), file('app/old.bin', 'y'.repeat(500)), file('etc/motd', 'z'.repeat(200))),
    tar(file('app/lib/b.js', 'w'.repeat(2500)), file('app/.wh.old.bin')),
  ],
});

test('ls --summary adds up a folder: bytes, biggest files, layers, types', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const plain = await bench.cli(['ls', 'image.tar', 'app', '--summary']);
  assert.equal(plain.code, 0, plain.stderr);
  assert.deepEqual(plain.stdout.split('\n'), [
    '3.5 kB in 2 files, 1 folder',
    '',
    '   2.5 kB  app/lib/b.js  (layer 1)',
    '   1.0 kB  app/a.js  (layer 0)',
    '',
    '   1.0 kB  written by layer 0  (1 file)',
    '   2.5 kB  written by layer 1  (1 file)',
    '',
    '   3.5 kB  .js  (2 files)',
    '',
  ]);
  const json = JSON.parse((await bench.cli(['ls', 'image.tar', '--summary', '--json', '--layer', '0'])).stdout);
  assert.deepEqual([json.bytes, json.files, json.folders], [1700, 3, 2]);
  assert.deepEqual(json.types, [
    { extension: 'js', files: 1, bytes: 1000 },
    { extension: 'bin', files: 1, bytes: 500 },
    { extension: '', files: 1, bytes: 200 },
  ]);
  assert.equal((await bench.cli(['ls', 'image.tar', 'nowhere', '--summary'])).code, 3);
});
