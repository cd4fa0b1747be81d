// Another user may rename things in the folder that an export writes to: nothing is written or deleted elsewhere. This process plays the
// attacker and renames in the middle of the work, so that each run hits the right moment.
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { type Archive, type ArchiveRoot, createReader, writeLayout } from '#archive';
import { removeTree } from '#disk';
import { exportPath, loadImage } from '#engine';
import { makeMarkedFolder, PROCESS_MARK, writeWhole } from '#files';
import { createNamed, replaceNamed } from '../../src/engine/export/named-file.ts';
import { dockerArchive } from '../support/docker-archive.ts';
import { directory, file, tar } from '../support/tar-builder.ts';
import { runTool } from '../support/tools.ts';
import { testFolder } from '../support/workbench.ts';

const image = dockerArchive({
  name: 'app:1',
  layers: [tar(directory('d/'), ...Array.from({ length: 400 }, (_, at) => file(`d/f${at}`, 'content')))],
});

/** Creates a folder to export into, and a victim's folder to which the attacker redirects the export. */
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

const elsewhere = process.platform === 'linux' ? false : 'folders are opened through descriptors only on Linux';

for (const [what, parts, into] of [
  ['a whole image into a new folder', [], 'new'],
  ['a whole image into an empty folder', [], ''],
  ['an image’s folder', [Buffer.from('d')], ''],
] as const) {
  test(`an export of ${what} follows no link that replaces the folder meanwhile`, { skip: elsewhere }, async (t) => {
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
    // Entries are moved out of the folder that the export created, wherever that is now. The folder itself can't be moved by name.
    if (into === 'new') await assert.rejects(exported, { code: 'IO' });
    else {
      await exported;
      assert.equal(readFileSync(path.join(target, 'd', 'f399'), 'utf8'), 'content');
    }
    assert.ok(isSwapped);
    expectUntouched(victim);
  });
}

test('an export leaves alone a folder that another user puts in place of its own', { skip: elsewhere }, async (t) => {
  const folder = testFolder(t);
  const precious = path.join(folder, 'precious');
  mkdirSync(precious);
  writeFileSync(path.join(precious, 'file'), 'precious');
  const archiveFile = path.join(testFolder(t), 'image.tar');
  writeFileSync(archiveFile, image);
  await using reader = createReader({ cacheFolder: null, workers: 0 });
  await using archive = await reader.open(archiveFile);
  let taken = '';
  await exportPath(await loadImage(reader, archive, 0), {
    parts: [Buffer.from('d')],
    folder,
    onRefused: ({ path: at, message }) => assert.fail(`${at}: ${message}`),
    onSkipped: () => {},
    onProgress: () => {
      const [stage] = taken === '' ? readdirSync(folder).filter((name) => name.startsWith('.layerscope-')) : [];
      if (stage === undefined) return;
      taken = path.join(folder, stage);
      renameSync(taken, path.join(folder, 'away'));
      renameSync(precious, taken);
    },
  });
  assert.equal(readFileSync(path.join(taken, 'file'), 'utf8'), 'precious');
});

test('no folder is removed as a leftover where others could have given it a leftover’s name', { skip: elsewhere }, async (t) => {
  const folder = testFolder(t);
  const mark = PROCESS_MARK.replace(/^\d+-\d+/, '4194305-1');
  const left = [path.join(folder, `.layerscope-0123456789abcdef-${mark}`), path.join(folder, `layerscope-${mark}-abcdef`)];
  for (const each of left) mkdirSync(path.join(each, 'precious'), { recursive: true });
  // Root's own group, like other users' own groups, has no other members, so root needs a different group for 0o770 to be unsafe.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(folder, 0, 54_321);
  for (const mode of isRoot ? [0o777, 0o770, 0o1777] : [0o777, 0o1777]) {
    chmodSync(folder, mode);
    assert.deepEqual(
      left.map((each) => existsSync(each)),
      [true, true],
    );
    await replaceNamed(path.join(folder, 'file'), writeWhole('x'));
    rmSync(makeMarkedFolder(folder, 'layerscope-'), { recursive: true });
  }
  // With the sticky bit, nobody else can rename the folders, so they were removed.
  assert.deepEqual(
    left.map((each) => existsSync(each)),
    [false, false],
  );
});

