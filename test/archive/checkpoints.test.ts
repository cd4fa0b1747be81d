// Checkpoints in gzip blobs: created while zlib unpacks the blobs, verified, stored next to the index, and used for previews.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { constants, createGzip, gzipSync } from 'node:zlib';
import type { ArchiveLayer, ArchiveReader, IndexedLayer } from '#archive';
import { findBlock, GzipScanner } from '#format/deflate';
import { type BlobCheckpoint, unpackSpan as unpack } from '../../src/archive/blob/checkpoint.ts';
import { CheckpointMaker } from '../../src/archive/blob/checkpoint-maker.ts';
import { decompress } from '../../src/archive/blob/decompress.ts';
import { memoryRange } from '../../src/archive/blob/memory-bytes.ts';
import type { PlainBytes } from '../../src/archive/bodies/plain-bytes.ts';
import { SpanPlainBytes } from '../../src/archive/bodies/span-bytes.ts';
import { decodeCheckpoints, encodeCheckpoints } from '../../src/archive/cache/checkpoint-file.ts';
import { hasCode } from '../support/asserts.ts';
import { archiveOf, Files, ociImage, ociLayout } from '../support/image-builder.ts';
import { concat, file, tar, zeros } from '../support/tar-builder.ts';
import { tryTool } from '../support/tools.ts';
import { words } from '../support/words.ts';
import { collect, testFile, testFolder, testReader } from '../support/workbench.ts';

const SPAN = 200_000;

function noise(length: number, seed: number): Buffer {
  let state = seed;
  return Buffer.from(
    Uint8Array.from({ length }, () => {
      state = Math.imul(state, 1_664_525) + 1_013_904_223;
      return state >>> 24;
    }),
  );
}

const TEXT = words(4_000_000, 1);
const MIXED = Buffer.concat([
  words(900_000, 2),
  noise(1_000_000, 3),
  Buffer.alloc(500_000),
  words(900_000, 4),
  noise(300_000, 5),
  words(700_000, 6),
]);

/** Compresses with a flush after each piece, as pgzip and pigz do. */
async function flushed(bytes: Buffer, pieceBytes: number, kind: number): Promise<Buffer> {
  const gzip = createGzip();
  const pieces: Buffer[] = [];
  gzip.on('data', (piece: Buffer) => pieces.push(piece));
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    gzip.write(bytes.subarray(at, at + pieceBytes));
    await new Promise<void>((resolve) => gzip.flush(kind, () => resolve()));
  }
  gzip.end();
  await new Promise((resolve) => gzip.on('end', resolve));
  return Buffer.concat(pieces);
}

function members(bytes: Buffer, pieceBytes: number): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) pieces.push(gzipSync(bytes.subarray(at, at + pieceBytes)));
  return Buffer.concat(pieces);
}

function unpackSpan(checkpoint: BlobCheckpoint, packed: Uint8Array, plainBytes: number): Promise<Uint8Array> {
  return unpack({ ...checkpoint, shared: checkpoint.shared ?? 0 }, packed, plainBytes);
}

async function checkpointsIn(packed: Uint8Array, spanBytes = SPAN): Promise<readonly BlobCheckpoint[]> {
  const maker = new CheckpointMaker(true, spanBytes);
  await decompress(memoryRange('x', packed), 'gzip', () => true, { checkpoints: maker, pieceBytes: 60_000 });
  return maker.finish();
}

/** Unpacks every span separately and compares the result with the same part of the uncompressed bytes. */
async function checkSpans(packed: Uint8Array, plain: Buffer, checkpoints: readonly BlobCheckpoint[], name: string): Promise<void> {
  for (const [index, checkpoint] of checkpoints.entries()) {
    const next = checkpoints[index + 1];
    const end = next?.packedOffset ?? packed.length;
    const length = (next?.plainOffset ?? plain.length) - checkpoint.plainOffset;
    const bytes = packed.subarray(checkpoint.packedOffset, end);
    const span = await unpackSpan(checkpoint, bytes, length);
    assert.ok(plain.subarray(checkpoint.plainOffset, checkpoint.plainOffset + length).equals(span), `${name}: span ${index}`);
    assert.deepEqual(Buffer.from(checkpoint.digest ?? []), createHash('sha256').update(bytes).digest(), `${name}: digest ${index}`);
  }
}

