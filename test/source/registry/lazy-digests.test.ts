// Tables of contents (TOCs) that the manifest vouches for, but with false digests of zeros, files and holes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listChanges, loadImage } from '#engine';
import { parseImageWord } from '#format/reference';
import { DIFFERS } from '#model';
import { RegistrySource, type SourceWord } from '#source';
import { hasCode } from '../../support/asserts.ts';
import { digestOf, Files, ociImage } from '../../support/image-builder.ts';
import { body, noise, type One, openOne, serve, set } from '../../support/lazy-registry.ts';
import { standInRegistry } from '../../support/registry.ts';
import { file, gnuSparse, tar, utf8, zeros } from '../../support/tar-builder.ts';
import { type BuiltLayer, estargzLayer, type TocChange, type TocFields, zstdChunkedLayer } from '../../support/toc-builder.ts';
import { codesOf, testFolder, testReader } from '../../support/workbench.ts';

const NONE = `sha256:${'0'.repeat(64)}`;
const PIECE = 64 * 1024;
const MAKERS: readonly (readonly [string, (plain: Uint8Array, change?: TocChange) => BuiltLayer])[] = [
  ['eStargz', (plain, change) => estargzLayer(plain, change)],
  ['older zstd:chunked', (plain, change) => zstdChunkedLayer(plain, false, change)],
  ['newer zstd:chunked', (plain, change) => zstdChunkedLayer(plain, true, change)],
];

const SHELL = tar(file('a', 'first'), file('sh', 'GOODGOODGOOD'), file('c', 'last'));
/** A file of three pieces, the second of which is zeros. */
const HOLEY = Buffer.concat([noise(PIECE), zeros(PIECE), noise(1000)]);

function drop(fields: TocFields, ...keys: readonly string[]): void {
  for (const key of keys) delete fields[key];
}

/** Lists the middle piece of a file as zeros that aren't stored, with `digest` as its digest. */
function hole(entries: TocFields[], digest: string | undefined): void {
  const piece = entries.find(({ type, chunkOffset }) => type === 'chunk' && chunkOffset === PIECE) ?? {};
  Object.assign(piece, { chunkType: 'zeros', chunkDigest: digest });
}

test('a TOC whose digests contradict one another, or are zeros, is reported, and the layer itself is listed', async (t) => {
  const lies: readonly (readonly [string, TocChange, RegExp])[] = [
    ['zeros', (entries) => set(entries, 'sh', { digest: NONE, chunkDigest: NONE }), /digest of zeros/],
    ['a piece’s digest of zeros', (entries) => set(entries, 'sh', { chunkDigest: NONE }), /a chunkDigest of zeros/],
    ['a file’s digest of zeros', (entries) => set(entries, 'sh', { digest: NONE }), /a digest of zeros/],
    [
      'another file’s digest',
      (entries) => set(entries, 'sh', { digest: digestOf(utf8('EVILEVILEVIL')) }),
      /two different digests for the same content/,
    ],
    ['a hole over content', (entries) => set(entries, 'sh', { chunkType: 'zeros' }), /lists zeros in sh, but not with the digest of zeros/],
  ];
  for (const [format, make] of MAKERS) {
    for (const [name, change, message] of lies) {
      const served = await serve(t, make(SHELL, change));
      const reader = testReader(t);
      const one = await openOne(reader, await served.open(reader));
      assert.deepEqual([one.indexed.table.provenance, codesOf(one.indexed.findings)], ['tar', ['toc-mismatch']], `${format}: ${name}`);
      assert.match(one.indexed.findings[0]?.message ?? '', message, `${format}: ${name}`);
      assert.equal((await body(one, 1)).toString(), 'GOODGOODGOOD');
    }
  }
});

/** Reads a file's stored pieces, as an export does. */
async function stored({ reader, layer, indexed }: One, member: number): Promise<number> {
  await using bodies = reader.openBodies(layer, indexed);
  let bytes = 0;
  for await (const piece of bodies.pieces(member)) bytes += piece.bytes.length;
  return bytes;
}