/** Moves a folder away and puts a link to the victim's folder in its place. */
function swapFolder(at: string, victim: string): void {
  renameSync(at, `${at}-away`);
  symlinkSync(victim, at);
}

for (const [what, parts, into, swapped] of [
  ['a whole image into a new folder', [], 'target/new', 'target'],
  ['a whole image into an empty folder', [], 'target', 'target'],
  ['an image’s folder into a folder', [Buffer.from('d')], 'target', 'target'],
  ['an image’s folder into a new folder', [Buffer.from('d')], 'target/new', 'target/new'],
  ['an image’s file into a new folder', [Buffer.from('d'), Buffer.from('f1')], 'target/new', 'target'],
] as const) {
  test(`an export of ${what} fails if the target is replaced by a link, and nothing is written anywhere`, {
    skip: elsewhere,
  }, async (t) => {
    const folder = testFolder(t);
    const victim = path.join(folder, 'victim');
    for (const name of ['target', 'victim']) mkdirSync(path.join(folder, name));
    const archiveFile = path.join(folder, 'image.tar');
    writeFileSync(archiveFile, image);
    await using reader = createReader({ cacheFolder: null, workers: 0 });
    await using archive = await reader.open(archiveFile);
    let isSwapped = false;
    const exported = exportPath(await loadImage(reader, archive, 0), {
      parts,
      folder: path.join(folder, into),
      onRefused: ({ path: at, message }) => assert.fail(`${at}: ${message}`),
      onSkipped: () => {},
      onProgress: () => {
        if (!isSwapped) swapFolder(path.join(folder, swapped), victim);
        isSwapped = true;
      },
    });
    await assert.rejects(exported, {
      code: 'IO',
      message: /^[^ ]+\/target[^ ]* was replaced while it was being written: other users may rename/,
    });
    assert.ok(isSwapped);
    assert.deepEqual(readdirSync(victim), []);
    const away = readdirSync(path.join(folder, `${swapped}-away`), { recursive: true });
    assert.deepEqual(away, []);
  });
}

test('an export to a link follows the link once, and names the folder that it wrote to', async (t) => {
  const folder = testFolder(t);
  mkdirSync(path.join(folder, 'real'));
  symlinkSync('real', path.join(folder, 'link'));
  const archiveFile = path.join(folder, 'image.tar');
  writeFileSync(archiveFile, image);
  await using reader = createReader({ cacheFolder: null, workers: 0 });
  await using archive = await reader.open(archiveFile);
  const { target } = await exportPath(await loadImage(reader, archive, 0), {
    parts: [Buffer.from('d')],
    folder: path.join(folder, 'link'),
    onRefused: ({ path: at, message }) => assert.fail(`${at}: ${message}`),
    onSkipped: () => {},
  });
  assert.equal(target, path.join(realpathSync(folder), 'real', 'd'));
});

for (const [what, save] of [
  ['replaces', replaceNamed],
  ['creates', createNamed],
] as const) {
  test(`code that ${what} a file follows no link that replaces the folder meanwhile`, { skip: elsewhere }, async (t) => {
    const folder = testFolder(t);
    const victim = path.join(folder, 'victim');
    for (const name of ['target', 'victim']) mkdirSync(path.join(folder, name));
    const saved = save(path.join(folder, 'target', 'file'), async (unfinished) => {
      writeFileSync(unfinished, 'content');
      swapFolder(path.join(folder, 'target'), victim);
      // Another user can't create this file in the victim's folder, but the folder may already contain a file with that name.
      writeFileSync(path.join(victim, path.basename(unfinished)), 'other');
    });
    await assert.rejects(saved, { code: 'IO', message: /target was replaced while it was being written/ });
    assert.equal(existsSync(path.join(victim, 'file')), false);
    assert.deepEqual(readdirSync(path.join(folder, 'target-away')), []);
  });
}

