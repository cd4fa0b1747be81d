// Layers listed by their table of contents: eStargz and zstd:chunked, made by real tools (test/fixtures/lazy) and by hand.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { removeTree } from '#disk';
import { listChanges, loadImage } from '#engine';
import { parseImageWord } from '#format/reference';
import { tocDifference } from '#format/toc';
import { DIFFERS, TYPE } from '#model';
import { RegistrySource, type SourceWord } from '#source';
import { hasCode } from '../../support/asserts.ts';
import { digestOf, Files, imageConfig, json, ociImage, pack } from '../../support/image-builder.ts';
import { BIG, lazyLayer } from '../../support/lazy-layer.ts';
import { body, full, noise, openOne, type Served, serve, set } from '../../support/lazy-registry.ts';
import { standInRegistry } from '../../support/registry.ts';
import { concat, directory, file, symlink, tar } from '../../support/tar-builder.ts';
import {
  type BuiltLayer,
  type ExternalTocLayer,
  estargzLayer,
  externalTocLayer,
  type TocFields,
  zstdChunkedLayer,
} from '../../support/toc-builder.ts';
import { words } from '../../support/words.ts';
import { codesOf, pathsOf, testFile, testFolder, testReader } from '../../support/workbench.ts';
import { type ZtocEntrySpec, type ZtocSpec, ztoc, ztocSpec } from '../../support/ztoc-builder.ts';

const FIXTURES = path.join(import.meta.dirname, '..', '..', 'fixtures', 'lazy');

function fixture(name: string, annotations: Record<string, string>): BuiltLayer {
  const blob = new Uint8Array(readFileSync(path.join(FIXTURES, name)));
  const plain = name.endsWith('.gz') ? gunzipSync(blob) : zstdDecompressSync(blob);
  return { blob, annotations, tar: new Uint8Array(plain) };
}

const TOC_DIGEST = 'containerd.io/snapshot/stargz/toc.digest';
const LAYERS: ReadonlyMap<string, BuiltLayer> = new Map([
  ['eStargz', fixture('estargz.gz', { [TOC_DIGEST]: 'sha256:e56e8478bb07ec765e1fad8e1d51568d4ba0ddf6c76b3f989de6d7b7e837a030' })],
  [
    'eStargz, several bodies per member',
    fixture('estargz-inner.gz', { [TOC_DIGEST]: 'sha256:f0d54632d4381a8bbd42f482f23b943aae89c2211245e3832b38f67c83b3e29d' }),
  ],
  [
    'older zstd:chunked',
    fixture('zstd-chunked.zst', {
      'io.containers.zstd-chunked.manifest-checksum': 'sha256:62275300ad7585ffa8112d1c6f8718432ce360497a0085be9892270e34c6d23b',
      'io.containers.zstd-chunked.manifest-position': '3804:640:2556:1',
    }),
  ],
  ['our eStargz', estargzLayer(lazyLayer())],
  ['our older zstd:chunked', zstdChunkedLayer(lazyLayer(), false)],
  ['newer zstd:chunked', zstdChunkedLayer(lazyLayer(), true)],
]);

/** Returns the requested ranges of the blob; null for the complete blob. */
function rangesOf({ registry, digest }: Served): (string | null)[] {
  return registry.log.filter(({ path: at }) => at.endsWith(digest)).map(({ range }) => range);
}

for (const [name, layer] of LAYERS) {
  test(`${name}: a layer is listed by its TOC alone, with the same rows as its tar`, async (t) => {
    const served = await serve(t, layer);
    const listed = await openOne(testReader(t), await served.open(testReader(t)));
    const whole = await full(t, layer);
    assert.equal(listed.indexed.table.provenance, 'toc');
    assert.deepEqual(pathsOf(listed.indexed), pathsOf(whole.indexed));
    assert.equal(tocDifference(listed.indexed.table, whole.indexed.table), null);
    const { memberCount, type, size, flags, node } = whole.indexed.table;
    assert.deepEqual(
      { memberCount, type, size, flags, node },
      (({ table: { memberCount, type, size, flags, node } }) => ({ memberCount, type, size, flags, node }))(listed.indexed),
    );
    assert.deepEqual(codesOf(listed.indexed.findings), codesOf(whole.indexed.findings));
    const ranges = rangesOf(served);
    assert.ok(ranges.length <= 2 && ranges.every((range) => range !== null), String(ranges));
    assert.equal(listed.archive.source?.verified, true);
  });

  test(`${name}: every file's content is fetched separately, and equals the tar's`, async (t) => {
    const served = await serve(t, layer);
    const reader = testReader(t);
    const listed = await openOne(reader, await served.open(reader));
    const whole = await full(t, layer);
    for (let member = 0; member < listed.indexed.table.memberCount; member++) {
      if (listed.indexed.table.type[member] !== TYPE.file) continue;
      assert.deepEqual(await body(listed, member), await body(whole, member), `member ${member}`);
    }
    const big = pathsOf(listed.indexed).indexOf('big');
    served.registry.log.length = 0;
    for (const [start, length] of [
      [0, 10],
      [65_530, 20],
      [149_990, 100],
    ] as const) {
      const bytes = await body(listed, big, start, length);
      assert.deepEqual(bytes, Buffer.from(BIG.subarray(start, start + length)));
    }
    assert.ok(rangesOf(served).every((range) => range !== null));
  });
}