test('a file of several pieces that doesn’t match its digest is an error at its end, even from the cache', async (t) => {
  for (const [format, make] of MAKERS) {
    const layer = make(tar(file('big', HOLEY)), (entries) => set(entries, 'big', { digest: digestOf(utf8('other')) }));
    const served = await serve(t, layer);
    const cacheFolder = testFolder(t);
    for (let round = 0; round < 2; round++) {
      await using reader = testReader(t, { cacheFolder });
      const one = await openOne(reader, await served.open(reader));
      assert.deepEqual([one.indexed.table.provenance, codesOf(one.indexed.findings)], ['toc', []], format);
      await assert.rejects(body(one, 0), hasCode('DIGEST_MISMATCH'), format);
      await assert.rejects(stored(one, 0), hasCode('DIGEST_MISMATCH'), format);
      assert.deepEqual(await body(one, 0, PIECE - 3, 9), HOLEY.subarray(PIECE - 3, PIECE + 6), 'a part is proven by its pieces');
    }
  }
});

test('a hole’s digest is proven, or the layer is unverified and the file is checked when all of it is read', async (t) => {
  const evil = Buffer.concat([noise(PIECE), noise(PIECE).reverse(), noise(1000)]);
  const cases: readonly (readonly [string, Uint8Array, string | undefined, readonly string[], boolean])[] = [
    ['proven', HOLEY, digestOf(zeros(PIECE)), [], true],
    ['without a digest', HOLEY, undefined, ['unverified'], true],
    ['without a digest, over content', evil, undefined, ['unverified'], false],
  ];
  for (const [format, make] of MAKERS.slice(1)) {
    for (const [name, content, digest, codes, isTrue] of cases) {
      const served = await serve(
        t,
        make(tar(file('big', content)), (entries) => void hole(entries, digest)),
      );
      const reader = testReader(t);
      const one = await openOne(reader, await served.open(reader));
      assert.deepEqual([one.indexed.table.provenance, codesOf(one.indexed.findings)], ['toc', codes], `${format}: ${name}`);
      if (isTrue) {
        assert.deepEqual(await body(one, 0), HOLEY);
        assert.equal(await stored(one, 0), PIECE + 1000);
      } else {
        await assert.rejects(body(one, 0), hasCode('DIGEST_MISMATCH'));
        await assert.rejects(stored(one, 0), hasCode('DIGEST_MISMATCH'));
      }
    }
  }
});

test('a hole too large to hash is unverified, and is not hashed', async (t) => {
  const size = 2 ** 50;
  const layer = zstdChunkedLayer(tar(file('a', 'some')), false, (entries) => [
    ...entries,
    { name: 'b', type: 'reg', size, chunkSize: size, chunkType: 'zeros', digest: digestOf(utf8('x')) },
  ]);
  const served = await serve(t, layer);
  const reader = testReader(t);
  const one = await openOne(reader, await served.open(reader));
  assert.deepEqual([one.indexed.table.provenance, codesOf(one.indexed.findings)], ['toc', ['unverified']]);
  assert.equal(await stored(one, 1), 0);
});