test('a layout is not written into a folder that replaces its parent during the write', { skip: elsewhere }, async (t) => {
  const folder = testFolder(t);
  const victim = path.join(folder, 'victim');
  for (const name of ['target', 'victim']) mkdirSync(path.join(folder, name));
  const archiveFile = path.join(folder, 'image.tar');
  writeFileSync(archiveFile, image);
  await using reader = createReader({ cacheFolder: null, workers: 0 });
  await using archive = await reader.open(archiveFile);
  let isSwapped = false;
  const written = writeLayout(layoutRoot(archive), path.join(folder, 'target', 'new'), {
    onProgress: () => {
      if (!isSwapped) swapFolder(path.join(folder, 'target'), victim);
      isSwapped = true;
    },
  });
  await assert.rejects(written, { code: 'IO', message: /target was replaced while it was being written/ });
  assert.deepEqual([readdirSync(victim), readdirSync(path.join(folder, 'target-away'))], [[], []]);
});

/** Returns an image of one layer, in the form that a layout is written from. */
function layoutRoot(archive: Archive): ArchiveRoot {
  const [root] = archive.roots();
  assert.ok(root !== undefined);
  const descriptor = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: `sha256:${'0'.repeat(64)}`, size: 1 };
  const [layer] = archive.images[0]?.layers ?? [];
  assert.ok(layer?.blob);
  const blobs = [{ digest: layer.digest ?? layer.diffId ?? '', source: layer.blob }];
  return { ...root, descriptor, blobs } as never;
}

test('a layout is not written through a link that replaces its folder during the write', { skip: elsewhere }, async (t) => {
  const folder = testFolder(t);
  const { target, victim, swap } = places(folder);
  const archiveFile = path.join(folder, 'image.tar');
  writeFileSync(archiveFile, image);
  await using reader = createReader({ cacheFolder: null, workers: 0 });
  await using archive = await reader.open(archiveFile);
  let isSwapped = false;
  await assert.rejects(
    writeLayout(layoutRoot(archive), path.join(target, 'new'), {
      onProgress: () => {
        isSwapped = swap() || isSwapped;
      },
    }),
    { code: 'IO' },
  );
  assert.ok(isSwapped);
  expectUntouched(victim);
});

test('a folder given the name of an unfinished layout is not removed with it', { skip: elsewhere }, async (t) => {
  const folder = testFolder(t);
  const precious = path.join(folder, 'precious');
  mkdirSync(precious);
  writeFileSync(path.join(precious, 'kept'), '');
  const archiveFile = path.join(testFolder(t), 'image.tar');
  writeFileSync(archiveFile, image);
  await using reader = createReader({ cacheFolder: null, workers: 0 });
  await using archive = await reader.open(archiveFile);
  const onProgress = () => {
    const unfinished = readdirSync(folder).find((name) => name.startsWith('.layerscope-')) ?? '';
    renameSync(path.join(folder, unfinished), path.join(folder, 'away'));
    renameSync(precious, path.join(folder, unfinished));
  };
  const root = layoutRoot(archive);
  // The second blob with the same name can't be written.
  const broken = { ...root, blobs: [...root.blobs, ...root.blobs] };
  await assert.rejects(writeLayout(broken, path.join(folder, 'new'), { onProgress }));
  const [place] = readdirSync(folder).filter((name) => name !== 'away');
  assert.deepEqual(readdirSync(path.join(folder, place ?? '')), ['kept']);
});

test('a tree is removed only if it is the intended one', { skip: elsewhere }, async (t) => {
  const folder = testFolder(t);
  for (const name of ['tree', 'other']) mkdirSync(path.join(folder, name));
  for (const name of ['file', 'another']) writeFileSync(path.join(folder, name), '');
  const identityOf = (name: string): string => {
    const { dev, ino } = lstatSync(path.join(folder, name), { bigint: true });
    return `${dev}:${ino}`;
  };
  const [tree, file] = [identityOf('tree'), identityOf('file')];
  await removeTree(path.join(folder, 'other'), tree);
  await removeTree(path.join(folder, 'another'), file);
  assert.equal(readdirSync(folder).length, 4);
  await removeTree(path.join(folder, 'tree'), tree);
  await removeTree(path.join(folder, 'file'), file);
  assert.deepEqual(readdirSync(folder).sort(), ['another', 'other']);
});

const forRoot = process.getuid?.() === 0 ? elsewhere : 'not run: mounting needs root';

test('a file system mounted in a folder is not removed with the folder, and neither is anything else', { skip: forRoot }, async (t) => {
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