const PLAIN = tar(file('a', 'first'), file('secret', 'hidden from lists'), file('b', noise(100_000)), file('c', 'last'));
/** Large enough for a footer to be searched for. */
const LARGE = tar(file('a', 'first'), file('b', noise(1_200_000)), file('c', 'last'));

test('an impossible TOC is reported, and the layer itself is listed', async (t) => {
  const lies: [string, BuiltLayer, RegExp][] = [
    ['doubled', estargzLayer(PLAIN, (entries) => [...entries, ...entries]), /two contents/],
    ['overlapping', zstdChunkedLayer(PLAIN, false, (entries) => set(entries, 'c', { offset: 0 })), /two contents/],
    ['out of range', estargzLayer(PLAIN, (entries) => void Object.assign(entries[0] ?? {}, { offset: 10_000_000 })), /outside the layer/],
    [
      'behind its end',
      zstdChunkedLayer(PLAIN, false, ([first]) => void Object.assign(first ?? {}, { endOffset: 1e9 })),
      /outside the layer/,
    ],
    ['gaps', estargzLayer(PLAIN, (entries) => entries.filter(({ type }) => type !== 'chunk')), /do not make up their whole file/],
    ['headers that disagree', zstdChunkedLayer(PLAIN, true, (entries) => entries.slice(1)), /disagree/],
    ['a size that disagrees', zstdChunkedLayer(PLAIN, true, ([a]) => void Object.assign(a ?? {}, { size: 4, chunkSize: 4 })), /disagree/],
    ['a name that disagrees', zstdChunkedLayer(PLAIN, true, ([a]) => void Object.assign(a ?? {}, { name: 'z' })), /disagree/],
    ['wrong digest', { ...estargzLayer(PLAIN), annotations: { [TOC_DIGEST]: `sha256:${'0'.repeat(64)}` } }, /but the manifest says/],
    ['not JSON', { ...zstdChunkedLayer(PLAIN, false), ...cutToc() }, /not JSON/],
  ];
  for (const [name, layer, message] of lies) {
    const served = await serve(t, layer);
    const reader = testReader(t);
    const one = await openOne(reader, await served.open(reader));
    assert.equal(one.indexed.table.provenance, 'tar', name);
    assert.deepEqual(pathsOf(one.indexed), pathsOf((await full(t, layer)).indexed), name);
    assert.deepEqual(codesOf(one.indexed.findings), ['toc-mismatch'], name);
    assert.match(one.indexed.findings[0]?.message ?? '', message, name);
  }
});

/** Makes a zstd:chunked layer whose TOC is cut off, although all digests match. */
function cutToc(): Pick<BuiltLayer, 'blob' | 'annotations'> {
  const honest = zstdChunkedLayer(PLAIN, false);
  const [, at = 0, length = 0] =
    /^(\d+):(\d+)/.exec(honest.annotations['io.containers.zstd-chunked.manifest-position'] ?? '')?.map(Number) ?? [];
  const json = zstdDecompressSync(honest.blob.subarray(at, at + length));
  const toc = new Uint8Array(zstdCompressSync(json.subarray(0, json.length / 2)));
  const size = new Uint8Array(Uint32Array.of(toc.length).buffer);
  const blob = concat(honest.blob.subarray(0, at - 4), size, toc, honest.blob.subarray(at + length));
  return {
    blob,
    annotations: {
      'io.containers.zstd-chunked.manifest-checksum': digestOf(toc),
      'io.containers.zstd-chunked.manifest-position': `${at}:${toc.length}:${json.length}:1`,
    },
  };
}

