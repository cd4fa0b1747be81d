// What deleted keys and values leave in a hive is found in its free cells, and nowhere else. Also tested with deletions by another program,
// hivex.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { findRemnants, type Hive, type HiveRemnant, openHive, walkHive } from '#format/registry-hive';
import { BINS, type BuiltHive, buildHive, dword, hive, setBaseSum, sz } from '../support/hive-builder.ts';
import { tryTool } from '../support/tools.ts';
import { testFolder } from '../support/workbench.ts';

const BIG = Buffer.from(Array.from({ length: 40_000 }, (_, at) => (at * 7) & 0xff));

function built(): BuiltHive {
  return buildHive({
    name: 'R',
    keys: [
      { name: 'kept', values: [sz('stays', 'here')] },
      {
        name: 'gone',
        written: 130_000_000_000_000_000n,
        values: [sz('text', 'was here'), dword('n', 7), { name: 'big', type: 3, data: BIG }],
        keys: [{ name: 'below', values: [sz('', 'default')] }],
      },
    ],
  });
}

/** Returns the offsets of the cells in a hive that has one bin. */
function cellsOf(bytes: Buffer): number[] {
  const cells: number[] = [];
  for (let at = BINS + 32; at < bytes.length; at += Math.abs(bytes.readInt32LE(at))) cells.push(at);
  return cells;
}

/** Frees all cells in a range, as Windows does: each on its own, or joined into one. */
function free(bytes: Buffer, from: number, to: number, joined: boolean): void {
  const cells = cellsOf(bytes).filter((at) => at >= from && at < to);
  for (const at of cells) bytes.writeInt32LE(Math.abs(bytes.readInt32LE(at)), at);
  if (joined) bytes.writeInt32LE(to - from, from);
}

/** Deletes `gone` and everything below it, which the builder wrote last. */
function deleted(joined: boolean): Buffer {
  const { bytes, keyAt } = built();
  const gone = BINS + (keyAt.get('gone') ?? assert.fail());
  // The root's list is the last cell in use; it now has one key.
  const list = cellsOf(bytes).findLast((at) => bytes.readInt32LE(at) < 0) ?? assert.fail();
  assert.equal(bytes.toString('latin1', list + 4, list + 6), 'lh');
  bytes.writeUInt16LE(1, list + 6);
  bytes.writeUInt32LE(1, BINS + (keyAt.get('') ?? 0) + 4 + 20);
  free(bytes, gone, list, joined);
  setBaseSum(bytes);
  return bytes;
}

function words(remnant: HiveRemnant): unknown {
  if (remnant.kind === 'value') return [remnant.value.name];
  return [
    remnant.path,
    ...remnant.values.map(({ name, data }) => `${name}=${data === null ? 'gone' : Buffer.concat(data).toString('latin1')}`),
  ];
}

function utf16(text: string): string {
  return Buffer.from(`${text}\0`, 'utf16le').toString('latin1');
}

for (const joined of [false, true]) {
  test(`deleted keys are found with their values, with their cells ${joined ? 'joined' : 'apart'}`, () => {
    const opened = openHive(deleted(joined));
    assert.deepEqual(
      [...walkHive(opened, null)].map((walked) => walked.path),
      ['', 'kept'],
    );
    const { remnants, isCut } = findRemnants(opened);
    assert.equal(isCut, false);
    assert.deepEqual(remnants.map(words), [
      ['gone', `text=${utf16('was here')}`, 'n=\x07\0\0\0', `big=${BIG.toString('latin1')}`],
      ['gone\\below', `=${utf16('default')}`],
    ]);
    const [first] = remnants;
    assert.equal(first?.kind === 'key' && first.key.written, 130_000_000_000_000_000n);
  });
}

test('a hive whose cells are all in use, or whose free cells are empty, has no remnants', () => {
  assert.deepEqual(findRemnants(openHive(built().bytes)).remnants, []);
  assert.deepEqual(findRemnants(openHive(hive({ name: 'R' }))).remnants, []);
});

