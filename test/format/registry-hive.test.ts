// Registry hives read without their logs: records, damage, limits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findKeys, openHive, ProblemList, type WalkedKey, walkHive } from '#format/registry-hive';
import { hasCode } from '../support/asserts.ts';
import { BINS, buildHive, descriptor, dword, type HiveKeySpec, type HiveOptions, hive, setBaseSum, sz } from '../support/hive-builder.ts';

interface Read {
  readonly keys: readonly WalkedKey[];
  readonly paths: readonly string[];
  /** `code path`, or `code -` for a problem that doesn't concern a key. */
  readonly problems: readonly string[];
}

function read(bytes: Uint8Array): Read {
  const opened = openHive(bytes);
  const problems = new ProblemList(opened.problems);
  const keys = [...walkHive(opened, problems)];
  return { keys, paths: keys.map(({ path }) => path), problems: problems.sorted().map(({ code, path }) => `${code} ${path ?? '-'}`) };
}

function bytesOf(key: WalkedKey | undefined, name: string): Buffer {
  const value = key?.values.find((each) => each.name === name);
  return Buffer.concat(value?.data ?? [Buffer.from('missing')]);
}

/** Returns a hive with keys `a` and `b`, changed by `damage`, with a correct checksum. */
function damaged(damage: (bytes: Buffer, keyAt: (path: string) => number) => void, options: HiveOptions = {}): Read {
  const built = buildHive({ name: 'R', keys: [{ name: 'a', values: [sz('v', 'x'.repeat(20))] }, { name: 'b' }] }, options);
  damage(built.bytes, (path) => BINS + (built.keyAt.get(path) ?? 0) + 4);
  setBaseSum(built.bytes);
  return read(built.bytes);
}

test('keys are read depth first with their values, classes, times and descriptors', () => {
  const big = Buffer.from(Array.from({ length: 40_000 }, (_, at) => at & 0xff));
  const bytes = hive({
    name: 'ROOT',
    values: [dword('', 7)],
    keys: [
      { name: 'a', written: 130_000_000_000_000_000n, className: 'Klasse', keys: [{ name: 'ж', values: [sz('Größe', 'ß')] }] },
      {
        name: 'é',
        security: descriptor(1),
        values: [
          { name: 'big', type: 3, data: big },
          { name: 'odd', type: 500, data: Buffer.from([1, 2, 3]) },
        ],
      },
    ],
  });
  const { keys, paths, problems } = read(bytes);
  assert.deepEqual(problems, []);
  assert.deepEqual(paths, ['', 'a', 'a\\ж', 'é']);
  assert.deepEqual(
    keys.map(({ depth }) => depth),
    [0, 1, 2, 1],
  );
  assert.equal(keys[1]?.className, 'Klasse');
  assert.equal(keys[1]?.key.written, 130_000_000_000_000_000n);
  assert.deepEqual(Buffer.from(keys[3]?.security?.bytes ?? []), descriptor(1));
  assert.equal(keys[0]?.security, keys[1]?.security, 'one descriptor is read once');
  assert.deepEqual(bytesOf(keys[0], ''), Buffer.from([7, 0, 0, 0]));
  assert.deepEqual(bytesOf(keys[2], 'Größe'), Buffer.from('ß\0', 'utf16le'));
  assert.deepEqual(bytesOf(keys[3], 'big'), big);
  assert.deepEqual(bytesOf(keys[3], 'odd'), Buffer.from([1, 2, 3]));
  assert.equal(keys[3]?.values[1]?.type, 500);
});

test('lists of every kind, and lists of lists, are read in their order', () => {
  const names = Array.from({ length: 2000 }, (_, at) => `key ${1999 - at}`);
  for (const list of ['li', 'lf', 'lh'] as const) {
    const { paths, problems } = read(hive({ name: 'R', keys: names.map((name) => ({ name })) }, { list, perList: 300 }));
    assert.deepEqual(paths, ['', ...names], list);
    assert.deepEqual(problems, []);
  }
});

test('names keep NUL, backslashes and lone surrogates; one-byte names are Latin-1', () => {
  const names = ['nul\0x', 'back\\slash', '\ud800 alone', '\u0080\u00ff'];
  assert.deepEqual(
    read(hive({ name: 'R', keys: names.map((name) => ({ name })) }))
      .keys.slice(1)
      .map(({ key }) => key.name),
    names,
  );
});