test('every span unpacks on its own to its part of the blob, however the blob was packed', async () => {
  const bits = new Set<number>();
  const kinds = new Set<string>();
  const packings: [string, Buffer, Buffer][] = [
    ...[1, 6, 9].map((level): [string, Buffer, Buffer] => [`level ${level}`, TEXT, gzipSync(TEXT, { level })]),
    ...[7, 8, 9].map((seed): [string, Buffer, Buffer] => {
      const plain = words(3_000_000, seed);
      return [`seed ${seed}`, plain, gzipSync(plain)];
    }),
    ['stored blocks', MIXED, gzipSync(MIXED, { level: 0 })],
    ['all kinds of blocks', MIXED, gzipSync(MIXED)],
    ['flushed', TEXT, await flushed(TEXT, 50_000, constants.Z_SYNC_FLUSH)],
    ['flushed completely', MIXED, await flushed(MIXED, 131_072, constants.Z_FULL_FLUSH)],
    ['many members', MIXED, members(MIXED, 90_000)],
    ['fewer members than spans', TEXT, members(TEXT, 700_000)],
    ['trailing zeros', TEXT, Buffer.concat([gzipSync(TEXT), Buffer.alloc(1000)])],
  ];
  for (const [name, plain, packed] of packings) {
    const checkpoints = await checkpointsIn(packed);
    assert.ok(checkpoints.length >= plain.length / (SPAN * 4), `${name}: ${checkpoints.length} checkpoints`);
    await checkSpans(packed, plain, checkpoints, name);
    for (const checkpoint of checkpoints) bits.add(checkpoint.bits).size && kinds.add(checkpoint.kind);
  }
  assert.deepEqual([...bits].sort(), [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual([...kinds].sort(), ['block', 'start', 'stored']);
});

test('every span of a blob packed by pigz unpacks on its own', async (t) => {
  if (tryTool('sh', ['-c', 'command -v pigz']).code !== 0) {
    t.skip('pigz is not installed');
    return;
  }
  const input = testFile(t, TEXT);
  tryTool('pigz', ['-k', '-p', '2', input]);
  const packed = readFileSync(`${input}.gz`);
  const checkpoints = await checkpointsIn(packed);
  assert.ok(checkpoints.length > 5, `${checkpoints.length} in ${packed.length}`);
  await checkSpans(packed, TEXT, checkpoints, 'pigz');
});

test('a block has no checkpoint inside, so a single-block blob has none', async () => {
  // A single block with fixed codes, as some tools write it.
  const plain = Buffer.alloc(3_000_000, 'one block ');
  const packed = gzipSync(plain, { strategy: constants.Z_FIXED, memLevel: 9 });
  await checkSpans(packed, plain, await checkpointsIn(packed), 'fixed');
  assert.deepEqual(await checkpointsIn(gzipSync(TEXT.subarray(0, 50_000))), []);
});

test('bytes that only look like a block don’t become a checkpoint', async () => {
  // The inner gzip stream has real blocks and flushes. The outer stream only stores them as data, so they aren't its own blocks.
  const inner = await flushed(TEXT, 50_000, constants.Z_SYNC_FLUSH);
  // Repeats a length of 30,000 and its complement, so that every copy looks like the header of a stored block. gzip stores the whole stream
  // here, so even the bytes after such a header would unpack correctly.
  const lengths = Buffer.alloc(2_000_000, Uint8Array.of(0x30, 0x75, 0xcf, 0x8a));
  for (const [name, plain] of [
    ['gzip in stored blocks', inner],
    ['lengths', lengths],
    ['stored blocks in stored blocks', gzipSync(MIXED, { level: 0 })],
  ] as const) {
    const packed = gzipSync(plain, { level: 0 });
    await checkSpans(packed, plain, await checkpointsIn(packed), name);
  }
});

test('a damaged blob has no checkpoints', async () => {
  const packed = gzipSync(TEXT);
  packed.fill(0xff, packed.length - 5000, packed.length - 4000);
  assert.deepEqual(await checkpointsIn(packed), []);
});

test('the search for blocks finds those that the decoder finds', () => {
  const packed = gzipSync(TEXT.subarray(0, 1_000_000));
  const known = new Set<number>();
  const scanner = new GzipScanner({ spanBytes: 0, checkpoint: ({ packedOffset, bits }) => known.add(packedOffset * 8 - bits) });
  scanner.push(packed);
  scanner.end();
  let found = 0;
  for (let at = 11; ; found++) {
    const place = findBlock(packed, at, packed.length);
    if (place === null) break;
    if (!place.isStored) known.delete(place.packedOffset * 8 - place.bits);
    at = place.packedOffset + 1;
  }
  // The search begins inside the first block and ignores blocks that are marked as the last, so it misses the first and the last block. It
  // may miss one more.
  assert.ok(known.size <= 3 && found > 10, `${known.size} of ${found + known.size} not found`);
});

test('a span that is cut off or whose bytes differ is DAMAGED', async () => {
  const packed = gzipSync(TEXT);
  const checkpoints = await checkpointsIn(packed);
  const [, first, second] = checkpoints;
  assert.ok(first && second);
  const bytes = packed.subarray(first.packedOffset, second.packedOffset);
  const length = second.plainOffset - first.plainOffset;
  await assert.rejects(unpackSpan(first, bytes.subarray(0, 1000), length), hasCode('DAMAGED'));
  await assert.rejects(unpackSpan(first, new Uint8Array(bytes.length).fill(0xff), length), hasCode('DAMAGED'));
});

test('a checkpoint file is read back, and ignored if anything in it was changed', async () => {
  const checkpoints = await checkpointsIn(gzipSync(TEXT));
  const bytes = concat(...encodeCheckpoints('key', checkpoints));
  const decoded = decodeCheckpoints('key', bytes);
  const plain = (list: readonly BlobCheckpoint[] | null): unknown =>
    list?.map(({ window, digest, ...rest }) => ({ ...rest, window: window && Buffer.from(window), digest: digest && Buffer.from(digest) }));
  assert.deepEqual(plain(decoded), plain(checkpoints));
  assert.equal(decodeCheckpoints('other key', bytes), null);
  for (const at of [0, 7, 8, 40, 50, 60, bytes.length - 1]) {
    const changed = bytes.slice();
    changed[at] = (changed[at] as number) ^ 1;
    assert.equal(decodeCheckpoints('key', changed), null, `byte ${at}`);
  }
  for (const length of [0, 8, 43, 44, 100, bytes.length - 1]) assert.equal(decodeCheckpoints('key', bytes.subarray(0, length)), null);
});

interface One {
  readonly reader: ArchiveReader;
  readonly layer: ArchiveLayer;
  readonly indexed: IndexedLayer;
  readonly cacheFolder: string;
}

const FILES = Array.from({ length: 12 }, (_, at) => words(1_500_000, 100 + at));
const LAYER = tar(...FILES.map((bytes, at) => file(`f${at}`, bytes)), file('hole', zeros(100)));

async function openOne(t: TestContext, cacheFolder: string, input: string): Promise<One> {
  const reader = testReader(t, { cacheFolder });
  const archive = await reader.open(input);
  const [layer] = archive.images[0]?.layers ?? [];
  const [indexed] = await reader.indexLayers(archive.images[0]?.layers ?? []);
  assert.ok(layer && indexed);
  return { reader, layer, indexed, cacheFolder };
}

function imageFile(t: TestContext): string {
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: LAYER, packed: 'gzip' }] });
  return testFile(t, archiveOf(ociLayout(files, [image])));
}