test('a remnant’s data is not shown if it has been overwritten', () => {
  const bytes = deleted(false);
  const at = bytes.indexOf(Buffer.from('was here', 'utf16le'));
  // Another record has taken the data's cell.
  bytes.writeInt32LE(-bytes.readInt32LE(at - 4), at - 4);
  setBaseSum(bytes);
  assert.deepEqual(words(findRemnants(openHive(bytes)).remnants[0] ?? assert.fail()), [
    'gone',
    'text=gone',
    'n=\x07\0\0\0',
    `big=${BIG.toString('latin1')}`,
  ]);
});

test('a value whose key is gone is a separate remnant, and a key whose parent is gone has no path', () => {
  const { bytes, keyAt } = built();
  const gone = BINS + (keyAt.get('gone') ?? 0);
  const opened = (change: (copy: Buffer) => void): Hive => {
    const copy = deleted(false);
    change(copy);
    setBaseSum(copy);
    return openHive(copy);
  };
  const { remnants } = findRemnants(opened((copy) => copy.fill(0, gone + 4, gone + 76)));
  assert.deepEqual(remnants.map(words), [['text'], ['n'], ['big'], [null, `=${utf16('default')}`]]);
  assert.equal(bytes.length, deleted(false).length);
});

test('reading ends even if remnants are their own parents or lists lead everywhere', () => {
  const bytes = deleted(true);
  const { keyAt } = built();
  const gone = keyAt.get('gone') ?? 0;
  const below = keyAt.get('gone\\below') ?? 0;
  bytes.writeUInt32LE(below, BINS + gone + 4 + 16);
  // The list of the values of `gone` begins in the free cell and claims to have 1,000 values.
  bytes.writeUInt32LE(1000, BINS + gone + 4 + 36);
  bytes.writeUInt32LE(gone + 8, BINS + gone + 4 + 40);
  setBaseSum(bytes);
  for (const remnant of findRemnants(openHive(bytes)).remnants) if (remnant.kind === 'key') assert.equal(remnant.path, null);
});

const PYTHON = '/usr/bin/python3';
const HIVEX = `
import sys, hivex
h = hivex.Hivex(sys.argv[1], write=True)
root = h.root()
one = h.node_add_child(root, "one")
two = h.node_add_child(one, "two")
h.node_set_values(two, [
  {"key": "secret", "t": 1, "value": "deleted text\\0".encode("utf-16-le")},
  {"key": "number", "t": 4, "value": b"\\x2a\\0\\0\\0"},
])
h.node_add_child(root, "stays")
h.node_delete_child(two)
h.commit(sys.argv[2])
`;

test('hivex deletes a key, and its remnant is found', (t) => {
  if (process.platform === 'win32' || tryTool('sh', ['-c', `${PYTHON} -c 'import hivex'`]).code !== 0)
    return t.skip('python3-hivex is not installed');
  const folder = testFolder(t);
  const [before, after, script] = ['before', 'after', 'edit.py'].map((name) => path.join(folder, name)) as [string, string, string];
  writeFileSync(before, hive({ name: 'ROOT' }));
  writeFileSync(script, HIVEX);
  const { code, stderr } = tryTool(PYTHON, ['-B', script, before, after]);
  assert.equal(code, 0, stderr);
  const opened = openHive(readFileSync(after));
  assert.deepEqual([...walkHive(opened, null)].map((walked) => walked.path).sort(), ['', 'one', 'stays']);
  const { remnants } = findRemnants(opened);
  // hivex empties the key before deleting it, so nothing leads from it to its values.
  assert.deepEqual(remnants.filter(({ kind }) => kind === 'key').map(words), [['one\\two']]);
  const values = remnants.flatMap((remnant) => (remnant.kind === 'value' ? [remnant.value] : []));
  assert.deepEqual(
    values.map(({ name, data }) => [name, Buffer.concat(data ?? []).toString('latin1')]),
    [
      ['secret', utf16('deleted text')],
      ['number', '*\0\0\0'],
    ],
  );
});
