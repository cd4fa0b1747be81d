import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dockerArchive } from '../support/docker-archive.ts';
import { file, tar } from '../support/tar-builder.ts';
import { createBench } from './run-cli.ts';

const IMAGE = dockerArchive({
  name: 'app:1',
  layers: [
    tar(file('usr/lib/libssl.so.3', 'x'.repeat(3000)), file('opt/model.onnx', 'y'.repeat(5000)), file('app/a.js', 'z'.repeat(500))),
    tar(file('app/b.js', 'w'.repeat(1500)), file('opt/.wh.model.onnx')),
  ],
});

test('breakdown shows what makes an image big: kinds of files, folders, the biggest files, and what is hidden', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const { code, stdout, stderr } = await bench.cli(['breakdown', 'image.tar']);
  assert.equal(code, 0, stderr);
  const lines = stdout.split('\n');
  assert.equal(lines[0], '10.0 kB  5.0 kB visible, 5.0 kB hidden; 3 files, 4 folders');
  assert.match(lines[1] ?? '', /^largest layer {5}8\.5 kB {2}layer 0/);
  assert.equal(lines[2], 'largest folder    5.0 kB  opt/');
  assert.equal(lines[3], 'most hidden       5.0 kB  opt/model.onnx');
  assert.match(stdout, /5\.0 kB {2}5\.0 kB {2}50\.0 % {2}█{6} +0 {2}models +\.onnx/);
  assert.match(stdout, /3\.0 kB +30\.0 % {2}\S+ +1 {2}libraries +\.so/);
  assert.match(stdout, /2\.0 kB +20\.0 % {2}\S+ +2 {2}source +\.js/);
  assert.match(stdout, /3\.0 kB .* usr\/lib\/libssl\.so\.3\n/);
  // The largest layer isn't named for a folder, because it may have nothing there.
  assert.doesNotMatch((await bench.cli(['breakdown', 'image.tar', 'app'])).stdout, /largest layer/);
});

test('breakdown --json has the facts that the text shows, for a layer or a folder too', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const json = async (...more: string[]) => JSON.parse((await bench.cli(['breakdown', 'image.tar', '--json', ...more])).stdout);
  const whole = await json();
  assert.deepEqual([whole.bytes, whole.hiddenBytes, whole.files, whole.folders, whole.others], [5000, 5000, 3, 4, 0]);
  assert.deepEqual(whole.largestFolder, { path: 'opt', isFolder: true, bytes: 5000 });
  assert.deepEqual(whole.mostHidden, {
    path: 'opt/model.onnx',
    isFolder: false,
    bytes: 5000,
    hiddenIn: { written: { from: 0, to: 0 }, hidden: { from: 1, to: 1 }, fate: 'deleted' },
  });
  assert.deepEqual(whole.layers, [
    { layer: 0, files: 2, bytes: 3500, hiddenBytes: 0 },
    { layer: 1, files: 1, bytes: 1500, hiddenBytes: 0 },
  ]);
  const written = await json('--layer', '0');
  assert.deepEqual([written.bytes, written.hiddenBytes, written.biggest[0].path], [8500, 0, 'opt/model.onnx']);
  assert.equal((await json('--layer', '1', '--view')).bytes, 5000);
  const folder = await json('/app');
  assert.deepEqual(
    folder.parts.map(({ path, bytes }: { path: string; bytes: number }) => [path, bytes]),
    [
      ['app/b.js', 1500],
      ['app/a.js', 500],
    ],
  );
  assert.equal((await json('--limit', '1')).biggest.length, 1);
});

test('breakdown refuses invalid operands and options', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  assert.equal((await bench.cli(['breakdown', 'image.tar', '--limit', 'x'])).code, 2);
  assert.equal((await bench.cli(['breakdown', 'image.tar', '--view'])).code, 2);
  const none = await bench.cli(['breakdown', 'image.tar', 'nowhere']);
  assert.equal(none.code, 3);
  assert.match(none.stderr, /^layerscope: NOT_FOUND: /);
});