/** Adds up the bytes in all spools below a folder. */
function spooledBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(part|tar)$/.test(name))
    .reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0);
}

async function body({ reader, layer, indexed }: One, member: number, start = 0, length = Number.POSITIVE_INFINITY): Promise<Buffer> {
  return collect(reader.readBody(layer, indexed, member, { start, length }));
}

test('a preview unpacks one span and spools nothing, in this process and in the next', async (t) => {
  const [cacheFolder, input] = [testFolder(t), imageFile(t)];
  for (const round of [0, 1]) {
    const one = await openOne(t, cacheFolder, input);
    for (const member of [11, 0, 5, 7]) {
      assert.ok((await body(one, member)).equals(FILES[member] as Buffer), `round ${round}, member ${member}`);
      assert.deepEqual(await body(one, member, 1_499_990, 100), (FILES[member] as Buffer).subarray(-10));
    }
    const header = await one.reader.readHeader(one.layer, one.indexed, 10);
    assert.equal(Buffer.from(header.raw.name).toString(), 'f10');
    assert.equal(spooledBytes(cacheFolder), 0);
  }
  const kept = readdirSync(path.join(cacheFolder, 'index')).filter((name) => name.endsWith('.ckp'));
  assert.equal(kept.length, 1);
  const bytes = statSync(path.join(cacheFolder, 'index', kept[0] ?? '')).size;
  assert.ok(bytes <= LAYER.length / 200, `${bytes} bytes of checkpoints for ${LAYER.length}`);
});

