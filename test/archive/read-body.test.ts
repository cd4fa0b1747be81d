import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type ArchiveLayer, type ArchiveReader, createReader, type IndexedLayer } from '#archive';
import { hasCode } from '../support/asserts.ts';
import { archiveOf, Files, ociImage, ociLayout, type Packing, pack } from '../support/image-builder.ts';
import { concat, directory, file, gnuLongName, gnuSparse, pax, paxGlobal, paxSparse, symlink, tar, zeros } from '../support/tar-builder.ts';
import { until } from '../support/waiting.ts';
import { collect, openFilesBelow, testFile, testFolder, testReader } from '../support/workbench.ts';

const NOISE = new Uint8Array(randomBytes(2_000_000));

interface One {
  reader: ArchiveReader;
  layer: ArchiveLayer;
  indexed: IndexedLayer;
}

async function openOne(reader: ArchiveReader, input: string): Promise<One> {
  const archive = await reader.open(input);
  const [layer] = archive.images[0]?.layers ?? [];
  const [indexed] = await reader.indexLayers(archive.images[0]?.layers ?? []);
  assert.ok(layer && indexed);
  return { reader, layer, indexed };
}

/** Opens an image with one compressed layer, which has no spool yet. */
async function openPacked(t: TestContext, bytes: Uint8Array, packing: Packing, cacheFolder: string | null = null): Promise<One> {
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: bytes, packed: packing }] });
  return openOne(testReader(t, { cacheFolder }), testFile(t, archiveOf(ociLayout(files, [image]))));
}

async function body({ reader, layer, indexed }: One, member: number, start?: number, length?: number): Promise<Buffer> {
  return collect(
    reader.readBody(layer, indexed, member, { ...(start === undefined ? {} : { start }), ...(length === undefined ? {} : { length }) }),
  );
}

test('any range of a file is read correctly, from plain, gzip and zstd layers', async (t) => {
  const bytes = tar(file('small', 'hello'), file('noise', NOISE), file('empty', ''), file('last', 'end'));
  for (const packing of ['none', 'gzip', 'zstd'] as const) {
    const one = await openPacked(t, bytes, packing);
    assert.equal((await body(one, 3)).toString(), 'end');
    assert.equal((await body(one, 0)).toString(), 'hello');
    assert.equal((await body(one, 0, 1, 3)).toString(), 'ell');
    assert.equal((await body(one, 2)).length, 0);
    assert.deepEqual(await body(one, 1), Buffer.from(NOISE));
    for (const [start, length] of [
      [0, 1],
      [1_999_999, 1],
      [1_999_990, 500],
      [262_143, 2],
      [2_000_000, 5],
      [5_000_000, 5],
      [7, 0],
    ] as const) {
      assert.deepEqual(await body(one, 1, start, length), Buffer.from(NOISE.subarray(start, start + length)));
    }
  }
});

test('holes of sparse files read as zeros, in every format and from any offset', async (t) => {
  const map = [
    [10, 5],
    [100_000, 3],
    [600_000, 4],
    [700_000, 0],
  ] as const;
  const stored = 'abcdexyzwxyz';
  const expected = Buffer.alloc(700_000);
  expected.write('abcde', 10);
  expected.write('xyz', 100_000);
  expected.write('wxyz', 600_000);
  const forms = [
    gnuSparse('s', 700_000, map, stored),
    paxSparse('0.0', 's', 700_000, map, stored),
    paxSparse('0.1', 's', 700_000, map, stored),
    paxSparse('1.0', 's', 700_000, map, stored),
    gnuSparse('s', 700_000, [[0, 0], [1, 0], [2, 0], ...map], stored),
  ];
  for (const form of forms) {
    for (const packing of ['none', 'gzip'] as const) {
      const one = await openPacked(t, tar(file('before', 'b'), form, file('behind', 'after')), packing);
      assert.equal((await body(one, 2)).toString(), 'after');
      assert.ok((await body(one, 1)).equals(expected));
      for (const [start, length] of [
        [0, 12],
        [12, 100],
        [99_999, 6],
        [599_999, 3],
        [699_999, 10],
        [300_000, 1000],
      ] as const) {
        assert.ok((await body(one, 1, start, length)).equals(expected.subarray(start, start + length)), `${start}+${length}`);
      }
    }
  }
});

