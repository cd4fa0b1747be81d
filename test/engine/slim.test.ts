import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  compareImages,
  type LoadedImage,
  loadImage,
  packSlim,
  parseWhatIf,
  plannedWeight,
  planOf,
  weighSlim,
  weightOf,
  whatIfText,
} from '#engine';
import { hasCode } from '../support/asserts.ts';
import { dockerArchive } from '../support/docker-archive.ts';
import { directory, file, hardlink, pax, symlink, tar, utf8 } from '../support/tar-builder.ts';
import { seeded } from '../support/tar-collect.ts';
import { testFile, testFolder, testReader } from '../support/workbench.ts';

async function load(t: TestContext, source: Uint8Array | string): Promise<LoadedImage> {
  const reader = testReader(t);
  const archive = await reader.open(typeof source === 'string' ? source : testFile(t, source));
  return loadImage(reader, archive, 0);
}

const imageOf = (...layers: Uint8Array[]) => dockerArchive({ name: 'app:1', layers });

/**
 * Writes the image that the plan describes. Checks its size against the plan's, as far as it is known before packing, and after packing.
 * Also checks that writing it on another day gives the same bytes.
 */
async function written(t: TestContext, loaded: LoadedImage, text: string): Promise<LoadedImage> {
  const what = parseWhatIf(text);
  const plan = planOf(loaded, what);
  const folder = testFolder(t);
  const files = ['one.tar', 'two.tar'].map((name) => path.join(folder, name));
  let now = Date.now();
  for (const target of files) {
    t.mock.timers.enable({ apis: ['Date'], now });
    await using packed = await packSlim(loaded, what, plan);
    await packed.write(target);
    t.mock.timers.reset();
    now += 100_000_000;
  }
  assert.deepEqual(readFileSync(files[0] ?? ''), readFileSync(files[1] ?? ''));
  const made = await load(t, files[0] ?? '');
  const { layers, fileBytes, storedBytes } = weightOf(made);
  const planned = plannedWeight(loaded, what, plan);
  assert.deepEqual(planned, { layers, fileBytes, storedBytes: planned.storedBytes === null ? null : storedBytes });
  assert.equal(await weighSlim(loaded, what, plan), storedBytes);
  return made;
}

async function sameTree(a: LoadedImage, b: LoadedImage): Promise<boolean> {
  const top = (loaded: LoadedImage) => ({ loaded, layer: loaded.image.layers.length - 1 });
  return !(await compareImages(top(a), top(b))).counts.includes(1);
}

const LAYERS = [
  tar(
    directory('etc/'),
    file('etc/keep', 'k'.repeat(10)),
    directory('src/', { mode: 0o700 }),
    pax({ 'SCHILY.xattr.user.a': 'b' }),
    file('src/big', 'b'.repeat(1000)),
    directory('d/'),
    file('d/gone', 'g'.repeat(20)),
    file('d/stays', 's'.repeat(30)),
    directory('var/'),
    directory('var/cache/'),
    directory('var/cache/apk/'),
    file('var/cache/apk/x', 'x'.repeat(40)),
  ),
  tar(directory('src/', { mode: 0o755 }), file('src/more', 'm'.repeat(50)), file('.wh.nothing'), symlink('link', 'etc/keep')),
  tar(file('.wh.src'), file('d/.wh.gone'), file('etc/keep', 'K'.repeat(11))),
  tar(directory('src/', { mode: 0o711 }), file('src/new', 'n'.repeat(60)), hardlink('src/other', 'src/new')),
];

test('a removal merged into the layers that added the files saves their bytes and leaves the image’s view unchanged', async (t) => {
  const loaded = await load(t, imageOf(...LAYERS));
  const made = await written(t, loaded, 'merge-removals');
  assert.equal(weightOf(loaded).fileBytes - weightOf(made).fileBytes, 1000 + 50 + 20);
  assert.ok(await sameTree(loaded, made));
  assert.deepEqual(
    made.findings.filter(({ code }) => code === 'waste-removed-later'),
    [],
  );
});

