import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { createReader, type IndexedLayer, type Progress } from '#archive';
import { hasCode } from '../support/asserts.ts';
import { archiveOf, type BuiltDescriptor, Files, type LayerSpec, ociImage, ociLayout, pack } from '../support/image-builder.ts';
import { file, tar, zeros } from '../support/tar-builder.ts';
import { codesOf, openFilesBelow, pathsOf, readAll, testFile, testFolder, testReader } from '../support/workbench.ts';

const NOISE = new Uint8Array(randomBytes(2_500_000));

/** Makes layers of every kind, some defective, large enough to be read on a worker. */
function manyLayers(): LayerSpec[] {
  const layer = (name: string) =>
    tar(file(name, NOISE), ...Array.from({ length: 500 }, (_, index) => file(`${name}-${index}`, 'x', { uid: index % 7 })));
  return [
    { tar: layer('plain') },
    { tar: layer('gzip'), packed: 'gzip' },
    { tar: layer('zstd'), packed: 'zstd' },
    { tar: layer('cut'), packed: 'gzip', blob: pack(layer('cut'), 'gzip').subarray(0, -2000) },
    { tar: layer('again'), packed: 'gzip' },
    { tar: tar(file('little', 'x')), packed: 'gzip' },
  ];
}

function plain(layers: readonly (IndexedLayer | null)[]): unknown {
  return layers.map((layer) => layer && { ...layer, table: { ...layer.table, metas: layer.table.metas.map((meta) => ({ ...meta })) } });
}

function input(t: TestContext, layers = manyLayers()): string {
  const files = new Files();
  return testFile(t, archiveOf(ociLayout(files, [ociImage(files, { layers })])));
}

/** Checks that no file in the folder is open any more: workers close their files when they end. */
function assertNoOpenFiles(folder: string): void {
  assert.deepEqual(openFilesBelow(folder) ?? [], []);
}

/** Lists the files in a cache folder, except the user's key. */
function kept(cacheFolder: string): string[] {
  return readdirSync(cacheFolder).flatMap((name) => readdirSync(path.join(cacheFolder, name)).filter((each) => each !== 'tables.key'));
}

test('workers and the calling thread give the same results, verified or not, cached or not', async (t) => {
  const file = input(t);
  for (const verify of [false, true]) {
    const here = await readAll(testReader(t), file, verify);
    const cacheFolder = testFolder(t);
    const there = await readAll(testReader(t, { workers: 2, cacheFolder }), file, verify);
    assert.deepEqual(plain(there.layers[0] ?? []), plain(here.layers[0] ?? []));
    assert.deepEqual(there.findings, here.findings);
    assert.equal(here.layers[0]?.[3]?.status, 'damaged');
    const kept = await readAll(testReader(t, { workers: 2, cacheFolder }), file);
    assert.deepEqual(kept.layers[0]?.map(pathsOf), here.layers[0]?.map(pathsOf));
  }
});

test('progress increases and never exceeds the total, and each layer is reported once', async (t) => {
  for (const workers of [0, 2]) {
    const reader = testReader(t, { workers });
    const archive = await reader.open(input(t));
    const seen: Progress[] = [];
    const reported: number[] = [];
    await reader.indexLayers(archive.images[0]?.layers ?? [], {
      onProgress: (progress) => seen.push(progress),
      onLayer: ({ index }) => reported.push(index),
    });
    assert.ok(seen.length >= 1);
    assert.ok(
      seen.every(
        ({ doneBytes, totalBytes }, index) =>
          totalBytes !== null && doneBytes <= totalBytes && doneBytes >= (seen[index - 1]?.doneBytes ?? 0),
      ),
    );
    assert.deepEqual(reported.sort(), [0, 1, 2, 3, 4, 5]);
  }
});

