// Dirty registry hives and their logs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openHive, walkHive } from '#format/registry-hive';
import { marvin32 } from '../../src/format/registry-hive/marvin32.ts';
import { BINS, dword, hive, setBaseSum, sz } from '../support/hive-builder.ts';
import { newLog, oldLog, signEntry } from '../support/hive-logs.ts';

const FILLER = Array.from({ length: 30 }, (_, at) => sz(`filler ${at}`, 'x'.repeat(80)));

/** Returns a hive whose value `n` is the given number. Additional keys make it larger. */
function numbered(number: number, keys = 0): Buffer {
  const extra = Array.from({ length: keys }, (_, at) => ({ name: `k${at}`, values: FILLER }));
  return hive({ name: 'R', values: [dword('n', number), ...FILLER], keys: extra }, { sequence: [5, 5], written: 100n });
}

function numberOf(
  bytes: Buffer,
  logs: readonly Uint8Array[],
): { readonly number: number | undefined; readonly opened: ReturnType<typeof openHive> } {
  const opened = openHive(bytes, logs);
  const [root] = walkHive(opened, null);
  const value = root?.values.find(({ name }) => name === 'n')?.data?.[0];
  return { number: value === undefined ? undefined : Buffer.from(value).readUInt32LE(), opened };
}

function dirty(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt32LE(6, 4);
  setBaseSum(copy);
  return copy;
}

/** Returns the 4096-byte pages in which `after` differs. */
function changedPages(before: Buffer, after: Buffer): { offset: number; bytes: Buffer }[] {
  const pages: { offset: number; bytes: Buffer }[] = [];
  for (let at = BINS; at < after.length; at += 4096) {
    const page = after.subarray(at, at + 4096);
    if (!page.equals(before.subarray(at, at + 4096))) pages.push({ offset: at - BINS, bytes: page });
  }
  return pages;
}

function entry(sequence: number, before: Buffer, after: Buffer): Parameters<typeof newLog>[1][number] {
  return { sequence, binsBytes: after.length - BINS, pages: changedPages(before, after) };
}