test('a preview of a layer that was opened as a file also unpacks one span and spools nothing', async (t) => {
  const [cacheFolder, input] = [testFolder(t), testFile(t, gzipSync(LAYER))];
  await openOne(t, cacheFolder, input);
  const one = await openOne(t, cacheFolder, input);
  for (const member of [11, 0, 5]) assert.ok((await body(one, member)).equals(FILES[member] as Buffer), `member ${member}`);
  assert.equal(spooledBytes(cacheFolder), 0);
});

test('without usable checkpoints a layer is spooled', async (t) => {
  const [cacheFolder, input] = [testFolder(t), imageFile(t)];
  await openOne(t, cacheFolder, input);
  const [name = ''] = readdirSync(path.join(cacheFolder, 'index')).filter((each) => each.endsWith('.ckp'));
  const kept = path.join(cacheFolder, 'index', name);
  const bytes = readFileSync(kept);
  bytes.fill(0, 1000, 2000);
  writeFileSync(kept, bytes);
  const one = await openOne(t, cacheFolder, input);
  assert.ok((await body(one, 11)).equals(FILES[11] as Buffer));
  assert.ok(spooledBytes(cacheFolder) > LAYER.length / 2);
});

test('if a checkpoint is wrong, the layer itself is read instead', async (t) => {
  const [cacheFolder, input] = [testFolder(t), imageFile(t)];
  const { layer } = await openOne(t, cacheFolder, input);
  const [name = ''] = readdirSync(path.join(cacheFolder, 'index')).filter((each) => each.endsWith('.ckp'));
  const kept = path.join(cacheFolder, 'index', name);
  const key = `digest:${layer.digest}:${layer.blobBytes}`;
  const moved = decodeCheckpoints(key, readFileSync(kept))?.map((each) => ({ ...each, packedOffset: each.packedOffset + 1 }));
  assert.ok(moved);
  writeFileSync(kept, concat(...encodeCheckpoints(key, moved)));
  const one = await openOne(t, cacheFolder, input);
  assert.ok((await body(one, 11)).equals(FILES[11] as Buffer));
});

test('fetched spans with the wrong bytes are refused even if they unpack', async () => {
  const plain = MIXED;
  const packed = gzipSync(plain, { level: 0 });
  const checkpoints = await checkpointsIn(packed);
  const [, first, second] = checkpoints;
  assert.ok(first && second);
  const middle = (first.plainOffset + second.plainOffset) >> 1;
  for (const isFetched of [false, true]) {
    const asked: number[] = [];
    const others: PlainBytes = {
      read: async (at, length) => {
        asked.push(at);
        return plain.subarray(at, at + length);
      },
      fill: () => 0,
      [Symbol.asyncDispose]: async () => {},
    };
    const part = async (from: number, length: number): Promise<Uint8Array> => {
      const bytes = new Uint8Array(packed.subarray(from, from + length));
      const at = (bytes.length >> 1) + 1000;
      bytes[at] = (bytes[at] as number) ^ 1;
      return bytes;
    };
    const source = { checkpoints, packedBytes: packed.length, plainBytes: plain.length, part, isFetched };
    await using bytes = new SpanPlainBytes(source, () => others, {});
    const got = await bytes.read(middle, 10);
    assert.deepEqual([got.length, asked], isFetched ? [10, [middle]] : [10, []]);
  }
});
