import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ArchiveReader } from '#archive';
import { sideSums } from '#changes';
import { changeLines, compareImages, type ImageView, type LoadedImage, listChanges, loadImage } from '#engine';
import { DIFFERS, KIND } from '#model';
import { archiveOf, dockerArchive, Files, ociImage, ociLayout, type Packing, pack } from '../support/image-builder.ts';
import { randomNumbers } from '../support/random-chunks.ts';
import { concat, file, gnuSparse, hardlink, paxSparse, symlink, tar } from '../support/tar-builder.ts';
import { testFile, testFolder, testReader } from '../support/workbench.ts';

type Packings = readonly [Packing, Packing];
const PACKINGS: readonly Packings[] = [
  ['none', 'none'],
  ['gzip', 'gzip'],
  ['zstd', 'zstd'],
  ['none', 'gzip'],
  ['gzip', 'none'],
];

async function load(
  t: TestContext,
  layers: readonly Uint8Array[],
  packings: readonly Packing[] = ['none', 'none'],
  reader = testReader(t),
  sums: 'taken' | null = null,
) {
  const files = new Files();
  const image = ociImage(files, { layers: layers.map((each, at) => ({ tar: each, packed: packings[at] ?? 'none' })) });
  const archive = await reader.open(testFile(t, archiveOf(ociLayout(files, [image]))));
  return loadImage(reader, archive, 0, sums === null ? {} : { sums });
}

/** Returns `path: content` for the modified rows. */
async function contentsOf(loaded: LoadedImage, options: Parameters<typeof listChanges>[3] = {}): Promise<string[]> {
  const layer = loaded.image.layers.length - 1;
  const lines = [...changeLines(loaded.stack, await listChanges(loaded, layer, layer, options))].map((line) => JSON.parse(line));
  return lines.filter(({ kind }) => kind === 'modified').map(({ path, content }) => `${path}: ${content}`);
}

/** Wraps a reader to record which layers it read contents from. */
function counted(reader: ArchiveReader, opened: number[]): ArchiveReader {
  return new Proxy(reader, {
    get(target, name) {
      if (name !== 'openLayer') return Reflect.get(target, name).bind(target);
      return (...args: Parameters<ArchiveReader['openLayer']>) => {
        opened.push(args[0].index);
        return target.openLayer(...args);
      };
    },
  });
}

const LONG = 'x'.repeat(300_000);
const BELOW = tar(
  file('chmod', LONG),
  file('early', `a${LONG}`),
  file('late', `${LONG}a`),
  file('size', 'abc'),
  file('empty', ''),
  file('linked', LONG),
  hardlink('link', 'linked'),
  symlink('was-link', 'size'),
  symlink('linked-now', 'size'),
  file('turned', 'abc'),
  file('hole', concat(new Uint8Array(70_000), new Uint8Array(Buffer.from('end')))),
  file('untouched', LONG),
);
const ABOVE = tar(
  file('late', `${LONG}b`),
  file('early', `b${LONG}`),
  file('chmod', LONG, { mode: 0o600 }),
  file('size', 'abcd'),
  file('empty', '', { mode: 0o600 }),
  file('linked', LONG, { uid: 3 }),
  hardlink('link', 'linked', { uid: 3 }),
  file('was-link', 'abc'),
  hardlink('linked-now', 'size'),
  symlink('turned', 'size'),
  gnuSparse('hole', 70_003, [[70_000, 3]], 'end'),
);
const EXPECTED = [
  'chmod: same',
  'early: different',
  'empty: same',
  'hole: same',
  'late: different',
  'link: same',
  'linked: same',
  'linked-now: different',
  'size: different',
  'turned: undefined',
  'was-link: different',
];

