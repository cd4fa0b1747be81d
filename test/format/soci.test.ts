import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { constants, gzipSync, inflateRawSync } from 'node:zlib';
import { type Checkpoint, GzipScanner, packedStart, resumedStream } from '#format/deflate';
import { parseZtoc, type Ztoc, type ZtocEntry } from '#format/soci';
import { LayerscopeError } from '#model';
import { hasCode } from '../support/asserts.ts';
import { BIG, lazyLayer } from '../support/lazy-layer.ts';
import { randomNumbers } from '../support/random-chunks.ts';
import { type ZtocEntrySpec, type ZtocSpec, zinfo, ztoc } from '../support/ztoc-builder.ts';

const TAR = lazyLayer();
/** A low memLevel makes small blocks, so that there are several checkpoints. */
const PACKED = gzipSync(TAR, { memLevel: 1 });
const SPAN = 10_000;
const DIGEST = `sha256:${createHash('sha256').update('x').digest('hex')}`;

/** Parses a zTOC and reads all its entries. */
function readZtoc(bytes: Uint8Array): Omit<Ztoc, 'entries'> & { readonly entries: readonly ZtocEntry[] } {
  const found = parseZtoc(bytes);
  return { ...found, entries: [...found.entries()] };
}

function checkpointsOf(packed: Uint8Array): readonly Checkpoint[] {
  const found: Checkpoint[] = [];
  const scanner = new GzipScanner({ spanBytes: SPAN, checkpoint: (each) => found.push(each) });
  scanner.push(packed);
  scanner.end();
  return found;
}

const CHECKPOINTS = checkpointsOf(PACKED);
const BIG_OFFSET = Buffer.from(TAR).indexOf(Buffer.from(BIG));
const ENTRY: ZtocEntrySpec = {
  name: 'big',
  type: 'reg',
  offset: BIG_OFFSET,
  size: BIG.length,
  mode: 0o100644,
  uid: 0xfffffffe | 0,
  gid: 8,
  userName: 'seven',
  groupName: 'eight',
  time: '2020-09-13T12:26:40Z',
  xattrs: { 'user.note': 'kept', 'user.empty': '' },
};
const SPEC: ZtocSpec = {
  packedBytes: PACKED.length,
  plainBytes: TAR.length,
  entries: [
    { name: 'etc/', type: 'dir', mode: 0o755 },
    ENTRY,
    { name: 'etc/link', type: 'symlink', linkName: '../x' },
    { name: 'null', type: 'char', devMajor: 1, devMinor: 3 },
  ],
  spanDigests: CHECKPOINTS.map(() => DIGEST),
  checkpoints: zinfo(SPAN, CHECKPOINTS),
};

test('a zTOC has the tar’s entries, and contents are unpacked from the checkpoint before them', () => {
  const found = readZtoc(ztoc(SPEC));
  assert.equal(found.compression, 'gzip');
  assert.equal(found.version, '0.9');
  assert.deepEqual(found.spanDigests, SPEC.spanDigests);
  const [folder, big, link, device] = found.entries;
  assert.deepEqual(folder, {
    name: 'etc/',
    type: 'dir',
    plainOffset: 0,
    sizeBytes: 0,
    linkName: '',
    mode: 0o755,
    uid: 0,
    gid: 0,
    userName: '',
    groupName: '',
    time: '',
    devMajor: 0,
    devMinor: 0,
    xattrs: new Map(),
  });
  assert.deepEqual([big?.mode, big?.uid, big?.gid, big?.userName, big?.time], [0o644, 0xfffffffe, 8, 'seven', ENTRY.time]);
  assert.deepEqual(
    [...(big?.xattrs ?? [])],
    [
      ['user.note', 'kept'],
      ['user.empty', ''],
    ],
  );
  assert.equal(link?.linkName, '../x');
  assert.deepEqual([device?.devMajor, device?.devMinor], [1, 3]);
  assert.deepEqual(
    found.checkpoints.map(({ window, ...rest }) => ({ ...rest, window: Buffer.from(window).toString('hex') })),
    CHECKPOINTS.map(({ window, ...rest }) => ({ ...rest, window: Buffer.from(window).toString('hex') })),
  );
  assert.ok(CHECKPOINTS.length > 2);
  const before = found.checkpoints.findLast(({ plainOffset }) => plainOffset <= (big?.plainOffset ?? 0));
  assert.ok(before && big);
  const options = { finishFlush: constants.Z_SYNC_FLUSH, ...(before.window.length === 0 ? {} : { dictionary: before.window }) };
  const plain = inflateRawSync(resumedStream(before.bits, PACKED.subarray(packedStart(before))), options);
  const from = big.plainOffset - before.plainOffset;
  assert.ok(plain.subarray(from, from + big.sizeBytes).equals(BIG));
});

test('a layer without compression has no checkpoints', () => {
  const found = readZtoc(ztoc({ ...SPEC, algorithm: 2 }));
  assert.deepEqual([found.compression, found.checkpoints.length, found.entries.length], ['none', 0, 4]);
  assert.throws(() => readZtoc(ztoc({ ...SPEC, algorithm: 3 })), hasCode('UNSUPPORTED'));
});