test('squashing from any layer on leaves the image’s view unchanged', async (t) => {
  const loaded = await load(t, imageOf(...LAYERS));
  for (let from = 0; from < LAYERS.length; from++) {
    const made = await written(t, loaded, `squash=${from}`);
    assert.equal(made.image.layers.length, from + 1);
    assert.ok(await sameTree(loaded, made), `from ${from}`);
  }
  const one = await written(t, loaded, 'squash=0');
  assert.deepEqual([one.report.totals.wastedBytes, one.report.totals.finalBytes], [0, loaded.report.totals.finalBytes]);
  assert.throws(() => planOf(loaded, parseWhatIf('squash=4')), hasCode('NOT_FOUND'));
});

test('caches are dropped but their folders stay; a layer left without entries is dropped too', async (t) => {
  const cache = [directory('var/cache/apk/'), file('var/cache/apk/x', 'x'.repeat(40))];
  const loaded = await load(t, imageOf(tar(...cache, file('a', '1')), tar(file('var/cache/apk/y', 'y'.repeat(5)))));
  const made = await written(t, loaded, 'drop-caches');
  assert.deepEqual([made.image.layers.length, made.report.totals.fileBytes, made.report.totals.files], [1, 1, 1]);
  assert.deepEqual(
    made.report.history.map(({ emptyLayer }) => emptyLayer),
    [false, true],
  );
});

test('repacking all layers as zstd keeps their diff IDs', async (t) => {
  const loaded = await load(t, imageOf(...LAYERS));
  const made = await written(t, loaded, 'zstd');
  assert.deepEqual(
    made.image.layers.map(({ diffId, compression }) => [diffId, compression]),
    loaded.image.layers.map(({ diffId }) => [diffId, 'zstd']),
  );
  assert.ok(await sameTree(loaded, made));
});

test('a body that a hard link still shows is kept', async (t) => {
  const layers = [tar(file('d/a', 'a'.repeat(10)), hardlink('b', 'd/a'), file('d/c', 'c'.repeat(5))), tar(file('.wh.d'))];
  const loaded = await load(t, imageOf(...layers));
  const made = await written(t, loaded, 'merge-removals');
  assert.ok(await sameTree(loaded, made));
  assert.equal(made.report.totals.finalBytes, 10);
  const plan = planOf(loaded, parseWhatIf('squash=0'));
  assert.match(plan.obstacle ?? '', /hard link/);
  await assert.rejects(packSlim(loaded, parseWhatIf('squash=0'), plan), hasCode('UNSUPPORTED'));
  const pkgs = [file('opt/conda/pkgs/x', 'x'.repeat(10)), file('opt/conda/pkgs/y', 'y'), hardlink('opt/conda/env/x', 'opt/conda/pkgs/x')];
  const conda = await written(t, await load(t, imageOf(tar(...pkgs))), 'drop-caches');
  assert.deepEqual([conda.report.totals.fileBytes, conda.report.totals.files], [10, 2]);
});

test('a hard link that another one points to is kept', async (t) => {
  const layers = [tar(file('body', 'x'), hardlink('d/one', 'body'), hardlink('two', 'd/one')), tar(file('d/.wh.one'))];
  const plan = planOf(await load(t, imageOf(...layers)), parseWhatIf('merge-removals'));
  assert.ok(plan.layers.every(({ isUnchanged }) => isUnchanged));
  assert.match(planOf(await load(t, imageOf(...layers)), parseWhatIf('squash=0')).obstacle ?? '', /hard link/);
});

test('a folder that exists only as a removed file’s parent stays', async (t) => {
  const loaded = await load(
    t,
    imageOf(tar(file('a/b/gone', 'x'), file('c/gone', 'xx'), file('c/stays', 'y')), tar(file('a/b/.wh.gone'), file('c/.wh.gone'))),
  );
  const made = await written(t, loaded, 'merge-removals');
  assert.ok(await sameTree(loaded, made));
  assert.equal(weightOf(loaded).fileBytes - weightOf(made).fileBytes, 2);
});

