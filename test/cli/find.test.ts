import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dockerArchive } from '../support/docker-archive.ts';
import { file, tar } from '../support/tar-builder.ts';
import { createBench } from './run-cli.ts';

const IMAGE = dockerArchive({
  name: 'app:1',
  layers: [
    tar(file('lib/curl', 'x'.repeat(100)), file('lib/libcurl.so', 'y'.repeat(5_000))),
    tar(file('lib/curl', 'x'.repeat(2_000)), file('lib/.wh.libcurl.so')),
  ],
});

test('find lists the paths of all layers that match a search text, the best or the largest first', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const { code, stdout, stderr } = await bench.cli(['find', 'image.tar', 'curl']);
  assert.equal(code, 0, stderr);
  const lines = stdout.trimEnd().split('\n');
  assert.equal(lines[0], '2 paths in all layers, 7.1 kB');
  assert.match(lines.at(-2) ?? '', /^ *2\.0 kB {2}\+0 ~1 {3}lib\/curl$/);
  assert.match(lines.at(-1) ?? '', /^ *5\.0 kB {2}\+0 -1 {3}lib\/libcurl\.so$/);
  const first = await bench.cli(['find', 'image.tar', 'curl', '--sort', 'size', '--limit', '1']);
  assert.match(first.stdout, /^2 paths in all layers, 7\.1 kB, showing the first 1\n[\s\S]*libcurl\.so\n$/);
  const { total, bytes, matches } = JSON.parse((await bench.cli(['find', 'image.tar', 'curl', '--sort', 'size', '--json'])).stdout);
  assert.deepEqual([total, bytes, matches[0].path, matches[0].size], [2, 7_100, 'lib/libcurl.so', 5_000]);
  assert.deepEqual(matches[0].touches.at(-1), { layer: 1, kind: 'removed', size: 5_000 });
});

test('find refuses unknown sort orders, limits out of range and invalid expressions', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  for (const wrong of [['curl', '--sort', 'name'], ['curl', '--limit', '0'], ['curl', '--limit', '10001'], ['/(/'], ['']]) {
    const { code, stdout } = await bench.cli(['find', 'image.tar', ...wrong]);
    assert.deepEqual([code, stdout], [2, ''], wrong.join(' '));
  }
});