test('with --verify the layer is read completely, and a TOC that disagrees is a finding', async (t) => {
  const swap = (entries: TocFields[]): undefined => {
    structuredClone(entries).forEach(({ offset, endOffset, digest, chunkDigest }, index) => {
      set(entries, index === 0 ? 'b' : 'a', { offset, endOffset, digest, chunkDigest });
    });
  };
  const lies: [string, BuiltLayer, RegExp | null][] = [
    ...[...LAYERS].map(([name, layer]): [string, BuiltLayer, null] => [name, layer, null]),
    ['hidden', estargzLayer(PLAIN, (entries) => entries.filter(({ name }) => name !== 'secret')), /secret, is listed as b/],
    ['hidden at the end', zstdChunkedLayer(PLAIN, false, (entries) => entries.slice(0, -1)), /entry 4, c, is not listed/],
    [
      'added',
      zstdChunkedLayer(PLAIN, false, (entries) => [...entries, { name: 'x', type: 'dir' }]),
      /x, is listed, but is not in the layer/,
    ],
    ['mode', estargzLayer(PLAIN, ([a]) => void Object.assign(a ?? {}, { mode: 0o4755 })), /a, is listed with another mode/],
    ['owner', estargzLayer(PLAIN, ([a]) => void Object.assign(a ?? {}, { uid: 5 })), /a, is listed with another owner/],
    ['time', estargzLayer(PLAIN, ([a]) => void Object.assign(a ?? {}, { modtime: '2001-01-01T00:00:00Z' })), /another time/],
    ['attributes', estargzLayer(PLAIN, ([a]) => void Object.assign(a ?? {}, { xattrs: { 'user.x': 'eA==' } })), /other attributes/],
    ['content', zstdChunkedLayer(tar(file('a', 'one'), file('b', 'two')), false, swap), /different content for a than the layer has/],
    ['digest', { ...estargzLayer(PLAIN), annotations: { [TOC_DIGEST]: digestOf(noise(5)) } }, /but the manifest says/],
  ];
  for (const [name, layer, message] of lies) {
    const served = await serve(t, layer);
    const reader = testReader(t);
    const one = await openOne(reader, await served.open(reader), true);
    assert.equal(one.indexed.table.provenance, 'tar', name);
    const found = one.indexed.findings.filter(({ code }) => code === 'toc-mismatch');
    assert.deepEqual([found.length, one.indexed.status], [message === null ? 0 : 1, 'present'], `${name}: ${found[0]?.message}`);
    if (message !== null) assert.match(found[0]?.message ?? '', message, name);
    // In a file, only the layer itself can show that its TOC is wrong.
    const local = testReader(t);
    const inFile = await openOne(local, await local.open(testFile(t, layer.blob)), true);
    const isStated = name === 'digest';
    assert.equal(codesOf(inFile.indexed.findings).includes('toc-mismatch'), message !== null && !isStated, `${name}, in a file`);
  }
});

test('a layer in a file is listed from its tar, whatever its TOC says', async (t) => {
  const layer = estargzLayer(PLAIN, (entries) => entries.filter(({ name }) => name !== 'secret'));
  const one = await full(t, layer);
  assert.deepEqual([one.indexed.table.provenance, pathsOf(one.indexed)], ['tar', ['a', 'secret', 'b', 'c', 'stargz.index.json']]);
});

test('content that doesn’t match its digest is an error, and none of it is kept', async (t) => {
  for (const [name, layer] of LAYERS) {
    const served = await serve(t, layer);
    const cacheFolder = testFolder(t);
    const reader = testReader(t, { cacheFolder });
    const one = await openOne(reader, await served.open(reader));
    const big = pathsOf(one.indexed).indexOf('big');
    served.registry.faults.range = 'changed';
    await assert.rejects(
      body(one, big),
      (error: Error & { code?: string }) => ['DIGEST_MISMATCH', 'DAMAGED'].includes(error.code ?? ''),
      name,
    );
    delete served.registry.faults.range;
    assert.deepEqual(await body(one, big), Buffer.from(BIG), name);
  }
});

test('a frame with different content is refused by its digest alone', async (t) => {
  const layer = zstdChunkedLayer(
    PLAIN,
    false,
    ([a]) => void Object.assign(a ?? {}, { chunkDigest: digestOf(noise(5)), digest: digestOf(noise(5)) }),
  );
  const served = await serve(t, layer);
  const reader = testReader(t);
  const one = await openOne(reader, await served.open(reader));
  await assert.rejects(body(one, 0), hasCode('DIGEST_MISMATCH'));
});

test('the whole layer is fetched once from a server without ranges', async (t) => {
  for (const fault of ['whole', 'no-range', 'wrong-range', 'missing'] as const) {
    const served = await serve(t, estargzLayer(PLAIN));
    served.registry.faults.range = fault;
    const reader = testReader(t);
    const one = await openOne(reader, await served.open(reader));
    assert.equal(one.indexed.table.provenance, 'tar', fault);
    assert.deepEqual((await body(one, 0)).toString(), 'first');
    assert.equal(rangesOf(served).filter((range) => range === null).length, 1, fault);
    assert.deepEqual(codesOf(one.indexed.findings), [], fault);
  }
});

test('if range requests stop working while contents are read, the whole layer is fetched', async (t) => {
  const served = await serve(t, estargzLayer(PLAIN));
  const reader = testReader(t);
  const one = await openOne(reader, await served.open(reader));
  served.registry.faults.range = 'whole';
  for (const [member, text] of [
    [0, 'first'],
    [3, 'last'],
  ] as const)
    assert.equal((await body(one, member)).toString(), text);
  assert.equal(rangesOf(served).filter((range) => range === null).length, 1);
});

test('a TOC that the manifest doesn’t verify is noted and not kept', async (t) => {
  for (const layer of [estargzLayer(LARGE), zstdChunkedLayer(LARGE, false), zstdChunkedLayer(LARGE, true)]) {
    const served = await serve(t, layer, {});
    const cacheFolder = testFolder(t);
    for (let round = 0; round < 2; round++) {
      await using reader = testReader(t, { cacheFolder });
      served.registry.log.length = 0;
      const one = await openOne(reader, await served.open(reader));
      assert.deepEqual([one.indexed.table.provenance, codesOf(one.indexed.findings)], ['toc', ['unverified']]);
      assert.equal(one.archive.source?.verified, false);
      assert.ok(rangesOf(served).length > 0, 'it is fetched again');
      const [again] = await reader.indexLayers([one.layer]);
      assert.equal(again?.table.provenance, 'toc');
    }
  }
});