test('squashing refuses redirected paths and removed paths that are not UTF-8; malformed what-ifs are usage errors', async (t) => {
  const through = await load(t, imageOf(tar(directory('real/'), symlink('s', 'real'), file('s/x', '1')), tar(file('.wh.real'))));
  const raw = await load(
    t,
    imageOf(tar(file(Uint8Array.of(0x61, 0xff), '1')), tar(file('b', '1')), tar(file(Uint8Array.of(...utf8('.wh.a'), 0xff)))),
  );
  for (const [loaded, text] of [
    [through, 'squash=0'],
    [raw, 'squash=1'],
  ] as const) {
    const what = parseWhatIf(text);
    await assert.rejects(packSlim(loaded, what, planOf(loaded, what)), hasCode('UNSUPPORTED'));
  }
  for (const text of [
    'squash',
    'squash=x',
    'zstd,',
    ',zstd',
    'zstd zstd',
    'all',
    'squash=0,squash=1',
    'squash=0,squash=0',
    'zstd,drop-caches,zstd',
    'squash=-1',
    'slim',
    '',
  ])
    assert.throws(() => parseWhatIf(text), hasCode('USAGE'), text);
});

/** Returns a random layer whose members have few different names: files, folders, links, whiteouts, opaque markers. */
function randomLayer(next: () => number): Uint8Array<ArrayBuffer> {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T;
  const name = () => Array.from({ length: 1 + Math.floor(next() * 3) }, () => pick(['a', 'b', 'c'])).join('/');
  const members = Array.from({ length: 1 + Math.floor(next() * 7) }, () => {
    const at = name();
    const [folder, base] = at.includes('/') ? [at.slice(0, at.lastIndexOf('/') + 1), at.slice(at.lastIndexOf('/') + 1)] : ['', at];
    switch (Math.floor(next() * 9)) {
      case 0:
      case 1:
        return file(`${folder}.wh.${base}`);
      case 2:
        return file(`${at}/.wh..wh..opq`);
      case 3:
      case 4:
        return directory(`${at}/`, { mode: pick([0o755, 0o700]) });
      case 5:
        return hardlink(at, name());
      default:
        return file(at, pick(['x', 'yy', 'zzz']), { mode: pick([0o644, 0o600]) });
    }
  });
  return tar(...members);
}

test('random stacks keep their view when removals are merged and when they are squashed from any layer, unless refused', async (t) => {
  let compared = 0;
  for (let seed = 1; seed <= 150; seed++) {
    const next = seeded(seed);
    const layers = Array.from({ length: 2 + Math.floor(next() * 4) }, () => randomLayer(next));
    const loaded = await load(t, imageOf(...layers));
    // Container engines refuse a layer with broken links, or an entry below a file.
    if (loaded.findings.some(({ code }) => ['dangling-hardlink', 'entry-below-file'].includes(code))) continue;
    for (const text of ['merge-removals', ...layers.map((_, from) => `squash=${from}`)]) {
      const what = parseWhatIf(text);
      const plan = planOf(loaded, what);
      if (plan.obstacle !== null) continue;
      const target = path.join(testFolder(t), 'made.tar');
      await using packed = await packSlim(loaded, what, plan);
      await packed.write(target);
      const made = await load(t, target);
      assert.ok(await sameTree(loaded, made), `seed ${seed}, ${text}`);
      assert.equal(made.report.totals.finalBytes, loaded.report.totals.finalBytes, `seed ${seed}, ${text}`);
      compared++;
    }
  }
  assert.ok(compared > 100, `${compared}`);
});

test('several changes together are applied in a fixed order, whatever order they are given in', async (t) => {
  const all = 'merge-removals,drop-caches,squash=1,zstd';
  for (const text of [all, 'zstd,squash=1,drop-caches,merge-removals', 'squash=1,zstd,merge-removals,drop-caches'])
    assert.equal(whatIfText(parseWhatIf(text)), all);
  const loaded = await load(t, imageOf(...LAYERS));
  const made = await written(t, loaded, all);
  assert.deepEqual(
    made.image.layers.map(({ compression }) => compression),
    ['zstd', 'zstd'],
  );
  // Saves everything that merging saves (1000, 50 and 20) and the cache (40).
  assert.equal(weightOf(loaded).fileBytes - weightOf(made).fileBytes, 1000 + 50 + 20 + 40);
  assert.equal(made.report.totals.finalBytes, loaded.report.totals.finalBytes - 40);
});