test('cancelling half-way gives an error, and leaves no open file and nothing in the cache folder', async (t) => {
  const image = tar(file('zeros', zeros(150_000_000)), file('noise', NOISE));
  const archiveFile = input(t, [{ tar: image, packed: 'gzip' }]);
  for (const workers of [0, 2]) {
    const cacheFolder = testFolder(t);
    const reader = createReader({ cacheFolder, workers });
    const archive = await reader.open(archiveFile);
    const abort = new AbortController();
    const reading = reader.indexLayers(archive.images[0]?.layers ?? [], {
      verify: true,
      signal: abort.signal,
      onProgress: () => abort.abort(),
      onLayer: () => assert.fail('it was read to its end'),
    });
    await assert.rejects(reading, hasCode('CANCELLED'));
    assert.deepEqual(kept(cacheFolder), []);
    assertNoOpenFiles(path.dirname(archiveFile));
    // The reader still works after the cancellation.
    const again = await reader.indexLayers(archive.images[0]?.layers ?? []);
    assert.deepEqual(pathsOf(again[0]), ['zeros', 'noise']);
    await archive[Symbol.asyncDispose]();
    await reader[Symbol.asyncDispose]();
    assertNoOpenFiles(path.dirname(archiveFile));
    assert.deepEqual(readdirSync(cacheFolder), ['index']);
  }
});

test('a task cancelled before it starts doesn’t start; opening and unpacking can be cancelled too', async (t) => {
  const reader = testReader(t, { workers: 1 });
  const isCancelled = hasCode('CANCELLED');
  const signal = AbortSignal.abort();
  const plainFile = input(t);
  await assert.rejects(reader.open(plainFile, { signal }), isCancelled);
  const archive = await reader.open(plainFile);
  await assert.rejects(reader.indexLayers(archive.images[0]?.layers ?? [], { signal }), isCancelled);
  const cacheFolder = testFolder(t);
  const unpacking = createReader({ cacheFolder, workers: 0 });
  const abort = new AbortController();
  const packed = testFile(t, pack(tar(file('zeros', zeros(100_000_000)), file('noise', NOISE)), 'gzip'));
  const opening = unpacking.open(packed, { signal: abort.signal });
  setImmediate(() => abort.abort());
  await assert.rejects(opening, isCancelled);
  assert.deepEqual(kept(cacheFolder), []);
  assertNoOpenFiles(path.dirname(packed));
  await unpacking[Symbol.asyncDispose]();
});

test('disposing of a busy reader ends its work and its workers', async (t) => {
  const cacheFolder = testFolder(t);
  const reader = createReader({ cacheFolder, workers: 2 });
  const archiveFile = input(t);
  const archive = await reader.open(archiveFile);
  const reading = reader.indexLayers(archive.images[0]?.layers ?? [], { verify: true });
  const ended = assert.rejects(reading, hasCode('CANCELLED'));
  await reader[Symbol.asyncDispose]();
  await ended;
  assertNoOpenFiles(path.dirname(archiveFile));
  assert.ok(!existsSync(cacheFolder) || readdirSync(cacheFolder).every((name) => !name.startsWith('run-')));
});

test('a blob that vanishes before it is read fails with an error code, not a crash', async (t) => {
  for (const workers of [0, 1]) {
    const reader = testReader(t, { workers });
    const archiveFile = input(t);
    const archive = await reader.open(archiveFile);
    rmSync(archiveFile);
    await assert.rejects(reader.indexLayers(archive.images[0]?.layers ?? []), hasCode('NOT_FOUND'));
  }
});

test('a worker script that cannot be loaded gives a distinct error', async (t) => {
  const reader = testReader(t, { workers: 1, workerUrl: new URL('./no-such-worker.ts', import.meta.url) });
  const archive = await reader.open(input(t));
  await assert.rejects(reader.indexLayers(archive.images[0]?.layers ?? []), hasCode('INTERNAL'));
});

test('every layer is checked against its own descriptor, even if two share a blob', async (t) => {
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: tar(file('a', 'x')) }] });
  const shared = image.layers[0] as BuiltDescriptor;
  const other = ociImage(files, { layers: [{ tar: tar(file('a', 'x')) }], config: { diffIds: [`sha256:${'0'.repeat(64)}`] } });
  const { findings, archive } = await readAll(testReader(t), testFile(t, archiveOf(ociLayout(files, [image, other]))), true);
  assert.equal(archive.images[0]?.layers[0]?.digest, shared.digest);
  assert.deepEqual(
    findings.map(({ code, image: index }) => [code, index]),
    [['diffid-mismatch', 1]],
  );
  assert.equal(codesOf(findings).length, 1);
});