test('a file that is one hole, far larger than memory, can be read near its end', async (t) => {
  const size = 2 ** 40;
  const one = await openPacked(t, tar(paxSparse('1.0', 'huge', size, [[size, 0]], '')), 'none');
  assert.deepEqual(await body(one, 0, size - 3), Buffer.alloc(3));
});

test('an entry that is not a file has no body, and a truncated body ends with an error', async (t) => {
  const one = await openPacked(t, tar(directory('d/'), symlink('l', 'd')), 'none');
  await assert.rejects(body(one, 0), hasCode('NOT_FOUND'));
  await assert.rejects(body(one, 1), hasCode('NOT_FOUND'));
  await assert.rejects(body(one, 2), hasCode('NOT_FOUND'));
  const cut = concat(file('big', NOISE)).subarray(0, 1_000_000);
  for (const packing of ['none', 'gzip'] as const) {
    const half = await openPacked(t, cut, packing);
    assert.equal((await body(half, 0, 0, 900_000)).length, 900_000);
    await assert.rejects(body(half, 0), hasCode('TRUNCATED'));
  }
});

// The test needs layers without checkpoints, such as zstd layers.
test('the first preview unpacks only as far as its file; the rest follows when idle and serves later previews', async (t) => {
  const cacheFolder = testFolder(t);
  const parts = Array.from({ length: 8 }, (_, index) => file(`part-${index}`, randomBytes(1_000_000)));
  const one = await openPacked(t, tar(file('first', 'hello'), ...parts), 'zstd', cacheFolder);
  assert.equal((await body(one, 0)).toString(), 'hello');
  const run = readdirSync(cacheFolder).find((name) => name.startsWith('run-')) ?? '';
  const spool = path.join(cacheFolder, run, readdirSync(path.join(cacheFolder, run)).find((name) => name.endsWith('.part')) ?? '');
  assert.ok(statSync(spool).size < 1_500_000, `${statSync(spool).size} bytes were inflated`);
  await until(() => statSync(spool).size === one.indexed.tarBytes, 'the rest is inflated');
  assert.equal((await body(one, 8)).length, 1_000_000);
  await one.reader[Symbol.asyncDispose]();
  assert.deepEqual(readdirSync(cacheFolder).sort(), ['index', 'spool']);
  assert.deepEqual(
    readdirSync(path.join(cacheFolder, 'spool'))
      .map((name) => path.extname(name))
      .sort(),
    ['.sum', '.tar'],
  );
  assert.deepEqual(openFilesBelow(cacheFolder) ?? [], []);
});

test('a second process reads previews from the first one’s spool, complete or partial', async (t) => {
  const cacheFolder = testFolder(t);
  const files = new Files();
  const image = ociImage(files, {
    layers: [{ tar: tar(file('a', NOISE), file('b', 'bee'), file('c', NOISE), file('d', NOISE), file('e', 'end')), packed: 'zstd' }],
  });
  const input = testFile(t, archiveOf(ociLayout(files, [image])));
  const kept = () => readdirSync(path.join(cacheFolder, 'spool'));
  const spools = () => kept().filter((name) => !name.endsWith('.sum'));
  const preview = async (member: number): Promise<Buffer> => {
    await using reader = createReader({ cacheFolder, workers: 0 });
    return await body(await openOne(reader, input), member);
  };
  assert.equal((await preview(1)).toString(), 'bee');
  assert.deepEqual(
    spools().map((name) => path.extname(name)),
    ['.part'],
  );
  const beginning = statSync(path.join(cacheFolder, 'spool', spools()[0] ?? '')).size;
  assert.ok(beginning < 4_000_000);
  assert.deepEqual(await preview(0), Buffer.from(NOISE));
  assert.equal((await preview(4)).toString(), 'end');
  assert.equal((await preview(1)).toString(), 'bee');
  assert.equal(spools().length, 1);
  // Using the spool updates the time of its checksums. Its own stays, because a process that reads it refuses a file that changes.
  const spool = path.join(cacheFolder, 'spool', spools()[0] ?? '');
  const sums = spool.replace(/\.tar$/, '.sum');
  for (const file of [spool, sums]) utimesSync(file, 1000, 1000);
  assert.deepEqual(await preview(0), Buffer.from(NOISE));
  assert.ok(statSync(sums).mtimeMs > 1_000_000);
  assert.equal(statSync(spool).mtimeMs, 1_000_000);
  assert.deepEqual(
    kept().map((name) => statSync(path.join(cacheFolder, 'spool', name)).mode & 0o777),
    [0o600, 0o600],
  );
});

