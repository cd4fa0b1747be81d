import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { ArchiveLayer, ArchiveReader, BlobSource, FetchableBlob, IndexedLayer } from '#archive';
import { LayerscopeError, type SourceReport } from '#model';
import { ARRIVING, setArrived, WHOLE } from '../../src/archive/blob/arrival-cell.ts';
import { IndexCache } from '../../src/archive/cache/index-cache.ts';
import { callerControl } from '../../src/archive/control/work-control.ts';
import { runIndexTask } from '../../src/archive/indexing/index-task.ts';
import { hasCode } from '../support/asserts.ts';
import { type BuiltDescriptor, digestOf, Files, json, ociImage, type Packing } from '../support/image-builder.ts';
import { file, tar, zeros } from '../support/tar-builder.ts';
import { until } from '../support/waiting.ts';
import { pathsOf, testFolder, testReader } from '../support/workbench.ts';

const SOURCE: SourceReport = { kind: 'registry', host: 'x', reference: 'x', digest: null, fetchedBytes: 0, requests: 0, verified: true };

/** Returns random bytes, which don't compress. */
function noise(length: number): string {
  let seed = 1;
  return Array.from({ length }, () => {
    seed = (seed * 16807) % 2147483647;
    return String.fromCharCode(33 + (seed % 90));
  }).join('');
}

interface Brought {
  readonly layers: readonly ArchiveLayer[];
  /** Digests of the blobs fetched so far. */
  readonly fetched: string[];
  readonly image: ReturnType<typeof ociImage>;
}

