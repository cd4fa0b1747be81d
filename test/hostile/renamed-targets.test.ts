// Another user who may rename what is in the folder that an export goes to: nothing is written or deleted elsewhere. Who renames is played
// by this process, in the middle of the work, so that each run meets the moment.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { createReader, writeLayout } from '#archive';
import { removeTree } from '#disk';
import { exportPath, loadImage } from '#engine';
import { dockerArchive } from '../support/docker-archive.ts';
import { directory, file, tar } from '../support/tar-builder.ts';
import { runTool } from '../support/tools.ts';
import { testFolder } from '../support/workbench.ts';

const image = dockerArchive({
  name: 'app:1',
  layers: [tar(directory('d/'), ...Array.from({ length: 400 }, (_, at) => file(`d/f${at}`, 'content')))],
});

/** A folder to export into, and one that the attacker leads to. */
function places(folder: string): { target: string; victim: string; swap(): boolean } {
  const target = path.join(folder, 'target');
  const victim = path.join(folder, 'victim');
  mkdirSync(target);
  mkdirSync(path.join(victim, 'd'), { recursive: true });
  writeFileSync(path.join(victim, 'd', 'precious'), 'precious');
  writeFileSync(path.join(victim, 'index.json'), 'own');
  return {
    target,
    victim,
    swap() {
      const [stage] = readdirSync(target).filter((name) => name.startsWith('.layerscope-'));
      if (stage === undefined || existsSync(path.join(target, 'away'))) return false;
      renameSync(path.join(target, stage), path.join(target, 'away'));
      symlinkSync(victim, path.join(target, stage));
      return true;
    },
  };
}

function expectUntouched(victim: string): void {
  assert.deepEqual(readdirSync(victim, { recursive: true, encoding: 'utf8' }).sort(), ['d', 'd/precious', 'index.json']);
  assert.equal(readFileSync(path.join(victim, 'd', 'precious'), 'utf8'), 'precious');
  assert.equal(readFileSync(path.join(victim, 'index.json'), 'utf8'), 'own');
}

const elsewhere = process.platform === 'linux' ? false : 'folders are reached by their descriptors on Linux only';

for (const [what, parts, into] of [
  ['a whole image into a new folder', [], 'new'],
  ['a whole image into an empty folder', [], ''],
  ['a folder of it', [Buffer.from('d')], ''],
] as const) {
  test(`an export of ${what} follows no link that takes its place meanwhile`, { skip: elsewhere }, async (t) => {
    const folder = testFolder(t);
    const { target, victim, swap } = places(folder);
    const archiveFile = path.join(folder, 'image.tar');
    writeFileSync(archiveFile, image);
    await using reader = createReader({ cacheFolder: null, workers: 0 });
    await using archive = await reader.open(archiveFile);
    let isSwapped = false;
    const exported = exportPath(await loadImage(reader, archive, 0), {
      parts,
      folder: path.join(target, into),
      onRefused: ({ path: at, message }) => assert.fail(`${at}: ${message}`),
      onSkipped: () => {},
      onProgress: () => {
        isSwapped = swap() || isSwapped;
      },
    });
    // Entries are moved out of the folder that was made, wherever it is by now; as a whole it can't be moved by its name.
    if (into === 'new') await assert.rejects(exported, { code: 'IO' });
    else {
      await exported;
      assert.equal(readFileSync(path.join(target, 'd', 'f399'), 'utf8'), 'content');
    }
    assert.ok(isSwapped);
    expectUntouched(victim);
  });
}

test('a layout follows no link that takes its folder’s place meanwhile', { skip: elsewhere }, async (t) => {
  const folder = testFolder(t);
  const { target, victim, swap } = places(folder);
  const archiveFile = path.join(folder, 'image.tar');
  writeFileSync(archiveFile, image);
  await using reader = createReader({ cacheFolder: null, workers: 0 });
  await using archive = await reader.open(archiveFile);
  const [root] = archive.roots();
  assert.ok(root !== undefined);
  const descriptor = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: `sha256:${'0'.repeat(64)}`, size: 1 };
  const [layer] = archive.images[0]?.layers ?? [];
  assert.ok(layer?.blob);
  const blobs = [{ digest: layer.digest ?? layer.diffId ?? '', source: layer.blob }];
  let isSwapped = false;
  await assert.rejects(
    writeLayout({ ...root, descriptor, blobs } as never, path.join(target, 'new'), {
      onProgress: () => {
        isSwapped = swap() || isSwapped;
      },
    }),
    { code: 'IO' },
  );
  assert.ok(isSwapped);
  expectUntouched(victim);
});

const forRoot = process.getuid?.() === 0 ? elsewhere : 'not run: mounting needs root';

test('what is mounted in a folder is not removed with it, and nothing else is', { skip: forRoot }, async (t) => {
  const folder = testFolder(t);
  const { target, victim } = places(folder);
  for (const name of ['home', 'with space']) {
    mkdirSync(path.join(target, name));
    writeFileSync(path.join(target, 'kept'), '');
    runTool('mount', ['--bind', victim, path.join(target, name)]);
    try {
      await assert.rejects(removeTree(target), { code: 'EXISTS', message: /mounted at .*unmount it first; nothing was removed/ });
      expectUntouched(victim);
      assert.ok(existsSync(path.join(target, 'kept')));
    } finally {
      runTool('umount', [path.join(target, name)]);
    }
  }
  await removeTree(target);
  assert.equal(existsSync(target), false);
});