test('an inconsistent zTOC is refused', () => {
  const [first, second] = CHECKPOINTS as [Checkpoint, Checkpoint];
  const wrong: readonly (readonly [what: string, spec: Partial<ZtocSpec>])[] = [
    ['an entry beyond the tar', { entries: [{ ...ENTRY, offset: TAR.length - 1 }] }],
    ['an offset below zero', { entries: [{ ...ENTRY, offset: -1 }] }],
    ['an unknown type', { entries: [{ ...ENTRY, type: 'door' }] }],
    ['sizes below zero', { packedBytes: -1 }],
    ['an invalid span digest', { spanDigests: ['x'] }],
    ['checkpoints cut off', { checkpoints: SPEC.checkpoints.subarray(0, 1000) }],
    ['no checkpoints at all', { checkpoints: new Uint8Array(3) }],
    ['more checkpoints than stated', { checkpoints: Buffer.concat([SPEC.checkpoints, Buffer.alloc(32_785)]) }],
    ['a checkpoint beyond the layer', { checkpoints: zinfo(SPAN, [{ ...first, packedOffset: PACKED.length + 1 }]) }],
    ['a checkpoint beyond the tar', { checkpoints: zinfo(SPAN, [{ ...first, plainOffset: TAR.length + 1 }]) }],
    ['a checkpoint of 8 bits', { checkpoints: zinfo(SPAN, [{ ...second, bits: 8 }]) }],
    ['bits before the first byte', { checkpoints: zinfo(SPAN, [{ ...second, packedOffset: 0, bits: 1 }]) }],
    ['checkpoints out of order', { checkpoints: zinfo(SPAN, [second, first]) }],
  ];
  for (const [what, change] of wrong) assert.throws(() => readZtoc(ztoc({ ...SPEC, ...change })), hasCode('DAMAGED'), what);
  for (const length of [0, 3, 4, 20, 100])
    assert.throws(() => readZtoc(ztoc(SPEC).subarray(0, length)), hasCode('DAMAGED'), `${length} bytes`);
});

/** Replaces the vector of `marked` references with one of `count`, all leading to the target of the first. */
function shareFirst(bytes: Buffer, marked: number, count = marked): Buffer {
  let vector = 0;
  while (bytes.readUInt32LE(vector) !== marked) vector++;
  let reference = 0;
  while (reference + bytes.readUInt32LE(reference) !== vector) reference++;
  const shared = Buffer.alloc(4 + 4 * count);
  shared.writeUInt32LE(count, 0);
  // References point forward only, so the target is in a second copy, after the new vector.
  const target = bytes.length + shared.length + vector + 4 + bytes.readUInt32LE(vector + 4);
  for (let at = 4; at < shared.length; at += 4) shared.writeUInt32LE(target - bytes.length - at, at);
  const first = Buffer.from(bytes);
  first.writeUInt32LE(bytes.length - reference, reference);
  return Buffer.concat([first, shared, bytes]);
}

test('zTOC entries that share one long string are refused before memory fills up', () => {
  for (const field of ['name', 'userName', 'time', 'linkName'] as const) {
    const entries = [{ ...ENTRY, [field]: 'u'.repeat(1 << 20) }, ...Array.from({ length: 699 }, () => ENTRY)];
    assert.throws(() => readZtoc(shareFirst(ztoc({ ...SPEC, entries }), 700)), hasCode('TOO_LARGE'), field);
  }
});

test('zTOC entries and attributes that share data are counted each time', () => {
  const xattrs = Object.fromEntries(Array.from({ length: 777 }, (_, at) => [`k${at}`, '']));
  const whole = ztoc({ ...SPEC, entries: [{ name: 'x', type: 'dir', xattrs }, ...Array(899).fill({ name: 'x', type: 'dir' })] });
  const shared = (entries: number, pairs: number): Buffer => shareFirst(shareFirst(whole, 777, pairs), 900, entries);
  const read = (bytes: Buffer): number => {
    let count = 0;
    for (const _ of parseZtoc(bytes).entries()) count++;
    return count;
  };
  assert.equal(read(shared(1000, 1000)), 1000);
  // 1,500 entries are allowed, and 1,000 attributes in one entry, but not both together.
  assert.throws(() => read(shared(1500, 1000)), hasCode('TOO_LARGE'));
  assert.throws(() => read(shared(1, 33_000)), hasCode('TOO_LARGE'));
  assert.throws(() => read(shared(600_001, 0)), hasCode('TOO_LARGE'));
});

test('randomly damaged files are read or refused', () => {
  const next = randomNumbers(7);
  const small: ZtocSpec = { ...SPEC, checkpoints: zinfo(SPAN, []), spanDigests: [DIGEST] };
  const whole = ztoc(small);
  for (let round = 0; round < 3000; round++) {
    const bytes = Buffer.from(whole);
    for (let count = 1 + (next() % 4); count > 0; count--) bytes[next() % bytes.length] = next() & 0xff;
    try {
      readZtoc(bytes);
    } catch (error) {
      assert.ok(error instanceof LayerscopeError && ['DAMAGED', 'UNSUPPORTED', 'TOO_LARGE'].includes(error.code), String(error));
    }
  }
});
