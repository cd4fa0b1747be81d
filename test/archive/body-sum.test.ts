import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BodySum } from '../../src/archive/indexing/body-sum.ts';
import { bodySumCode, roomToRead } from '../../src/archive/indexing/body-sum-code.ts';
import { randomChunks, randomNumbers } from '../support/random-chunks.ts';

/** An all-zero key has the same effect as no key: the initial state comes from the constants alone. */
const NO_KEY = new Uint8Array(64);
/** The first uses vectors where they pay off, the second never uses them. */
const WAYS = { vectors: new BodySum(NO_KEY), plain: new BodySum(NO_KEY, () => null) };

const body = (length: number): Uint8Array<ArrayBuffer> => Uint8Array.from({ length }, (_, at) => (at * at * 7 + Math.floor(at / 3)) & 0xff);

function sumOf(summer: BodySum, pieces: Iterable<Uint8Array>): string {
  summer.begin();
  for (const piece of pieces) summer.update(piece, 0, piece.length);
  summer.finish();
  return [summer.high, summer.low].map((half) => half.toString(16).padStart(8, '0')).join('');
}

/** Copies the bytes to an address `shift` bytes past a word boundary. */
function shifted(bytes: Uint8Array, shift: number): Uint8Array {
  const moved = new Uint8Array(bytes.length + shift);
  moved.set(bytes, shift);
  return moved.subarray(shift);
}

/** The sums of `body(length)`, by this program in Python:
 *
 *     M, P1, P2 = 0xffffffff, 0x9e3779b1, 0x85ebca77
 *     PI = bytes.fromhex('243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89'
 *                        '452821e638d01377be5466cf34e90c6cc0ac29b7c97c50dd3f84d5b5b5470917')
 *     words = lambda b, order: [int.from_bytes(b[i:i + 4], order) for i in range(0, 64, 4)]
 *     def mix(h):
 *         h = (h ^ h >> 16) * 0x85ebca6b & M
 *         h = (h ^ h >> 13) * 0xc2b2ae35 & M
 *         return h ^ h >> 16
 *     def sum64(body):
 *         lanes, padded = words(PI, 'big'), body + bytes(-len(body) % 64)
 *         for block in range(0, len(padded), 64):
 *             w, new = words(padded[block:block + 64], 'little'), [0] * 16
 *             for k in range(4):
 *                 a, b, c, d = lanes[k::4]
 *                 for i, met in enumerate([a ^ c ^ d, b ^ a, c ^ b, d ^ c]):
 *                     x = met + w[4 * i + k] * P2 & M
 *                     new[(i + 1) % 4 * 4 + k] = (x << 13 | x >> 19) * P1 & M
 *             lanes = new
 *         low, high = len(body) & M, len(body) >> 32
 *         for i in range(0, 16, 2):
 *             low, high = low ^ lanes[i], high ^ lanes[i + 1]
 *             low = low + mix(high) & M
 *             high = high + mix(low) & M
 *             low = low + mix(high) & M
 *         return '%08x%08x' % (high, low)
 *     for n in (0, 1, 4, 15, 16, 63, 64, 65, 127, 128, 200, 511, 512, 576, 1000, 4096, 100003):
 *         print(n, sum64(bytes(i * i * 7 + i // 3 & 255 for i in range(n))))
 */
const KNOWN: Readonly<Record<number, string>> = {
  0: '8053170cd3b05512',
  1: '3c4ce024da8dc611',
  4: '59b5e2a60af99d84',
  15: 'eab7996d120e7450',
  16: 'aeb72f8cac29ae44',
  63: '23b649f58ec6aa5a',
  64: '0d9a881573993e85',
  65: '18b9730a76093d4e',
  127: '19b60cbb51041e70',
  128: '4cc4860e44c24208',
  200: '8e2a843849e66374',
  511: 'bee8b3af4355ff3d',
  512: '0cbb10935f17d343',
  576: '93ca56a6f3dac7bd',
  1000: '1baf628f3b64a8d8',
  4096: '00890cbd8dee7f1f',
  100003: '301d311f3b65ed52',
};

test('this Node.js supports vectors, and large reads go directly into the memory that vectors work on', () => {
  assert.notEqual(bodySumCode(), null);
  assert.equal(roomToRead(100_000), bodySumCode()?.room);
  assert.equal(roomToRead(100).length, 100);
});

test('checksums match those that another program computes', () => {
  for (const [length, sum] of Object.entries(KNOWN)) {
    for (const [way, summer] of Object.entries(WAYS)) assert.equal(sumOf(summer, [body(Number(length))]), sum, `${way}: ${length}`);
  }
});

test('vectors and plain code agree for every length, offset and split', () => {
  const lengths = [
    ...Array.from({ length: 201 }, (_, length) => length),
    ...Array.from({ length: 130 }, (_, at) => 511 + at),
    4095,
    33_000,
    70_001,
  ];
  const room = roomToRead(100_000);
  for (const length of lengths) {
    const bytes = body(length);
    const sum = sumOf(WAYS.plain, [bytes]);
    for (const [way, summer] of Object.entries(WAYS)) {
      for (const shift of [0, 1, 2, 3, 4, 7, 16, 33])
        assert.equal(sumOf(summer, [shifted(bytes, shift)]), sum, `${way}: ${length}, ${shift}`);
      for (let seed = 1; seed <= 3; seed++) {
        for (const most of [3, 100, 1500])
          assert.equal(sumOf(summer, randomChunks(bytes, seed, most)), sum, `${way}: ${length}, ${seed}, ${most}`);
      }
      for (const shift of [0, 1, 512, room.length - length]) {
        room.set(bytes, shift);
        assert.equal(sumOf(summer, [room.subarray(shift, shift + length)]), sum, `${way}: ${length}, room at ${shift}`);
      }
    }
  }
});

test('two bodies can be summed alternately', () => {
  const [first, second] = [new BodySum(NO_KEY), new BodySum(NO_KEY)];
  const bytes = body(4096);
  for (const summer of [first, second]) summer.begin();
  for (let at = 0; at < 4096; at += 1024) {
    first.update(bytes, at, at + 1024);
    second.update(bytes, 3072 - at, 4096 - at);
  }
  for (const summer of [first, second]) summer.finish();
  assert.equal(first.high.toString(16).padStart(8, '0') + first.low.toString(16).padStart(8, '0'), KNOWN[4096]);
  assert.notEqual(first.low, second.low);
});

test('the sum changes if words change in one or two places, in one column or several', () => {
  const words = 3 * 16;
  const next = randomNumbers(7);
  const original = body(words * 4);
  const sums = new Set([sumOf(WAYS.plain, [original])]);
  let count = 1;
  for (let first = 0; first < words; first++) {
    for (let second = first; second < words; second++) {
      const changed = new Int32Array(original.slice().buffer);
      changed[first] = (changed[first] as number) ^ (next() | 1);
      // The highest bit passes through a multiplication unchanged, so a change of this bit is the easiest to miss.
      if (second !== first) changed[second] = (changed[second] as number) ^ 0x8000_0000;
      sums.add(sumOf(WAYS.vectors, [new Uint8Array(changed.buffer)]));
      count++;
    }
  }
  assert.equal(sums.size, count);
});
