import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { dockerArchive } from '../support/docker-archive.ts';
import { file, tar } from '../support/tar-builder.ts';
import { createBench } from './run-cli.ts';

const IMAGE = dockerArchive({ name: 'app:1', layers: [tar(file('a', 'one'), file('gone', 'x'.repeat(100))), tar(file('b', 'two'))] });

test('a working copy is committed as an image with its parent’s history, and discarded', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const store = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await bench.cli(['store', ...words, '--home', 'home']);
    assert.equal(code, 0, stderr);
    return stdout.trim();
  };
  await store('import', 'image.tar');
  const id = await store('create', 'app:1');
  const root = await store('mount', id);
  writeFileSync(path.join(root, 'new'), 'three');
  rmSync(path.join(root, 'gone'));

  // Once opened, the working copy is the image with one more layer, which has the changes made in the folder.
  const shown = await bench.cli(['changes', `store:${id}`, '--layer', '2', '--home', 'home', '--json']);
  const changes = shown.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    changes.map(({ kind, path: changed }) => [kind, changed]),
    [
      ['removed', 'gone'],
      ['added', 'new'],
    ],
  );

  const committed = JSON.parse(await store('commit', id, '--name', 'app:2', '--comment', 'a fix', '--json'));
  assert.deepEqual(committed.names, ['app:2']);
  assert.equal(committed.layers.length, 3);
  assert.equal(committed.problem, undefined);
  const { images } = JSON.parse((await bench.cli(['inspect', 'store:app:2', '--home', 'home', '--json', '--verify'])).stdout);
  const [{ layers, history, platform }] = images;
  assert.deepEqual(
    layers.map(({ createdBy, status }: { createdBy: string; status: string }) => [createdBy, status]),
    [
      ['RUN step 0', 'present'],
      ['RUN step 1', 'present'],
      ['layerscope store commit', 'present'],
    ],
  );
  assert.equal(history.at(-1).comment, 'a fix');
  assert.equal(platform, 'linux/amd64');
  const listing = await bench.cli(['ls', 'store:app:2', '--home', 'home', '--json']);
  assert.deepEqual(
    listing.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).path),
    ['a', 'b', 'new'],
  );
  const verified = await bench.cli(['store', 'verify', '--home', 'home']);
  assert.deepEqual(
    [verified.code, verified.stdout, verified.stderr],
    [0, '', 'layerscope: 4 layers and 2 images checked, nothing is broken\n'],
  );

  // A commit without a name is only a layer, and only working copies can be committed and discarded.
  const layer = await store('commit', id);
  assert.match(layer, /^[0-9a-f]{64}$/);
  for (const verb of ['commit', 'discard']) {
    const refused = await bench.cli(['store', verb, layer, '--home', 'home']);
    assert.equal(refused.code, 2, refused.stderr);
    assert.match(refused.stderr, /^layerscope: USAGE: layer [0-9a-f]{12} is not a working copy/);
  }
  assert.equal((await bench.cli(['store', 'commit', id, '--comment', 'x', '--home', 'home'])).code, 2);
  const mounted = await bench.cli(['store', 'discard', id, '--home', 'home']);
  assert.equal(mounted.code, 3);
  assert.match(mounted.stderr, /^layerscope: EXISTS: layer [0-9a-f]{12} is mounted and can't be removed: unmount it with store release/);
  await store('release', id);
  await store('discard', id);
  assert.equal(existsSync(root), false);
  assert.equal((await bench.cli(['store', 'discard', id, '--home', 'home'])).code, 3);
});