test('a spool that is damaged, truncated or without its checksums is never served', async (t) => {
  const cacheFolder = testFolder(t);
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: tar(file('a', NOISE), file('b', 'bee'), file('c', NOISE)), packed: 'gzip' }] });
  const layout = ociLayout(files, [image]);
  const folder = path.join(cacheFolder, 'spool');
  const damages: readonly ((spool: string, sums: string) => void)[] = [
    (spool) => flip(spool, 512),
    (spool) => flip(spool, statSync(spool).size - 600),
    (spool) => truncateSync(spool, statSync(spool).size - 1),
    (spool) => appendFileSync(spool, 'x'),
    (_spool, sums) => flip(sums, 20),
    (_spool, sums) => truncateSync(sums, 10),
    (_spool, sums) => unlinkSync(sums),
  ];
  // A complete layer, a partial layer, and an unpacked archive.
  for (const [input, members] of [
    [testFile(t, archiveOf(layout)), [0, 1, 2]],
    [testFile(t, archiveOf(layout)), [1]],
    [testFile(t, gzipSync(archiveOf(layout))), [1]],
  ] as const) {
    const preview = async (): Promise<string[]> => {
      await using reader = createReader({ cacheFolder, workers: 0 });
      const one = await openOne(reader, input);
      const bodies: string[] = [];
      for (const member of members) bodies.push((await body(one, member)).toString('latin1'));
      return bodies;
    };
    const honest = await preview();
    for (const damage of damages) {
      for (const name of readdirSync(folder)) {
        const base = path.join(folder, name.slice(0, name.lastIndexOf('.')));
        if (!name.endsWith('.sum') && existsSync(`${base}.sum`)) damage(path.join(folder, name), `${base}.sum`);
      }
      assert.deepEqual(await preview(), honest);
      assert.deepEqual(await preview(), honest);
    }
  }
});

function flip(name: string, at: number): void {
  const bytes = readFileSync(name);
  bytes[at] = (bytes[at] as number) ^ 0xff;
  writeFileSync(name, bytes);
}

test('if the cache is full, spools are removed when the reader is disposed of', async (t) => {
  const cacheFolder = testFolder(t);
  const files = new Files();
  const input = testFile(t, archiveOf(ociLayout(files, [ociImage(files, { layers: [{ tar: tar(file('a', NOISE)), packed: 'gzip' }] })])));
  await using reader = createReader({ cacheFolder, workers: 0, cacheBytes: 1_000_000 });
  assert.deepEqual(await body(await openOne(reader, input), 0), Buffer.from(NOISE));
  await reader[Symbol.asyncDispose]();
  assert.ok(!existsSync(path.join(cacheFolder, 'spool')));
  assert.deepEqual(readdirSync(cacheFolder), ['index']);
});

