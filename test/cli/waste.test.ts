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
    '1.7 kB of 3.2 kB hidden or overwritten, efficiency 46.9 %',
    '   1.7 kB  written by layer 0',
    '',
    'Overwritten by a later layer: 1.5 kB in 2 files',
    'Write a file once, with its final content, or join the steps that write it.',
    '   1.0 kB  same  added in 0 → overwritten in 1 (RUN step 1)',
    '   500 B   changed  added in 0 → overwritten in 1 (RUN step 1)',
    '',
    'Deleted by a later layer: 200 B in 1 file',
    'Delete files in the RUN step that creates them, or build in an earlier stage and copy only the result.',
    '   200 B   gone  added in 0 → deleted in 1 (RUN step 1)',
    '',
  ]);
  const deep = await bench.cli(['waste', 'image.tar', '--rewritten', '--limit', '1']);
  assert.match(
    deep.stdout,
    /Rewritten without changes: 1\.0 kB in 1 file\n.+\n {3}1\.0 kB {2}same {2}added in 0 → rewritten in 1 \(RUN step 1\)\n/,
  );
  assert.match(deep.stdout, /Overwritten by a later layer: 500 B in 1 file\n/);
  const json = JSON.parse((await bench.cli(['waste', 'image.tar', '--rewritten', '--json'])).stdout);
  assert.deepEqual(json.rewritten, { bytes: 1000, count: 1, files: [{ path: 'same', layer: 1, bytes: 1000 }] });
  assert.deepEqual(json.byLayer, [1700, 0]);
  assert.deepEqual(json.groups, [
    { cause: 'rewritten', bytes: 1000, files: 1 },
    { cause: 'overwritten', bytes: 500, files: 1 },
    { cause: 'deleted', bytes: 200, files: 1 },
  ]);
  assert.deepEqual(json.files[2], {
    path: 'gone',
    wastedBytes: 200,
    layers: [0],
    hiddenBy: 1,
    cause: 'deleted',
    hiddenByCommand: 'RUN step 1',
  });
  assert.equal('rewritten' in JSON.parse((await bench.cli(['waste', 'image.tar', '--json'])).stdout), false);
  assert.equal((await bench.cli(['waste', 'image.tar', '--limit', 'x'])).code, 2);
});

test('waste lists what the image could do without, by kind, with the layer, its command and what to do', async (t) => {
  const bench = createBench(t);
  bench.write(
    'kinds.tar',
    dockerArchive({
      name: 'app:1',
      layers: [
        tar(file('var/lib/apt/lists/x', 'x'.repeat(500)), file('tmp/a\u202eb/c', 'x')),
        tar(file('var/lib/apt/lists/.wh.x'), file('var/lib/apt/lists/y', 'y'.repeat(20))),
      ],
    }),
  );
  const { stdout } = await bench.cli(['waste', 'kinds.tar']);
  const from = stdout.indexOf('apt package lists');
  assert.deepEqual(stdout.slice(from).split('\n'), [
    'apt package lists: 520 B  waste-apt-lists',
    'End the RUN step that calls apt-get update with: rm -rf /var/lib/apt/lists/* (hadolint DL3009).',
    '   500 B   var/lib/apt/lists  layer 0, removed in 1 (RUN step 0)',
    '    20 B   var/lib/apt/lists  layer 1 (RUN step 1)',
    '',
    'Temporary files: 1 B  waste-tmp',
    'Delete them in the RUN step that writes them, or mount a tmpfs: --mount=type=tmpfs,target=/tmp.',
    '     1 B   tmp  layer 0 (RUN step 0)',
    '',
  ]);
  const { kinds } = JSON.parse((await bench.cli(['waste', 'kinds.tar', '--json', '--limit', '1'])).stdout);
  assert.deepEqual(kinds[0], {
    code: 'waste-apt-lists',
    bytes: 520,
    hadolint: 'DL3009',
    places: [{ path: 'var/lib/apt/lists', layer: 0, bytes: 500, removedIn: 1, command: 'RUN step 0' }],
  });
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