test('Marvin32 computes the same hashes as another implementation', () => {
  const known: readonly [Buffer, bigint][] = [
    [Buffer.from(''), 0xb39efca403966e08n],
    [Buffer.from('a'), 0x21a013c726f292f4n],
    [Buffer.from('abc'), 0xb9cf3dfca41914f7n],
    [Buffer.from('abcd'), 0x20094fb11a6cd086n],
    [Buffer.from(Array.from({ length: 40 }, (_, at) => at)), 0x2366e1bab67b6ea3n],
    [Buffer.from('HvLE'.repeat(200)), 0x7a18b19fabe036b8n],
  ];
  for (const [bytes, hash] of known) {
    const [low, high] = marvin32(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
    assert.equal((BigInt(high) << 32n) | BigInt(low), hash, bytes.toString('latin1').slice(0, 10));
  }
});

test('a clean hive ignores its logs', () => {
  const { number, opened } = numberOf(numbered(1), [newLog(numbered(1), [entry(5, numbered(1), numbered(2))])]);
  assert.deepEqual([number, opened.dirty, opened.recovered], [1, false, null]);
});

test('without a log that applies, a dirty hive is read as it is', () => {
  for (const logs of [[], [Buffer.alloc(2000)], [numbered(2)]]) {
    const { number, opened } = numberOf(dirty(numbered(1)), logs);
    assert.deepEqual([number, opened.dirty, opened.recovered, opened.base.sequence], [1, true, null, [6, 5]]);
  }
});

test('new logs are applied in sequence order, whichever is given first', () => {
  const [one, two, three] = [numbered(1), numbered(2), numbered(3)];
  const early = newLog(one, [entry(5, one, two)]);
  const late = newLog(one, [entry(6, two, three)]);
  for (const logs of [
    [early, late],
    [late, early],
  ]) {
    const { number, opened } = numberOf(dirty(one), logs);
    assert.deepEqual([number, opened.recovered, opened.base.sequence, opened.dirty], [3, { format: 'new', sequence: 6 }, [6, 6], true]);
  }
  const { number, opened } = numberOf(dirty(one), [early]);
  assert.deepEqual([number, opened.recovered?.sequence], [2, 5]);
});

test('a new log is applied up to its first bad entry', () => {
  const [one, two, three] = [numbered(1), numbered(2), numbered(3)];
  const whole = newLog(one, [entry(5, one, two), entry(6, two, three)]);
  const second = whole.indexOf('HvLE', whole.indexOf('HvLE') + 1);
  const spoilt = [
    (log: Buffer) => log.writeUInt8((log.at(-1) ?? 0) ^ 1, log.length - 1),
    (log: Buffer) => log.writeUInt8(1, second + 9),
    (log: Buffer) => {
      log.writeUInt32LE(9, second + 12);
      signEntry(log.subarray(second));
    },
    (log: Buffer) => {
      log.writeUInt32LE(0xffff_ffff, second + 20);
      signEntry(log.subarray(second));
    },
    (log: Buffer) => {
      log.writeUInt32LE(0x7000_0000, second + 40);
      signEntry(log.subarray(second));
    },
  ];
  for (const [index, spoil] of spoilt.entries()) {
    const log = Buffer.from(whole);
    spoil(log);
    const { number, opened } = numberOf(dirty(one), [log]);
    assert.deepEqual([number, opened.recovered?.sequence], [2, 5], `case ${index}`);
  }
  assert.equal(numberOf(dirty(one), [whole]).number, 3);
});

test('a hive grows to the size that its log states, within limits', () => {
  const small = numbered(1);
  const large = numbered(2, 20);
  const { number, opened } = numberOf(dirty(small), [newLog(small, [entry(5, small, large)])]);
  assert.deepEqual([number, opened.bytes.length, [...walkHive(opened, null)].length], [2, large.length, 21]);
  const greedy = newLog(small, [{ sequence: 5, binsBytes: 0xffff_f000, pages: [] }]);
  assert.deepEqual(numberOf(dirty(small), [greedy]).opened.recovered, null);
  // A pass over a hive is limited by `storedBytes`, which doesn't count the zeros that a log adds.
  const zeros = newLog(small, [{ sequence: 5, binsBytes: 0x8_0000, pages: [] }]);
  const grown = numberOf(dirty(small), [zeros]).opened;
  assert.deepEqual([grown.recovered?.sequence, grown.bytes.length, grown.storedBytes], [5, 0x8_1000, small.length + zeros.length]);
});

test('if there are two logs, both are applied, unless the base block is damaged', () => {
  const [one, two] = [numbered(1), numbered(2)];
  const mark = { offset: 4096, bytes: Buffer.alloc(512, 0xee) };
  const early = newLog(one, [{ sequence: 5, binsBytes: one.length - BINS, pages: [mark] }]);
  const late = newLog(one, [entry(6, one, two)]);
  const hasMark = (bytes: Buffer, logs: readonly Buffer[]): boolean => openHive(bytes, logs).bytes[BINS + mark.offset] === 0xee;
  const broken = Buffer.from(one);
  broken.writeUInt32LE(123, 60);
  for (const logs of [
    [early, late],
    [late, early],
  ]) {
    assert.ok(hasMark(dirty(one), logs));
    assert.ok(!hasMark(broken, logs));
  }
});

test('if the base block is damaged, only the later log is applied, with its base block', () => {
  const [one, two, three] = [numbered(1), numbered(2), numbered(3)];
  const broken = Buffer.from(one);
  broken.writeUInt32LE(123, 60);
  const late = newLog(one, [entry(6, two, three)]);
  const { number, opened } = numberOf(broken, [newLog(one, [entry(5, one, two)]), late]);
  assert.deepEqual([number, opened.recovered, opened.base.name], [3, { format: 'new', sequence: 6 }, '']);
});

test('an old log replaces the pages in its bitmap', () => {
  const [one, two] = [numbered(1), numbered(2)];
  const pages = Array.from({ length: (two.length - BINS) / 512 }, (_, at) => at).filter(
    (at) => !two.subarray(BINS + at * 512, BINS + at * 512 + 512).equals(one.subarray(BINS + at * 512, BINS + at * 512 + 512)),
  );
  assert.ok(pages.length > 0);
  const { number, opened } = numberOf(dirty(one), [oldLog(two, pages)]);
  assert.deepEqual([number, opened.recovered], [2, { format: 'old', sequence: 6 }]);
  const older = Buffer.from(oldLog(two, pages));
  older.writeBigUInt64LE(99n, 12);
  setBaseSum(older);
  assert.equal(numberOf(dirty(one), [older]).number, 1, 'the log is older than the hive');
  const broken = Buffer.from(one);
  broken.writeUInt32LE(123, 60);
  assert.equal(numberOf(broken, [oldLog(two, pages)]).number, 2);
});

test('an old log with fewer pages than its bitmap says is reported', () => {
  const [one, two] = [numbered(1), numbered(2)];
  const log = oldLog(two, [0, 1, 2]);
  const { opened } = numberOf(dirty(one), [log.subarray(0, -512)]);
  assert.deepEqual(
    opened.problems.sorted().map(({ code }) => code),
    ['log-short'],
  );
  const greedy = Buffer.from(log);
  greedy.writeUInt32LE(0xffff_f000, 40);
  setBaseSum(greedy);
  assert.equal(numberOf(dirty(one), [greedy]).opened.recovered, null);
});