test('layer bits matter only in a layered hive', () => {
  const root: HiveKeySpec = {
    name: 'R',
    keys: [{ name: 'a', layer: 0x83, values: [{ name: 'v', type: 0, data: new Uint8Array(0), isTombstone: true }] }],
  };
  const plain = read(hive(root)).keys[1];
  assert.deepEqual([plain?.key.effect, plain?.key.inheritsClass, plain?.values[0]?.isTombstone], ['merge', false, false]);
  for (const options of [
    { minor: 5, flags: 2 },
    { minor: 6, flags: 1 },
  ])
    assert.equal(openHive(hive(root, options)).layered, false);
  const layered = read(hive(root, { minor: 6, flags: 3 })).keys[1];
  assert.deepEqual([layered?.key.effect, layered?.key.inheritsClass, layered?.values[0]?.isTombstone], ['supersede-tree', true, true]);
});

test('a key is found by its path, whatever the case, even with a backslash in a name', () => {
  const opened = openHive(hive({ name: 'R', keys: [{ name: 'a', keys: [{ name: 'b\\c', keys: [{ name: 'Äz' }] }] }, { name: 'A\\b' }] }));
  const below = (path: string): string[] => [...walkHive(opened, null, findKeys(opened, path))].map((key) => key.path);
  assert.deepEqual(below('A\\B\\C'), ['a\\b\\c', 'a\\b\\c\\Äz']);
  assert.deepEqual(below('a\\b\\c\\äZ'), ['a\\b\\c\\Äz']);
  assert.deepEqual(below('a\\b'), ['A\\b']);
  assert.equal(below('').length, 5);
  for (const missing of ['b', 'a\\b\\d', 'a\\b\\c\\Äz\\x']) assert.throws(() => findKeys(opened, missing), hasCode('NOT_FOUND'), missing);
});

test('keys that share a path share what is below them: each is read once', () => {
  const opened = openHive(hive({ name: 'R', keys: [{ name: 'a', keys: [{ name: 'k', keys: [{ name: 'deep' }] }] }, { name: 'b' }] }));
  const found = findKeys(opened, 'a');
  const twice = [...walkHive(opened, null, [...found, ...found])].map(({ path }) => path);
  assert.deepEqual(twice, ['a', 'a\\k', 'a\\k\\deep']);
});

test('problems in long paths are limited by the memory they take', () => {
  const problems = new ProblemList();
  const path = 'n'.repeat(32_767);
  let count = 0;
  for (; !problems.isFull && count < 100_000; count++) problems.add(path, 'key-damaged', 'x');
  assert.ok(count > 1000 && count < 1100, `${count}`);
  assert.match(problems.sorted()[0]?.message ?? '', /long paths: the rest is not read$/);
});

test('a file that is not a hive, or a hive of an unsupported version, is refused', () => {
  assert.throws(() => openHive(Buffer.from('regf')), hasCode('DAMAGED'));
  assert.throws(() => openHive(Buffer.alloc(8192)), hasCode('DAMAGED'));
  assert.throws(() => openHive(hive({ name: 'R' }, { minor: 2 })), hasCode('UNSUPPORTED'));
});

test('damage is reported where it is, and the rest is read', () => {
  const cases: readonly [damage: Parameters<typeof damaged>[0], paths: readonly string[], problems: readonly string[]][] = [
    [(bytes, at) => bytes.write('xx', at('a'), 'latin1'), ['', 'b'], ['key-damaged ']],
    [(bytes, at) => bytes.writeUInt16LE(60_000, at('a') + 72), ['', 'b'], ['key-damaged ']],
    [(bytes, at) => bytes.writeInt32LE(8, at('a') - 4), ['', 'b'], ['key-damaged ']],
    [(bytes, at) => bytes.write('xx', at(''), 'latin1'), [], ['key-damaged -']],
    [(bytes, at) => bytes.writeUInt32LE(9, at('') + 20), ['', 'a', 'b'], ['count-differs ']],
    [(bytes, at) => bytes.writeUInt32LE(0x7fff_fff0, at('') + 28), [''], ['count-differs ', 'list-damaged ']],
    [(bytes, at) => bytes.writeUInt16LE(0xffff, BINS + bytes.readUInt32LE(at('') + 28) + 6), ['', 'a', 'b'], ['list-damaged ']],
    [(bytes, at) => bytes.writeUInt32LE(0xffff_ffff, at('a') + 36), ['', 'a', 'b'], ['values-damaged a']],
    [(bytes, at) => bytes.writeUInt32LE(3, at('a') + 40), ['', 'a', 'b'], ['values-damaged a']],
    [(bytes, at) => bytes.writeUInt32LE(0x10, at('a') + 44), ['', 'a', 'b'], ['security-damaged a']],
    [
      (bytes, at) => {
        bytes.writeUInt16LE(8, at('b') + 74);
        bytes.writeUInt32LE(0x7000_0000, at('b') + 48);
      },
      ['', 'a', 'b'],
      ['class-damaged b'],
    ],
    [(bytes) => bytes.writeUInt32LE(0, BINS), ['', 'a', 'b'], ['bin-damaged -']],
    [(bytes) => bytes.writeUInt32LE(bytes.length, 40), ['', 'a', 'b'], ['bins-missing -']],
    [(bytes) => bytes.writeUInt32LE(0, 40), ['', 'a', 'b'], ['bins-stated -']],
  ];
  for (const [index, [damage, paths, problems]] of cases.entries()) {
    const result = damaged(damage);
    assert.deepEqual(result.paths, paths, `paths of case ${index}`);
    assert.deepEqual(
      result.problems.filter((each) => !each.startsWith('cell-damaged')),
      problems,
      `problems of case ${index}`,
    );
  }
});