test('contents whose digests a TOC doesn’t list are noted', async (t) => {
  const strip = (entries: TocFields[]): TocFields[] => entries.map(({ digest: _digest, chunkDigest: _chunk, ...entry }) => entry);
  const served = await serve(t, estargzLayer(PLAIN, strip));
  const cacheFolder = testFolder(t);
  for (let round = 0; round < 2; round++) {
    await using reader = testReader(t, { cacheFolder });
    const one = await openOne(reader, await served.open(reader));
    assert.deepEqual([codesOf(one.indexed.findings), one.archive.source?.verified], [['unverified'], false]);
    assert.equal((await body(one, 1)).toString(), 'hidden from lists');
  }
});

test('a plain gzip layer is searched for a footer, then read', async (t) => {
  const blob = pack(LARGE, 'gzip');
  const served = await serve(t, { blob, annotations: {}, tar: LARGE });
  const reader = testReader(t);
  const one = await openOne(reader, await served.open(reader));
  assert.deepEqual([one.indexed.table.provenance, codesOf(one.indexed.findings)], ['tar', []]);
  assert.deepEqual(
    rangesOf(served).map((range) => range === null),
    [false, true],
  );
});

test('known TOCs and known content are not fetched again', async (t) => {
  const layer = estargzLayer(lazyLayer());
  const served = await serve(t, layer);
  const cacheFolder = testFolder(t);
  for (const isKnown of [false, true]) {
    await using reader = testReader(t, { cacheFolder });
    served.registry.log.length = 0;
    const one = await openOne(reader, await served.open(reader));
    assert.deepEqual(await body(one, pathsOf(one.indexed).indexOf('big')), Buffer.from(BIG));
    assert.equal(rangesOf(served).length === 0, isKnown);
    assert.equal(one.indexed.table.provenance, 'toc');
  }
});

test('a TOC that one manifest verifies is not used for another manifest with the same layer', async (t) => {
  const layers = [
    zstdChunkedLayer(PLAIN, false),
    zstdChunkedLayer(PLAIN, false, (entries) => entries.filter(({ name }) => name !== 'secret')),
  ];
  const [honest, lying] = layers.map((each) => ({ ...each, blob: concat(each.blob, new Uint8Array(200_000 - each.blob.length)) }));
  assert.ok(honest && lying);
  const cacheFolder = testFolder(t);
  // The registry sends the false layer's bytes under the digest of the genuine one.
  const evil = await serve(t, { ...honest, annotations: lying.annotations });
  evil.registry.swap('app', evil.digest, lying.blob);
  await using reader = testReader(t, { cacheFolder });
  const listed = await openOne(reader, await evil.open(reader));
  assert.deepEqual(pathsOf(listed.indexed), ['a', 'b', 'c']);
  const good = await serve(t, honest);
  const one = await openOne(reader, await good.open(reader));
  assert.deepEqual([one.indexed.table.provenance, pathsOf(one.indexed)], ['toc', ['a', 'secret', 'b', 'c']]);
});

test('names that JSON cannot represent come from the layer', async (t) => {
  const odd = tar(file(Uint8Array.of(0x66, 0xe4), 'latin-1'), file('b', 'x'));
  for (const [layer, provenance] of [
    [estargzLayer(odd), 'tar'],
    [zstdChunkedLayer(odd, false), 'tar'],
    // Newer zstd:chunked layers contain the headers themselves.
    [zstdChunkedLayer(odd, true), 'toc'],
  ] as const) {
    const served = await serve(t, layer);
    const reader = testReader(t);
    const one = await openOne(reader, await served.open(reader));
    assert.deepEqual([one.indexed.table.provenance, pathsOf(one.indexed)[0]], [provenance, 'f\xe4']);
    assert.ok(!codesOf(one.indexed.findings).includes('toc-mismatch'));
  }
});

test('a header is read from the layer, unless the layer has another entry there', async (t) => {
  for (const [name, layer] of LAYERS) {
    const served = await serve(t, layer);
    const reader = testReader(t);
    const one = await openOne(reader, await served.open(reader));
    const whole = await full(t, layer);
    for (const member of [0, 1, one.indexed.table.memberCount - 1]) {
      const options = { maxBytes: 8192 };
      const header = await reader.readHeader(one.layer, one.indexed, member, options);
      assert.deepEqual(header, await whole.reader.readHeader(whole.layer, whole.indexed, member, options), name);
    }
  }
  const lying = estargzLayer(PLAIN, (entries) => entries.filter(({ name }) => name !== 'secret'));
  const served = await serve(t, lying);
  const reader = testReader(t);
  const one = await openOne(reader, await served.open(reader));
  await assert.rejects(reader.readHeader(one.layer, one.indexed, 1), hasCode('DAMAGED'));
});

