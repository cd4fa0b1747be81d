// Names crafted to have the same hash: looking them up must not take time that grows with the square of their number.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { buildStack } from '#changes';
import type { LayerTable } from '#format/layer';
import { LayerIndexer } from '../../src/archive/indexing/layer-indexer.ts';
import { hasCode } from '../support/asserts.ts';
import { headers, letters } from '../support/hostile-inputs.ts';
import { namesOfOneHash } from '../support/same-hash.ts';
import { file, pax } from '../support/tar-builder.ts';

interface Indexed {
  readonly table: LayerTable;
  readonly codes: readonly string[];
}

function index(blocks: Iterable<Uint8Array>): Indexed {
  const indexer = new LayerIndexer(1 << 30);
  for (const block of blocks) indexer.push(block);
  const { table, findings } = indexer.finish(0, null).layer;
  return { table, codes: [...new Set(findings.map(({ code }) => code))] };
}

/** Indexes headers of files with these names, each of which has at most 99 bytes. */
function files(count: number, nameOf: (at: number) => Uint8Array): Indexed {
  return index(
    headers(count, { name: '' }, (block, at) => {
      block.fill(0, 0, 100);
      block.set(nameOf(at), 0);
    }),
  );
}

/** Each stage adds 6 bytes to a name. 16 stages make names of 96 bytes, which fit in a header. */
const STAGES = 16;

test('65,536 names with the same hash end in TOO_LARGE, keeping what came before', () => {
  const { table, codes } = files(2 ** STAGES, namesOfOneHash(STAGES));
  assert.ok(codes.includes('too-large'), codes.join());
  assert.ok(table.memberCount > 1000 && table.memberCount < 2 ** STAGES, `${table.memberCount}`);
});

test('layers whose names have the same hash only when combined end in TOO_LARGE', () => {
  const nameOf = namesOfOneHash(STAGES);
  const layers = [0, 1].map((layer) => files(3000, (at) => nameOf(layer * 3000 + at)));
  for (const { codes } of layers) assert.deepEqual(codes, []);
  assert.throws(() => buildStack(layers.map(({ table }) => table)), hasCode('TOO_LARGE'));
});

test('attributes with the same hash end in TOO_LARGE', () => {
  // A PAX record begins with its length and key, so the values must have the same hash after that prefix.
  const key = 'SCHILY.xattr.user.x';
  const length = `${6 * STAGES + key.length + 6} ${key}=`;
  const nameOf = namesOfOneHash(STAGES, length);
  const { codes } = index(
    (function* () {
      for (let at = 0; at < 10_000; at++) yield* [pax({ [key]: nameOf(at) }), file('f', '')];
    })(),
  );
  assert.ok(codes.includes('too-large'), codes.join());
});

const text = (words: string): Uint8Array => Buffer.from(words, 'latin1');
const PATTERNS: Readonly<Record<string, (at: number) => Uint8Array>> = {
  numbers: (at) => text(String(at)),
  'numbers of seven digits': (at) => text(String(at).padStart(7, '0')),
  'numbers with an ending, in folders': (at) => text(`d${at >> 8}/file-${at}.js`),
  digests: (at) => text(createHash('sha256').update(String(at)).digest('hex')),
  'numbers before a long ending': (at) => text(`${at}${'x'.repeat(60)}`),
  'the same names in many folders': (at) => text(`${at >> 2}/${'abcd'[at & 3]}`),
};

for (const [what, nameOf] of Object.entries(PATTERNS)) {
  test(`names that occur in images are accepted: ${what}`, () => {
    const { table, codes } = files(200_000, nameOf);
    assert.deepEqual(codes, []);
    assert.equal(table.memberCount, 200_000);
    buildStack([table, table]);
  });
}

test('a hundred thousand owners that differ in a few characters are accepted', () => {
  const { codes, table } = index(headers(100_000, { name: 'f', uname: 'u' }, (block, at) => letters(block, 265, 6, at)));
  assert.deepEqual(codes, ['duplicate-path']);
  assert.equal(table.metas.length, 100_000);
});