for (const packings of PACKINGS) {
  test(`a rewritten file is compared by its bytes: layers in ${packings.join(' and ')}`, async (t) => {
    const loaded = await load(t, [BELOW, ABOVE], packings);
    assert.deepEqual(await contentsOf(loaded), EXPECTED);
    assert.deepEqual(await contentsOf(await load(t, [BELOW, ABOVE], packings, testReader(t), 'taken')), EXPECTED);
    const a: ImageView = { loaded, layer: 0 };
    const b: ImageView = { loaded, layer: 1 };
    const { rows, differs, counts } = await compareImages(a, b);
    // Every file except `hole`, which has the same bytes on both sides.
    const listed = [...counts.keys()].filter((row) => counts[row] === 1);
    assert.equal(listed.length, EXPECTED.length - 1);
    assert.ok(listed.every((row) => rows.kind[row] === KIND.modified && ((differs[row] as number) & DIFFERS.unread) === 0));
  });
}

test('with reading disabled, files of equal size are unread, however their layers are compressed', async (t) => {
  const unread = EXPECTED.map((line) => line.replace(/^((?:chmod|early|hole|late|link|linked): ).*/, '$1unread'));
  for (const packings of PACKINGS) {
    const opened: number[] = [];
    const loaded = await load(t, [BELOW, ABOVE], packings, counted(testReader(t), opened));
    assert.deepEqual(await contentsOf(loaded, { reads: false }), unread);
    await compareImages({ loaded, layer: 0 }, { loaded, layer: 1 }, { reads: false });
    assert.deepEqual(opened, []);
  }
});

test('changes between compressed layers read nothing again; a comparison reads files with equal checksums to confirm them', async (t) => {
  const opened: number[] = [];
  const below = tar(file('chmod', LONG), file('other', `${LONG}a`));
  const above = tar(file('chmod', LONG, { mode: 0o600 }), file('other', `${LONG}b`));
  const loaded = await load(t, [below, above], ['gzip', 'zstd'], counted(testReader(t), opened), 'taken');
  assert.deepEqual(await contentsOf(loaded), ['chmod: same', 'other: different']);
  assert.deepEqual(opened, []);
  const totals: number[] = [];
  await compareImages(
    { loaded, layer: 0 },
    { loaded, layer: 1 },
    { runRead: async (bytes, read) => read({}).then(() => void totals.push(bytes)) },
  );
  assert.deepEqual([opened.sort(), totals], [[0, 1], [LONG.length]]);
});

test('an index cached without checksums gets checksums on demand, and keeps them', async (t) => {
  const cacheFolder = testFolder(t);
  const files = new Files();
  const tars = [tar(file('chmod', LONG), file('other', `${LONG}a`)), tar(file('chmod', LONG, { mode: 0o600 }), file('other', `${LONG}b`))];
  const image = ociImage(files, { layers: tars.map((each) => ({ tar: each, packed: 'gzip' as const })) });
  const path = testFile(t, archiveOf(ociLayout(files, [image])));
  const sumsOf = (loaded: LoadedImage) => loaded.stack.layers.map((table) => table?.bodySums.length);
  const opened: number[] = [];
  const open = async (sums?: 'taken') => {
    const reader = counted(testReader(t, { cacheFolder }), opened);
    return loadImage(reader, await reader.open(path), 0, sums === undefined ? {} : { sums });
  };
  assert.deepEqual(sumsOf(await open()), [0, 0]);
  const loaded = await open('taken');
  assert.deepEqual(sumsOf(loaded), [0, 0], 'the cached index is used');
  assert.deepEqual(await contentsOf(loaded), ['chmod: same', 'other: different']);
  assert.deepEqual(sumsOf(await open()), [4, 4]);
  // Checking digests indexes the layers again, which must not lose the checksums.
  const reader = testReader(t, { cacheFolder });
  await loadImage(reader, await reader.open(path), 0, { verify: true });
  assert.deepEqual(sumsOf(await open()), [4, 4]);
  assert.deepEqual(opened, []);
});