test('listing a large layer and reading a file fetches little of it', async (t) => {
  const layer = estargzLayer(tar(...Array.from({ length: 40 }, (_, at) => file(`f${at}`, noise(50_000 + at)))));
  const served = await serve(t, layer);
  const reader = testReader(t);
  const archive = await served.open(reader);
  const before = archive.source?.fetchedBytes ?? 0;
  const one = await openOne(reader, archive);
  const listed = archive.source?.fetchedBytes ?? 0;
  assert.ok(listed - before <= 64 * 1024, String(listed - before));
  assert.deepEqual(await body(one, 20), Buffer.from(noise(50_020)));
  assert.ok((archive.source?.fetchedBytes ?? 0) - listed < 52_000);
  assert.equal(rangesOf(served).length, 2);
  // Bodies read in order are fetched together.
  served.registry.log.length = 0;
  await using bodies = reader.openBodies(one.layer, one.indexed);
  for (let member = 0; member < 40; member++) for await (const { bytes } of bodies.pieces(member)) assert.ok(bytes.length > 0);
  assert.ok(rangesOf(served).length < 12, String(rangesOf(served).length));
});

test('a file in a gzip layer that was read before takes one range request, verified by its digest', async (t) => {
  const bodies = Array.from({ length: 8 }, (_, at) => words(2_000_000, at + 1));
  const plain = tar(...bodies.map((bytes, at) => file(`f${at}`, bytes)));
  const served = await serve(t, { blob: pack(plain, 'gzip'), annotations: {}, tar: plain });
  const cacheFolder = testFolder(t);
  for (const fault of ['first', undefined, 'changed', 'whole'] as const) {
    await using reader = testReader(t, { cacheFolder });
    const one = await openOne(reader, await served.open(reader));
    // The blob itself is no longer cached.
    removeTree(path.join(cacheFolder, 'blobs'));
    served.registry.log.length = 0;
    if (fault !== 'first' && fault !== undefined) served.registry.faults.range = fault;
    assert.ok((await body(one, 7)).equals(bodies[7] as Buffer), fault);
    delete served.registry.faults.range;
    const ranges = rangesOf(served);
    if (fault === undefined) assert.ok(ranges.length <= 2 && ranges.every((range) => range !== null), String(ranges));
    if (fault === 'changed' || fault === 'whole') assert.equal(ranges.filter((range) => range === null).length, 1, fault);
  }
});

const SOCI_BODIES = Array.from({ length: 12 }, (_, at) => words(300_000, at + 40));
const SOCI_TAR = tar(
  directory('d/'),
  ...SOCI_BODIES.map((bytes, at) => file(`d/f${at}`, bytes, { mode: 0o640, uid: 7, mtime: 1_600_000_000 })),
  symlink('link', 'd/f0'),
  file('d/.wh.gone', ''),
);
const SOCI_BLOB = new Uint8Array(gzipSync(SOCI_TAR));

/** Returns the zTOC of {@link SOCI_BLOB}, in the form of soci 0.9 and later. */
function sociIndex(change: (spec: ZtocSpec) => ZtocSpec = (spec) => spec): Buffer {
  return ztoc(change(ztocSpec(SOCI_BLOB, SOCI_TAR, 400_000)));
}

/** Serves an image of {@link SOCI_BLOB} with a SOCI index: the image's manifest names version 2; version 1 refers to the manifest. */
async function serveSoci(t: TestContext, version: 1 | 2, index: Uint8Array = sociIndex()): Promise<Served> {
  const registry = await standInRegistry(t);
  const files = new Files();
  const layer = files.add(SOCI_BLOB, 'application/vnd.oci.image.layer.v1.tar+gzip');
  const manifestType = 'application/vnd.oci.image.manifest.v1+json';
  const toc = { ...files.add(index, 'application/octet-stream'), annotations: { 'com.amazon.soci.image-layer-digest': layer.digest } };
  const empty = files.add(json({}), 'application/vnd.oci.empty.v1+json');
  const soci = files.add(json({ schemaVersion: 2, mediaType: manifestType, config: empty, layers: [toc] }), manifestType);
  const config = files.add(json(imageConfig([SOCI_TAR])), 'application/vnd.oci.image.config.v1+json');
  const annotations = version === 2 ? { 'com.amazon.soci.index-digest': soci.digest } : {};
  const image = files.add(json({ schemaVersion: 2, mediaType: manifestType, config, layers: [layer], annotations }), manifestType);
  registry.add('app', files, { '1': image.digest });
  const artifactType = 'application/vnd.amazon.soci.index.v1+json';
  if (version === 1) registry.referrers = [{ digest: soci.digest, artifactType, subject: image.digest }];
  const home = testFolder(t);
  return {
    registry,
    digest: layer.digest,
    open: (reader) => {
      const source = new RegistrySource({ env: {}, home, platform: 'linux', offline: false }, { system: home });
      return source.open(parseImageWord(`${registry.host}/app:1`) as SourceWord, { reader });
    },
  };
}