test('damaged data is reported with its stated size', () => {
  const valueAt = (bytes: Buffer, key: number): number => BINS + bytes.readUInt32LE(BINS + bytes.readUInt32LE(key + 40) + 4) + 4;
  const { keys, problems } = damaged((bytes, at) => bytes.writeUInt32LE(0x7fff_ffff, valueAt(bytes, at('a')) + 4));
  const value = keys[1]?.values[0];
  assert.deepEqual([value?.data, value?.size, problems], [null, 0x7fff_ffff, ['data-damaged a']]);
  const resident = damaged((bytes, at) => bytes.writeUInt32LE(0x8000_0005, valueAt(bytes, at('a')) + 4));
  assert.deepEqual(resident.problems, ['data-damaged a']);
  assert.deepEqual(damaged((bytes, at) => bytes.write('xx', valueAt(bytes, at('a')), 'latin1')).problems, ['value-damaged a']);
  const longName = damaged((bytes, at) => bytes.writeUInt16LE(0xffff, valueAt(bytes, at('a')) + 2));
  assert.deepEqual(longName.problems, ['value-damaged a']);
});

test('cycles end: a key is read once', () => {
  const { paths, problems } = damaged((bytes, at) => {
    bytes.writeUInt32LE(1, at('b') + 20);
    bytes.writeUInt32LE(bytes.readUInt32LE(at('') + 28), at('b') + 28);
  });
  assert.deepEqual(paths, ['', 'a', 'b']);
  assert.deepEqual(problems, ['count-differs b', 'key-twice b', 'key-twice b']);
});

test('a list of lists that contains itself ends', () => {
  const { bytes, keyAt } = buildHive({ name: 'R', keys: Array.from({ length: 6 }, (_, at) => ({ name: `${at}` })) }, { perList: 3 });
  const index = bytes.readUInt32LE(BINS + (keyAt.get('') ?? 0) + 4 + 28);
  bytes.writeUInt32LE(index, BINS + index + 8 + 4);
  const { paths, problems } = read(bytes);
  assert.deepEqual(paths, ['', '0', '1', '2']);
  assert.deepEqual(problems, ['count-differs ', 'list-damaged ']);
});

test('keys nested deeper than Windows allows are left out', () => {
  let key: HiveKeySpec = { name: 'x' };
  for (let depth = 0; depth < 600; depth++) key = { name: 'x', keys: [key] };
  const { paths, problems } = read(hive(key));
  assert.equal(paths.length, 513);
  assert.equal(problems.length, 1);
  assert.match(problems[0] ?? '', /^key-damaged x/);
});

test('data shared by a million values is read only a few times', () => {
  const shared = 4000;
  const built = buildHive({ name: 'R', values: [{ name: 'v', type: 3, data: Buffer.alloc(100_000, 1) }] }, { minor: 3 });
  const { bytes } = built;
  const root = BINS + (built.keyAt.get('') ?? 0) + 4;
  const value = bytes.readUInt32LE(BINS + bytes.readUInt32LE(root + 40) + 4);
  // A list in its own bin, whose entries all refer to the same value.
  const bin = Buffer.alloc(4096 * 5);
  bin.write('hbin', 0, 'latin1');
  bin.writeUInt32LE(bytes.length - BINS, 4);
  bin.writeUInt32LE(bin.length, 8);
  bin.writeInt32LE(-(bin.length - 32), 32);
  for (let at = 0; at < shared; at++) bin.writeUInt32LE(value, 36 + at * 4);
  bytes.writeUInt32LE(shared, root + 36);
  bytes.writeUInt32LE(bytes.length - BINS + 32, root + 40);
  const { keys, problems } = read(Buffer.concat([bytes, bin]));
  const readBytes = keys[0]?.values.reduce((sum, { data }) => sum + (data?.[0]?.length ?? 0), 0) ?? 0;
  assert.ok(readBytes > 0 && readBytes <= 3 * bytes.length, `${readBytes}`);
  assert.ok(problems.includes('data-damaged '));
});
