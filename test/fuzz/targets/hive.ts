// Registry hives, alone and in a stack. Whatever the bytes, the number of keys and the bytes read stay within the file's size, keys come
// after their parents, and a view compared with itself has no changes.
import assert from 'node:assert/strict';
import {
  createRegFile,
  dataText,
  findKeys,
  findRemnants,
  type Hive,
  openHive,
  ProblemList,
  viewChanges,
  walkHive,
  walkView,
} from '#format/registry-hive';
import { deltaHive, dword, type HiveKeySpec, hive, removedValue, setBaseSum, sz } from '../../support/hive-builder.ts';
import { expectRefusal } from '../engine/finding.ts';
import { textTokens } from '../engine/mutate.ts';
import { session, type Target } from '../engine/target.ts';

const BASE = hive({ name: 'R', keys: [{ name: 'a', values: [dword('n', 1)], keys: [{ name: 'b' }] }, { name: 'c' }] });

function readWhole(opened: Hive): void {
  const problems = new ProblemList(opened.problems);
  const file = createRegFile();
  const seen = new Set<string>();
  let keys = 0;
  let readBytes = 0;
  for (const { path, depth, key, values, security } of walkHive(opened, problems)) {
    const parent = path.slice(0, Math.max(0, path.length - key.name.length - 1));
    assert.ok(depth <= 1 || seen.has(parent), 'a key before its parent');
    seen.add(path);
    keys++;
    for (const value of values) {
      readBytes += (value.data ?? []).reduce((sum, piece) => sum + piece.length, 0);
      dataText(value);
    }
    assert.ok(security === null || security.bytes.length <= opened.bytes.length);
    file.key({ place: 'HKEY_USERS', path, depth, values, isRemoved: key.effect === 'tombstone' });
  }
  assert.ok(keys <= opened.bytes.length / 76, 'more keys than fit');
  assert.ok(readBytes <= 2 * opened.bytes.length + 70_000, 'more data than the file has');
  readRemnants(opened);
  for (const { message } of problems.sorted()) assert.ok(!/[\r\n]/.test(message));
  for (const path of [...seen].slice(0, 3)) if (path !== '') assert.ok(findKeys(opened, path).length > 0, 'a key that is not found');
}

function readRemnants(opened: Hive): void {
  let bytes = 0;
  const { remnants } = findRemnants(opened);
  assert.ok(remnants.length <= opened.bytes.length / 24, 'more remnants than fit');
  for (const remnant of remnants) {
    for (const value of remnant.kind === 'key' ? remnant.values : [remnant.value]) {
      bytes += (value.data ?? []).reduce((sum, piece) => sum + piece.length, 0);
      dataText(value);
    }
  }
  assert.ok(bytes <= 2 * opened.bytes.length + 4 * remnants.length, 'more data of remnants than the file has');
}

/** Returns a hive with the second half of its cells free, so that there are remnants to find. */
function halfFreed(): Buffer {
  const bytes = hive({ name: 'R', keys: TREE }, { perList: 2 });
  const cells: number[] = [];
  for (let at = 4096 + 32; at < bytes.length; at += Math.abs(bytes.readInt32LE(at))) cells.push(at);
  for (const at of cells.slice(cells.length / 2)) bytes.writeInt32LE(Math.abs(bytes.readInt32LE(at)), at);
  return bytes;
}

function readStacked(opened: Hive): void {
  const layer = { hive: opened, layer: 1 };
  const base = { hive: openHive(BASE), layer: 0 };
  assert.deepEqual([...viewChanges([base, layer], [base, layer])], [], 'changes without a difference');
  const shown = [...walkView([base, layer])].length;
  let added = 0;
  let removed = 0;
  for (const change of viewChanges([base], [base, layer])) {
    if (change.kind === 'added') added++;
    if (change.kind === 'removed') removed += 1 + change.hidden.keys;
  }
  const below = [...walkView([base])].length;
  // A root that is a tombstone, or can't be read, shows nothing and doesn't count as a changed key.
  assert.ok(shown === 0 || shown === below + added - removed, `${shown} keys, not ${below} + ${added} - ${removed}`);
}

function run(input: Uint8Array): void {
  const bytes = Buffer.from(input);
  // Most changes break the checksum, and a wrong checksum makes a hive dirty, so it is recomputed.
  if (bytes.length >= 512) setBaseSum(bytes);
  try {
    const opened = openHive(bytes);
    readWhole(opened);
    readStacked(opened);
  } catch (error) {
    expectRefusal(error, ['DAMAGED', 'UNSUPPORTED', 'TOO_LARGE']);
  }
}

const TREE: readonly HiveKeySpec[] = [
  {
    name: 'a',
    layer: 0x82,
    className: 'k',
    values: [sz('', 'text'), removedValue('n'), { name: 'big', type: 3, data: Buffer.alloc(17_000, 7) }],
  },
  { name: 'C', layer: 1 },
  { name: 'ж', layer: 3, keys: Array.from({ length: 5 }, (_, at) => ({ name: `k${at}`, layer: 3, values: [sz('m', 'a\0b\0', 7)] })) },
];

export const target: Target = {
  name: 'hive',
  seeds: () => [
    hive({ name: 'R' }),
    BASE,
    hive({ name: 'R', keys: TREE }, { perList: 2, list: 'lf' }),
    deltaHive({ name: 'R', keys: TREE }, { perList: 2, list: 'li' }),
    halfFreed(),
  ],
  tokens: textTokens(
    'regf',
    'hbin',
    'nk',
    'vk',
    'sk',
    'db',
    'ri',
    'lf',
    'lh',
    'li',
    '\xff\xff\xff\xff',
    '\xf8\xff\xff\xff',
    '\x20\0\0\0',
    '\0\0\0\x80',
  ),
  maxBytes: 65_536,
  batch: 32,
  open: () => session(run),
};