test('SOCI: a layer is listed by its zTOC, and a file is unpacked from the checkpoint before it', async (t) => {
  for (const version of [1, 2] as const) {
    const served = await serveSoci(t, version);
    const reader = testReader(t);
    const one = await openOne(reader, await served.open(reader));
    const whole = await full(t, { blob: SOCI_BLOB, annotations: {}, tar: SOCI_TAR });
    assert.deepEqual([one.indexed.table.provenance, pathsOf(one.indexed)], ['toc', pathsOf(whole.indexed)]);
    assert.equal(tocDifference(one.indexed.table, whole.indexed.table), null);
    assert.deepEqual([codesOf(one.indexed.findings), one.archive.source?.verified], version === 2 ? [[], true] : [['unverified'], false]);
    assert.deepEqual(rangesOf(served), []);
    for (const member of [12, 1, 6]) assert.ok((await body(one, member)).equals(SOCI_BODIES[member - 1] as Buffer), `file ${member}`);
    const ranges = rangesOf(served);
    assert.ok(ranges.length > 0 && ranges.every((range) => range !== null), String(ranges));
    // Bytes that don't match their span's digest are not shown. The layer itself is read instead.
    served.registry.faults.range = 'changed';
    assert.ok((await body(one, 3)).equals(SOCI_BODIES[2] as Buffer));
    assert.equal(rangesOf(served).filter((range) => range === null).length, 1);
  }
});

test('SOCI: a table is kept only if the manifest verifies it', async (t) => {
  for (const version of [1, 2] as const) {
    const served = await serveSoci(t, version);
    const cacheFolder = testFolder(t);
    for (let round = 0; round < 2; round++) {
      await using reader = testReader(t, { cacheFolder });
      served.registry.log.length = 0;
      const one = await openOne(reader, await served.open(reader));
      assert.equal(one.archive.source?.verified, version === 2);
      if (round === 1) assert.equal(served.registry.asked.length, version === 2 ? 1 : 2, served.registry.asked.join());
    }
  }
});

test('SOCI: an impossible zTOC is reported, and the layer itself is listed', async (t) => {
  const lies: [string, Uint8Array][] = [
    ['of another layer', sociIndex((spec) => ({ ...spec, packedBytes: spec.packedBytes - 1 }))],
    ['overlapping', sociIndex((spec) => ({ ...spec, entries: [...spec.entries, ...spec.entries] }))],
    ['outside the tar', sociIndex((spec) => ({ ...spec, entries: spec.entries.map((each) => ({ ...each, size: 1e9 })) }))],
    ['cut off', sociIndex().subarray(0, 10_000)],
  ];
  for (const [name, index] of lies) {
    const served = await serveSoci(t, 2, index);
    const reader = testReader(t);
    const one = await openOne(reader, await served.open(reader));
    assert.deepEqual([one.indexed.table.provenance, codesOf(one.indexed.findings)], ['tar', ['toc-mismatch']], name);
    assert.equal(one.indexed.table.memberCount, SOCI_BODIES.length + 3);
  }
});

test('changes between listed layers are found by digests, and between a listed and a read layer by bytes', async (t) => {
  const registry = await standInRegistry(t);
  const files = new Files();
  const tars = [0o600, 0o640, 0o644].map((mode, at) => tar(file('chmod', 'as it was', { mode }), file('other', `round ${at}`)));
  const [base = tar(), ...rest] = tars;
  const built = rest.map((each) => estargzLayer(each));
  const layers = built.map(({ tar: plain, blob, annotations }) => ({ tar: plain, packed: 'gzip' as const, blob, annotations }));
  const image = ociImage(files, { layers: [{ tar: base, packed: 'gzip' }, ...layers] });
  registry.add('app', files, { '1': image.digest });
  const home = testFolder(t);
  const reader = testReader(t);
  const source = new RegistrySource({ env: {}, home, platform: 'linux', offline: false }, { system: home });
  const archive = await source.open(parseImageWord(`${registry.host}/app:1`) as SourceWord, { reader });
  const loaded = await loadImage(reader, archive, 0, { sums: 'taken' });
  assert.deepEqual(
    loaded.report.layers.map(({ listedBy = 'tar' }) => listedBy),
    ['tar', 'toc', 'toc'],
  );
  for (const layer of [1, 2]) {
    registry.log.length = 0;
    const rows = await listChanges(loaded, layer, layer);
    const differs = Array.from({ length: rows.length }, (_, row) => {
      const name = Buffer.from(rows.names.subarray(rows.nameStart[row], rows.nameStart[row + 1])).toString();
      const bits = rows.differs[row] as number;
      return `${name} ${(bits & DIFFERS.content) !== 0} ${(bits & DIFFERS.unread) !== 0}`;
    });
    const compared = differs.filter((line) => !line.startsWith('stargz'));
    assert.deepEqual(compared, ['chmod false false', 'other true false'], `layer ${layer}`);
    assert.equal(registry.log.length > 0, layer === 1, 'bytes are read only where digests are not enough');
  }
});