test('with --verify and --scan, holes, whole files and sizes are compared with the layer', async (t) => {
  const big = tar(file('a', 'first'), file('big', noise(2 * PIECE + 1000)));
  const allZeros: TocChange = (entries) => set(entries, 'big', { chunkType: 'zeros' });
  const lies: readonly (readonly [string, Uint8Array, TocChange, RegExp | null])[] = [
    ['a hole over content', big, (entries) => void hole(entries, undefined), /different content for big/],
    ['an honest hole', tar(file('big', HOLEY)), (entries) => void hole(entries, digestOf(zeros(PIECE))), null],
    ['another digest for the file', big, (entries) => set(entries, 'big', { digest: digestOf(utf8('x')) }), /different content for big/],
    ['zeros for a sparse file', tar(gnuSparse('big', 20_000, [[10_000, 4]], 'good')), allZeros, /different content for big/],
    ['zeros for a sparse file of zeros', tar(gnuSparse('big', 20_000, [], '')), allZeros, null],
    ['zeros for an endless sparse file', tar(gnuSparse('big', 2 ** 32, [], '')), allZeros, /big, whose holes are too large to compare/],
    [
      'another size',
      SHELL,
      (entries) => {
        const [a = {}] = entries;
        Object.assign(a, { size: 2 ** 50, chunkSize: 2 ** 50, chunkType: 'zeros' });
        drop(a, 'digest', 'chunkDigest');
        return undefined;
      },
      /a, is listed with 1125899906842624 bytes, it has 5/,
    ],
  ];
  for (const [name, plain, change, message] of lies) {
    const served = await serve(t, zstdChunkedLayer(plain, false, change));
    for (const options of [{ verify: true }, { scan: true }]) {
      await using reader = testReader(t);
      const [indexed] = await reader.indexLayers((await served.open(reader)).images[0]?.layers ?? [], options);
      assert.equal(indexed?.table.provenance, 'tar');
      const found = indexed.findings.filter(({ code }) => code === 'toc-mismatch');
      assert.equal(found.length, message === null ? 0 : 1, `${name}: ${found[0]?.message}`);
      if (message !== null) assert.match(found[0]?.message ?? '', message, name);
    }
  }
});

test('two listed files are the same only if digests of their pieces prove it', async (t) => {
  const good = noise(2 * PIECE);
  const evil = Buffer.from(good).fill(1, PIECE, PIECE + 8);
  const registry = await standInRegistry(t);
  const files = new Files();
  const claim = (entries: TocFields[]): undefined => set(entries, 'big', { digest: digestOf(good) });
  const round = (content: Uint8Array, mode: number): Uint8Array => tar(file('big', content, { mode }));
  const layers = [
    estargzLayer(round(good, 0o600)),
    // These two falsely claim that their file is the lowest layer's.
    estargzLayer(round(evil, 0o640), claim),
    estargzLayer(round(evil, 0o644), claim),
    // The file is cut into different pieces, so only reading can show that the claim is false.
    estargzLayer(round(evil, 0o660), claim, 50_000),
    estargzLayer(round(evil, 0o664), undefined, 60_000),
    estargzLayer(round(evil, 0o666), undefined, 70_000),
  ].map(({ tar: plain, blob, annotations }) => ({ tar: plain, packed: 'gzip' as const, blob, annotations }));
  const image = ociImage(files, { layers });
  registry.add('app', files, { '1': image.digest });
  const home = testFolder(t);
  const reader = testReader(t);
  const source = new RegistrySource({ env: {}, home, platform: 'linux', offline: false }, { system: home });
  const archive = await source.open(parseImageWord(`${registry.host}/app:1`) as SourceWord, { reader });
  const loaded = await loadImage(reader, archive, 0, { sums: 'taken' });
  assert.ok(loaded.report.layers.every(({ listedBy }) => listedBy === 'toc'));
  // A digest in a TOC isn't a body checksum, so it isn't written to catalogs.
  assert.ok(loaded.stack.layers.every((table) => table?.bodySums.length === 0));
  for (const [layer, bit, isRead] of [
    [1, DIFFERS.content, false],
    [2, DIFFERS.rewritten, false],
    [3, DIFFERS.unread, true],
    [4, DIFFERS.content, false],
    [5, DIFFERS.rewritten, true],
  ] as const) {
    registry.log.length = 0;
    const rows = await listChanges(loaded, layer, layer);
    const names = Array.from({ length: rows.length }, (_, row) =>
      Buffer.from(rows.names.subarray(rows.nameStart[row], rows.nameStart[row + 1])).toString(),
    );
    const bits = (rows.differs[names.indexOf('big')] ?? 0) & (DIFFERS.content | DIFFERS.rewritten | DIFFERS.unread);
    assert.equal(bits, bit, `layer ${layer}`);
    assert.equal(registry.log.length > 0, isRead, `layer ${layer}`);
  }
});