test('concurrent previews of one layer, some of them abandoned, return the right bytes', async (t) => {
  const bytes = tar(...Array.from({ length: 20 }, (_, index) => file(`f${index}`, NOISE.subarray(index * 1000, index * 1000 + 200_000))));
  const one = await openPacked(t, bytes, 'gzip', testFolder(t));
  const abort = new AbortController();
  const given = collect(one.reader.readBody(one.layer, one.indexed, 19, { signal: abort.signal }));
  const order = [17, 3, 11, 0, 19, 8];
  const all = Promise.all(order.map((member) => body(one, member)));
  abort.abort();
  await assert.rejects(given, hasCode('CANCELLED'));
  (await all).forEach((read, index) => {
    const from = (order[index] ?? 0) * 1000;
    assert.ok(read.equals(NOISE.subarray(from, from + 200_000)));
  });
});

test('a preview that is waiting when the reader is disposed of is cancelled', async (t) => {
  const one = await openPacked(t, tar(file('a', zeros(50_000_000))), 'gzip');
  const reading = body(one, 0);
  await one.reader[Symbol.asyncDispose]();
  await assert.rejects(reading, hasCode('CANCELLED'));
});

test('reading a file that was changed or removed since it was opened is an error', async (t) => {
  const input = testFile(t, tar(file('a', 'one')));
  const one = await openOne(testReader(t), input);
  writeFileSync(input, tar(file('a', 'two'), file('b', '')));
  await assert.rejects(body(one, 0), hasCode('IO'));
  rmSync(input);
  await assert.rejects(body(one, 0), hasCode('NOT_FOUND'));
});

test('a header is read again with all its fields and its raw blocks', async (t) => {
  const records = pax({ mtime: '12.5', 'SCHILY.xattr.user.x': 'y', path: 'real/name' });
  const bytes = tar(
    file('before', 'x'),
    records,
    file('short', 'body', { uname: 'me' }),
    paxGlobal({ comment: 'c' }),
    gnuLongName('l'.repeat(300)),
    file('l', ''),
  );
  for (const packing of ['none', 'gzip', 'zstd'] as const) {
    const one = await openPacked(t, bytes, packing);
    const { raw, bytes: blocks, bodyOffset } = await one.reader.readHeader(one.layer, one.indexed, 1);
    assert.deepEqual(
      [Buffer.from(raw.name).toString(), raw.index, raw.offset, raw.format, raw.mtimeSeconds, raw.mtimeNanos],
      ['real/name', 1, 1024, 'pax', 12, 500_000_000],
    );
    assert.deepEqual([...(raw.pax?.keys() ?? [])], ['mtime', 'SCHILY.xattr.user.x', 'path']);
    assert.equal(bodyOffset, 1024 + 1024 + 512);
    assert.deepEqual(Buffer.from(blocks), Buffer.from(bytes.subarray(1024, bodyOffset)));
    assert.equal((await one.reader.readHeader(one.layer, one.indexed, 1, { maxBytes: 100 })).bytes.length, 100);
    assert.equal((await one.reader.readHeader(one.layer, one.indexed, 2)).raw.type, 'global');
    assert.equal((await one.reader.readHeader(one.layer, one.indexed, 3)).raw.name.length, 300);
    await assert.rejects(one.reader.readHeader(one.layer, one.indexed, 4), hasCode('NOT_FOUND'));
  }
});

test('everything before the damage in a layer can be read', async (t) => {
  const bytes = tar(file('a', 'first'), file('b', NOISE), file('c', 'third'));
  const files = new Files();
  const blob = pack(bytes, 'gzip').subarray(0, -2);
  const input = testFile(t, archiveOf(ociLayout(files, [ociImage(files, { layers: [{ tar: bytes, blob, packed: 'gzip' }] })])));
  const one = await openOne(testReader(t), input);
  assert.equal(one.indexed.status, 'damaged');
  assert.equal((await body(one, 2)).toString(), 'third');
  assert.deepEqual(await body(one, 1), Buffer.from(NOISE));
  assert.equal((await one.reader.readHeader(one.layer, one.indexed, 2)).raw.size, 5);
});