/** Whether two images show the same names and contents at the top. Asserts that their layers weigh the same. */
async function sameImage(a: LoadedImage, b: LoadedImage): Promise<boolean> {
  const weights = [a, b].map(({ report }) => report.layers.map(({ fileBytes }) => fileBytes));
  assert.deepEqual(weights[0], weights[1]);
  return sameTree(a, b);
}

test('several changes together give the same image as the same changes made one after another', async (t) => {
  let compared = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const next = seeded(seed);
    const cache = (): Uint8Array<ArrayBuffer>[] =>
      ['x', 'y']
        .filter(() => next() < 0.4)
        .map((name) => file(`${next() < 0.5 ? 'a' : 'root'}/.npm/_cacache/${name}`, 'c'.repeat(1 + 9 * next())));
    const layers = Array.from({ length: 2 + Math.floor(next() * 3) }, () => tar(randomLayer(next).subarray(0, -1024), ...cache()));
    const loaded = await load(t, imageOf(...layers));
    if (loaded.findings.some(({ code }) => ['dangling-hardlink', 'entry-below-file', 'duplicate-path'].includes(code))) continue;
    const top = layers.length - 1;
    for (const steps of [
      ['merge-removals', 'drop-caches'],
      ['merge-removals', `squash=${top - 1}`],
      ['drop-caches', 'squash=0'],
      ['merge-removals', 'drop-caches', `squash=${Math.min(1, top - 1)}`],
    ]) {
      const what = parseWhatIf(steps.join());
      const plan = planOf(loaded, what);
      let step: LoadedImage | null = loaded;
      for (const text of steps) {
        // A layer with nothing left is dropped and the layers above it are renumbered, so `squash=` would name another layer.
        if (step === null || (text.startsWith('squash') && step.image.layers.length !== layers.length)) {
          step = null;
          break;
        }
        const one: WhatIfPlan = planned(step, text);
        step = one.plan.obstacle === null ? await packed(t, step, one) : null;
      }
      if (step === null || plan.obstacle !== null) continue;
      const together = await packed(t, loaded, { what, plan });
      assert.ok(await sameImage(step, together), `seed ${seed}, ${steps}`);
      compared++;
    }
  }
  assert.ok(compared > 30, `${compared}`);
});

type WhatIfPlan = { readonly what: ReturnType<typeof parseWhatIf>; readonly plan: ReturnType<typeof planOf> };

function planned(loaded: LoadedImage, text: string): WhatIfPlan {
  const what = parseWhatIf(text);
  return { what, plan: planOf(loaded, what) };
}

async function packed(t: TestContext, loaded: LoadedImage, { what, plan }: WhatIfPlan): Promise<LoadedImage> {
  const target = path.join(testFolder(t), 'made.tar');
  await using image = await packSlim(loaded, what, plan);
  await image.write(target);
  return load(t, target);
}

test('stored bytes are known without packing if layers are uncompressed or stay as they are', async (t) => {
  const loaded = await load(t, imageOf(...LAYERS));
  const known = (image: LoadedImage, text: string) => plannedWeight(image, parseWhatIf(text), planOf(image, parseWhatIf(text))).storedBytes;
  for (const text of ['merge-removals', 'drop-caches', 'squash=0', 'squash=2', 'merge-removals,squash=1']) {
    const made = await written(t, loaded, text);
    assert.equal(known(loaded, text), weightOf(made).storedBytes, text);
  }
  assert.equal(known(loaded, 'zstd'), null);
  const zstd = await written(t, loaded, 'zstd');
  assert.equal(known(zstd, 'zstd'), weightOf(zstd).storedBytes);
  assert.equal(known(zstd, 'squash=0'), null);
  // A new member with a non-ASCII name has headers that only packing creates.
  const name = 'ñ';
  const long = await load(t, imageOf(tar(file(name, 'x')), tar(file(`.wh.${name}`)), tar(file('y', 'y'))));
  assert.equal(known(long, 'squash=1'), null);
  await written(t, long, 'squash=1');
});