/** Serves an image of one eStargz layer whose TOC is in the image `1-esgztoc`, unless `tags` says otherwise. */
async function serveExternal(t: TestContext, layer: ExternalTocLayer, tags: Record<string, string> | null = null): Promise<Served> {
  const registry = await standInRegistry(t);
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: layer.tar, packed: 'gzip', blob: layer.blob, annotations: layer.annotations }] });
  const digest = image.layers[0]?.digest ?? '';
  const annotations = { 'containerd.io/snapshot/stargz/layer.digest': digest };
  const toc = ociImage(files, { layers: [{ tar: new Uint8Array(0), packed: 'gzip', blob: layer.toc, annotations }] });
  registry.add('app', files, { '1': image.digest, ...(tags ?? { '1-esgztoc': toc.digest }) });
  const home = testFolder(t);
  return {
    registry,
    digest,
    open: (reader) => {
      const source = new RegistrySource({ env: {}, home, platform: 'linux', offline: false }, { system: home });
      return source.open(parseImageWord(`${registry.host}/app:1`) as SourceWord, { reader });
    },
  };
}

test('an eStargz layer is listed by a TOC in another image, which its descriptor vouches for', async (t) => {
  const layer = externalTocLayer(lazyLayer());
  const served = await serveExternal(t, layer);
  const cacheFolder = testFolder(t);
  const whole = await full(t, layer);
  for (const isKnown of [false, true]) {
    await using reader = testReader(t, { cacheFolder });
    served.registry.log.length = 0;
    const one = await openOne(reader, await served.open(reader));
    assert.equal(one.indexed.table.provenance, 'toc');
    assert.equal(tocDifference(one.indexed.table, whole.indexed.table), null);
    assert.deepEqual(codesOf(one.indexed.findings), codesOf(whole.indexed.findings));
    assert.equal(one.archive.source?.verified, true);
    for (let member = 0; member < one.indexed.table.memberCount; member++) {
      if (one.indexed.table.type[member] === TYPE.file) assert.deepEqual(await body(one, member), await body(whole, member));
    }
    assert.ok(rangesOf(served).every((range) => range !== null));
    // The other image's manifest, and its TOC.
    const asked = served.registry.asked.filter((line) => /esgztoc/.test(line) || line.endsWith(digestOf(layer.toc)));
    assert.equal(asked.length, isKnown ? 0 : 2, asked.join());
  }
});

test('if an external TOC is missing or not the layer’s own, the layer itself is listed', async (t) => {
  const honest = externalTocLayer(PLAIN);
  const lying = externalTocLayer(PLAIN, (entries) => entries.filter(({ name }) => name !== 'secret'));
  for (const [name, layer, tags, codes] of [
    ['none', honest, {}, []],
    ['of another digest', { ...honest, toc: lying.toc }, null, ['toc-mismatch']],
    ['not a TOC', { ...honest, toc: new Uint8Array(gzipSync(PLAIN)) }, null, ['toc-mismatch']],
  ] as const) {
    const served = await serveExternal(t, layer, tags);
    const reader = testReader(t);
    const one = await openOne(reader, await served.open(reader));
    assert.deepEqual([one.indexed.table.provenance, pathsOf(one.indexed)], ['tar', ['a', 'secret', 'b', 'c']], name);
    assert.deepEqual(codesOf(one.indexed.findings), codes, name);
  }
  // Only the layer itself shows that a file is missing from the list.
  for (const [layer, verify, codes] of [
    [lying, false, []],
    [lying, true, ['toc-mismatch']],
    [honest, true, []],
  ] as const) {
    const served = await serveExternal(t, layer);
    const reader = testReader(t);
    const one = await openOne(reader, await served.open(reader), verify);
    assert.deepEqual(codesOf(one.indexed.findings), codes);
  }
});

test('SOCI: with --verify the layer is read completely, and a zTOC that disagrees is a finding', async (t) => {
  const entry = (spec: ZtocSpec, change: (each: ZtocEntrySpec) => ZtocEntrySpec, at = 2): ZtocSpec => ({
    ...spec,
    entries: spec.entries.map((each, index) => (index === at ? change(each) : each)),
  });
  /** Changes a byte of the checkpoint with this index, counted from the end of its record. */
  const spoiled = (spec: ZtocSpec, checkpoint: number, fromEnd: number): ZtocSpec => {
    const checkpoints = Buffer.from(spec.checkpoints);
    const at = 12 + (checkpoint + 1) * 32_785 - fromEnd;
    checkpoints[at] = (checkpoints[at] ?? 0) ^ 1;
    return { ...spec, checkpoints };
  };
  const cases: [string, Uint8Array, RegExp | null][] = [
    ['honest', sociIndex(), null],
    ['hidden', sociIndex((spec) => ({ ...spec, entries: spec.entries.filter((_, at) => at !== 3) })), /d\/f2, is listed as d\/f3/],
    ['mode', sociIndex((spec) => entry(spec, (each) => ({ ...each, mode: 0o4755 }))), /d\/f1, is listed with another mode/],
    [
      'content at another place',
      sociIndex((spec) => entry(spec, (each) => ({ ...each, offset: (each.offset ?? 0) + 512 }), 12)),
      /different content for d\/f11/,
    ],
    [
      'another digest of a span',
      sociIndex((spec) => ({ ...spec, spanDigests: spec.spanDigests.map((digest, at) => (at === 1 ? digestOf(noise(3)) : digest)) })),
      /span 2 of \d+ has a different digest/,
    ],
    ['another window', sociIndex((spec) => spoiled(spec, 3, 1)), /span 4 of \d+ (unpacks to different content|can’t be unpacked)/],
  ];
  for (const version of [1, 2] as const) {
    for (const [name, index, message] of cases) {
      const served = await serveSoci(t, version, index);
      const reader = testReader(t);
      const one = await openOne(reader, await served.open(reader), true);
      assert.deepEqual([one.indexed.table.provenance, one.indexed.status], ['tar', 'present'], name);
      assert.deepEqual(codesOf(one.indexed.findings), message === null ? [] : ['toc-mismatch'], name);
      if (message !== null) assert.match(one.indexed.findings[0]?.message ?? '', message, name);
    }
  }
});