type Bring = (bytes: Uint8Array, signal: AbortSignal, index: number) => AsyncIterable<Uint8Array>;

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 10_000) {
    yield bytes.subarray(at, at + 10_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const TARS = [tar(file('a', noise(1_500_000))), tar(file('b', 'small'), file('c', zeros(5_000_000)))];

const built = new Map<string, { files: Files; image: ReturnType<typeof ociImage> }>();

function imageOf(packed: Packing, mediaType?: string): { files: Files; image: ReturnType<typeof ociImage> } {
  const key = `${packed} ${mediaType}`;
  const known = built.get(key);
  if (known !== undefined) return known;
  const files = new Files();
  const image = ociImage(files, { layers: TARS.map((each) => ({ tar: each, packed, ...(mediaType === undefined ? {} : { mediaType }) })) });
  built.set(key, { files, image });
  return { files, image };
}

/**
 * Opens an image of two layers whose blobs are delivered by `bring`.
 * `mediaType`: the layers' media type.
 */
async function openArriving(reader: ArchiveReader, packed: Packing, bring: Bring = inPieces, mediaType?: string): Promise<Brought> {
  const { files, image } = imageOf(packed, mediaType);
  const bytesOf = ({ digest }: BuiltDescriptor): Uint8Array => files.map.get(`blobs/${digest.replace(':', '/')}`) ?? new Uint8Array(0);
  const fetched: string[] = [];
  const blobs = image.layers.map(
    (layer, index): FetchableBlob => ({
      digest: layer.digest,
      length: layer.size,
      compression: packed,
      pieces: (signal) => {
        fetched.push(layer.digest);
        return bring(bytesOf(layer), signal, index);
      },
    }),
  );
  const archive = await reader.openFetched({
    title: 'x',
    format: 'registry',
    source: SOURCE,
    index: json({ manifests: [{ digest: image.digest, mediaType: image.mediaType, size: image.size }] }),
    documents: new Map([image, image.config].map((document) => [document.digest, bytesOf(document)])),
    blobs,
  });
  return { layers: archive.images[0]?.layers ?? [], fetched, image };
}

function names(layers: readonly (IndexedLayer | null)[]): (string[] | null)[] {
  return layers.map((layer) => (layer === null ? null : [...pathsOf(layer)]));
}

test('plain and compressed layers are indexed while they arrive, with and without workers', async (t) => {
  for (const workers of [0, 2]) {
    for (const packed of ['none', 'gzip', 'zstd'] as const) {
      const reader = testReader(t, { workers });
      const { layers, fetched } = await openArriving(reader, packed);
      assert.deepEqual(fetched, [], 'nothing is fetched before it is needed');
      const indexed = await reader.indexLayers(layers, { verify: packed === 'zstd' });
      assert.deepEqual(names(indexed), [['a'], ['b', 'c']]);
      assert.deepEqual(
        indexed.map((layer) => [layer?.findings, layer?.blobDigest]),
        layers.map(({ digest }) => [[], digest]),
      );
      assert.equal(fetched.length, 2);
    }
  }
});

test('a worker indexes what has arrived before the rest arrives', async (t) => {
  const reader = testReader(t, { workers: 1 });
  let goOn: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  let progress = 0;
  const { layers } = await openArriving(reader, 'gzip', async function* (bytes, _signal, index) {
    const half = Math.floor(bytes.length / 2);
    yield bytes.subarray(0, half);
    // The second half arrives only after the worker has read the first.
    if (index === 0) await held;
    yield bytes.subarray(half);
  });
  const indexed = reader.indexLayers(layers, {
    onProgress: ({ doneBytes }) => {
      progress = doneBytes;
    },
  });
  await until(() => progress > 256 * 1024, 'the worker has read the first half');
  goOn();
  assert.deepEqual(names(await indexed), [['a'], ['b', 'c']]);
});

test('the bytes determine the compression, whatever the manifest says', async (t) => {
  for (const workers of [0, 2]) {
    const reader = testReader(t, { workers });
    const { layers } = await openArriving(reader, 'zstd', inPieces, 'application/vnd.oci.image.layer.v1.tar+gzip');
    assert.deepEqual(names(await reader.indexLayers(layers)), [['a'], ['b', 'c']]);
  }
});

test('bodies, headers and raw lists wait until their layer has arrived', async (t) => {
  const cacheFolder = testFolder(t);
  for (const round of ['first', 'again'] as const) {
    const reader = testReader(t, { cacheFolder });
    const { layers, fetched } = await openArriving(reader, 'gzip');
    const indexed = await reader.indexLayers(layers);
    const [layer, table] = [layers[1] as ArchiveLayer, indexed[1] as IndexedLayer];
    if (round === 'again') assert.deepEqual(fetched, [], 'the index is known by the digest');
    const pieces: Uint8Array[] = [];
    for await (const piece of reader.readBody(layer, table, 0)) pieces.push(piece);
    assert.equal(Buffer.concat(pieces).toString(), 'small');
    assert.equal((await reader.readHeader(layer, table, 1)).raw.size, 5_000_000);
    await using bodies = reader.openBodies(layer, table);
    for await (const { bytes } of bodies.pieces(0)) assert.equal(Buffer.from(bytes).toString(), 'small');
    const raw: number[] = [];
    for await (const { size } of reader.listRaw(layer)) raw.push(size);
    assert.deepEqual(raw, [5, 5_000_000]);
    // In the second round, the blobs come from the cache.
    assert.equal(fetched.length, round === 'first' ? 2 : 0);
    await reader[Symbol.asyncDispose]();
  }
});

test('a blob in the cache is hashed again, and fetched if it was changed', async (t) => {
  const cacheFolder = testFolder(t);
  await using first = testReader(t, { cacheFolder });
  const opened = await openArriving(first, 'gzip');
  await first.indexLayers(opened.layers);
  await first[Symbol.asyncDispose]();
  const folder = path.join(cacheFolder, 'blobs');
  const kept = readdirSync(folder);
  assert.equal(kept.length, 2);
  for (const name of kept) {
    const length = opened.image.layers.find(({ size }) => size > 0)?.size ?? 0;
    writeFileSync(path.join(folder, name), new Uint8Array(length));
  }
  const reader = testReader(t, { cacheFolder });
  const { layers, fetched } = await openArriving(reader, 'gzip');
  assert.deepEqual(names(await reader.indexLayers(layers, { verify: true })), [['a'], ['b', 'c']]);
  assert.equal(fetched.length, 2);
});

test('a blob with wrong, missing or extra bytes is an error and is not kept', async (t) => {
  const changes: Record<string, { readonly code: string; readonly change: (bytes: Uint8Array) => Uint8Array }> = {
    changed: { code: 'DIGEST_MISMATCH', change: (bytes) => bytes.with(bytes.length - 9, 1 ^ (bytes.at(-9) ?? 0)) },
    short: { code: 'UNREACHABLE', change: (bytes) => bytes.subarray(0, -1) },
    long: { code: 'DIGEST_MISMATCH', change: (bytes) => Buffer.concat([bytes, zeros(1)]) },
  };
  for (const workers of [0, 2]) {
    for (const packed of ['none', 'gzip'] as const) {
      for (const [what, { code, change }] of Object.entries(changes)) {
        const cacheFolder = testFolder(t);
        const reader = testReader(t, { workers, cacheFolder });
        const { layers } = await openArriving(reader, packed, (bytes, _signal, index) => inPieces(index === 0 ? change(bytes) : bytes));
        await assert.rejects(reader.indexLayers(layers), hasCode(code), `${what} ${packed} ${workers}`);
        const layer = layers[0] as ArchiveLayer;
        await reader[Symbol.asyncDispose]();
        const again = testReader(t, { workers, cacheFolder });
        const second = await openArriving(again, packed);
        await again.indexLayers(second.layers);
        assert.ok(second.fetched.includes(layer.digest ?? ''), `${what}: neither the blob nor its index was kept`);
      }
    }
  }
});

test('no part of a blob is cached before its digest is checked, even once all its bytes have arrived', async (t) => {
  const folder = testFolder(t);
  const blobFile = path.join(folder, 'blob');
  const bytes = tar(file('a', 'x'));
  writeFileSync(blobFile, bytes);
  const cell = new SharedArrayBuffer(8);
  const digest = digestOf(bytes);
  const key = `digest:${digest}:${bytes.length}`;
  const place = { path: blobFile, start: 0, length: bytes.length, compression: 'none', cacheKey: key, statedDigest: digest } as const;
  const blob: BlobSource = { ...place, identity: null, arriving: { cell, compression: 'none' } };
  const options = { verify: false, diffIdAlgorithm: 'sha256', sums: null };
  let count = 0;
  const run = () => {
    const temporary = path.join(folder, `new-${count++}`);
    return runIndexTask({ blob, options, cache: { folder, temporary, sumKey: new Uint8Array(64) } }, callerControl(undefined));
  };
  const cache = new IndexCache(folder, { temporary: () => '', sumKey: () => new Uint8Array(64) });
  setArrived(cell, bytes.length, ARRIVING);
  await assert.rejects(run(), hasCode('INTERNAL'));
  assert.equal(cache.read(blob), null);
  setArrived(cell, bytes.length, WHOLE);
  assert.equal((await run()).blobDigest, digest);
  assert.notEqual(cache.read(blob), null);
});

test('cancelling stops fetching, even if the server is silent, and a blob can be requested again', async (t) => {
  for (const workers of [0, 1]) {
    const reader = testReader(t, { workers });
    let isSilent = true;
    let isStarted = false;
    const { layers } = await openArriving(reader, 'gzip', async function* (bytes, signal) {
      yield bytes.subarray(0, 1000);
      isStarted = true;
      if (isSilent) {
        await new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new LayerscopeError('CANCELLED', 'cancelled')), { once: true });
        });
      }
      yield bytes.subarray(1000);
    });
    const abort = new AbortController();
    const indexed = reader.indexLayers(layers, { signal: abort.signal });
    await until(() => isStarted, 'the first bytes are there');
    abort.abort();
    await assert.rejects(indexed, hasCode('CANCELLED'));
    isSilent = false;
    assert.deepEqual(names(await reader.indexLayers(layers)), [['a'], ['b', 'c']]);
  }
});

test('closing an image removes its files', async (t) => {
  const folder = testFolder(t);
  const reader = testReader(t, { cacheFolder: folder });
  const { layers } = await openArriving(reader, 'gzip');
  await reader.indexLayers(layers);
  const [blobFile] = layers.map(({ blob }) => blob?.path ?? '');
  assert.ok(existsSync(blobFile ?? ''));
  await reader[Symbol.asyncDispose]();
  assert.ok(!existsSync(blobFile ?? ''));
});