test('a pair of files is read once, however many names it has and however often it is compared', async (t) => {
  const names = Array.from({ length: 300 }, (_, at) => `l${at}`);
  const side = (body: string, mode: number) => tar(file('f', body, { mode }), ...names.map((name) => hardlink(name, 'f', { mode })));
  const opened: number[] = [];
  const loaded = await load(t, [side(LONG, 0o644), side(LONG, 0o600)], ['none', 'none'], counted(testReader(t), opened));
  const totals: number[] = [];
  const runRead = async (bytes: number, read: (options: object) => Promise<void>) => {
    totals.push(bytes);
    await read({});
  };
  const lines = await contentsOf(loaded, { runRead });
  assert.equal(lines.length, 301);
  assert.ok(lines.every((line) => line.endsWith(': same')));
  assert.deepEqual(await contentsOf(loaded, { runRead }), lines);
  await compareImages({ loaded, layer: 0 }, { loaded, layer: 1 }, { runRead });
  assert.deepEqual([totals, opened.sort()], [[LONG.length], [0, 1]]);
});

test('with 300 hard links to one file in two images, each side counts and reads its bytes once', async (t) => {
  const names = Array.from({ length: 300 }, (_, at) => `l${at}`);
  const view = async (end: string): Promise<ImageView> => {
    const reader = testReader(t);
    const layer = tar(file('f', LONG + end), ...names.map((name) => hardlink(name, 'f')));
    return {
      loaded: await loadImage(reader, await reader.open(testFile(t, archiveOf(dockerArchive([{ layers: [layer] }])))), 0),
      layer: 0,
    };
  };
  const totals: number[] = [];
  const { rows, counts } = await compareImages(await view('a'), await view('b'), {
    runRead: async (bytes, read) => {
      totals.push(bytes);
      await read({});
    },
  });
  assert.equal(
    counts.reduce((sum, each) => sum + each),
    301,
  );
  assert.deepEqual(sideSums(rows, counts), { before: LONG.length + 1, now: LONG.length + 1 });
  assert.deepEqual(totals, [LONG.length + 1]);
});

test('a truncated file is unread; the files before it are compared', async (t) => {
  const below = tar(file('first', LONG), file('cut', LONG));
  const above = concat(file('first', LONG, { mode: 0o600 }), file('cut', LONG, { mode: 0o600 }));
  for (const packings of PACKINGS) {
    const loaded = await load(t, [below, above.subarray(0, above.length - 20_000)], packings);
    assert.deepEqual(await contentsOf(loaded), ['cut: unread', 'first: same'], packings.join());
    const { counts } = await compareImages({ loaded, layer: 0 }, { loaded, layer: 1 });
    assert.deepEqual([...counts], [1, 1]);
  }
  // Here the compressed stream is truncated; the tar inside was complete.
  const files = new Files();
  const next = randomNumbers(1);
  const random = Uint8Array.from({ length: 200_000 }, () => next() & 0xff);
  const cut = (mode: number) => tar(file('first', 'abc', { mode }), file('random', random, { mode }));
  const blob = pack(cut(0o600), 'gzip');
  const image = ociImage(files, {
    layers: [
      { tar: cut(0o644), packed: 'gzip' },
      { tar: cut(0o600), packed: 'gzip', blob: blob.subarray(0, blob.length - 5_000) },
    ],
  });
  const reader = testReader(t);
  const loaded = await loadImage(reader, await reader.open(testFile(t, archiveOf(ociLayout(files, [image])))), 0);
  assert.deepEqual(await contentsOf(loaded), ['first: same', 'random: unread']);
});

test('holes are compared without being read, even if they are larger than any disk', async (t) => {
  const size = 2 ** 33 - 1;
  const huge = (mode: number, stored: string) =>
    gnuSparse(
      'huge',
      size,
      [
        [0, 4],
        [size, 0],
      ],
      stored,
      { mode },
    );
  const other = (stored: string) =>
    paxSparse(
      '1.0',
      'other',
      2 ** 50,
      [
        [2 ** 49, 4],
        [2 ** 50, 0],
      ],
      stored,
    );
  for (const packings of PACKINGS) {
    const below = tar(huge(0o644, 'data'), other('data'));
    assert.deepEqual(await contentsOf(await load(t, [below, tar(huge(0o600, 'data'), other('date'))], packings)), [
      'huge: same',
      'other: different',
    ]);
  }
});