test('pieces with nothing stored are holes, however large they are', async (t) => {
  const size = 2 ** 50;
  const layer = zstdChunkedLayer(tar(file('a', 'some'), file('b', 'more')), false, (entries) => {
    const [a] = entries;
    assert.ok(a);
    Object.assign(a, { size: size + 4 });
    const zeros = { name: 'a', type: 'chunk', chunkOffset: 4, chunkSize: size, chunkType: 'zeros' };
    return [a, zeros, ...entries.slice(1), { name: 'c', type: 'reg', size, chunkSize: size, chunkType: 'zeros' }];
  });
  const served = await serve(t, layer);
  const reader = testReader(t);
  const one = await openOne(reader, await served.open(reader));
  assert.equal(one.indexed.table.provenance, 'toc');
  await using bodies = reader.openBodies(one.layer, one.indexed);
  const stored: [number, number, string][] = [];
  for (const member of [0, 1, 2]) {
    for await (const { at, bytes } of bodies.pieces(member)) {
      stored.push([member, at, Buffer.from(bytes).toString()]);
      assert.ok(stored.length < 5, 'zeros were read');
    }
  }
  assert.deepEqual(stored, [
    [0, 0, 'some'],
    [1, 0, 'more'],
  ]);
  assert.deepEqual(await body(one, 0, 2, 4), Buffer.from('me\0\0'));
  assert.deepEqual(await body(one, 0, size + 2, 9), Buffer.from('\0\0'));
});

test('tables of contents that together take much memory are fetched and read one after the other', async (t) => {
  const registry = await standInRegistry(t);
  const files = new Files();
  const manifestType = 'application/vnd.oci.image.manifest.v1+json';
  const tars = [0, 1, 2, 3].map((at) => tar(file(`n${at}`, noise(1_200_000 + at))));
  const blobs = tars.map((plain) => new Uint8Array(gzipSync(plain, { level: 0 })));
  const tocs = blobs.map((blob, at) => {
    const spec = ztocSpec(blob, tars[at] as Uint8Array, 64 * 1024);
    // Takes 17 MB. Two such tables exceed what may be read at a time.
    const entries = Array.from({ length: 4300 }, (_, each) => ({ name: `${each}-${'n'.repeat(4000)}`, type: 'reg' }));
    const toc = files.add(ztoc({ ...spec, entries }), 'application/octet-stream');
    return { ...toc, annotations: { 'com.amazon.soci.image-layer-digest': digestOf(blob) } };
  });
  const empty = files.add(json({}), 'application/vnd.oci.empty.v1+json');
  const soci = files.add(json({ schemaVersion: 2, mediaType: manifestType, config: empty, layers: tocs }), manifestType);
  const layers = blobs.map((blob) => files.add(blob, 'application/vnd.oci.image.layer.v1.tar+gzip'));
  const config = files.add(json(imageConfig(tars)), 'application/vnd.oci.image.config.v1+json');
  const annotations = { 'com.amazon.soci.index-digest': soci.digest };
  const image = files.add(json({ schemaVersion: 2, mediaType: manifestType, config, layers, annotations }), manifestType);
  registry.add('app', files, { '1': image.digest });
  let listed = 0;
  const listedBefore: number[] = [];
  registry.server.on('request', ({ url = '' }) => {
    if (tocs.some(({ digest }) => url.endsWith(digest))) listedBefore.push(listed);
  });
  const home = testFolder(t);
  const source = new RegistrySource({ env: {}, home, platform: 'linux', offline: false }, { system: home });
  const reader = testReader(t);
  const archive = await source.open(parseImageWord(`${registry.host}/app:1`) as SourceWord, { reader });
  const indexed = await reader.indexLayers(archive.images[0]?.layers ?? [], { onLayer: () => listed++ });
  assert.deepEqual(
    indexed.map((each) => each?.table.provenance),
    ['toc', 'toc', 'toc', 'toc'],
  );
  assert.deepEqual(listedBefore, [0, 1, 2, 3]);
});
