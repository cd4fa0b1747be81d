// Checkpoints in gzip: from each checkpoint, node:zlib must unpack the rest. Bytes are packed by node:zlib, gzip and, if installed, pigz.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { type TestContext, test } from 'node:test';
import { constants, deflateRawSync, gzipSync, inflateRawSync } from 'node:zlib';
import { type Checkpoint, DeflateDecoder, GzipScanner, packedStart, resumedStream } from '#format/deflate';
import { LayerscopeError } from '#model';
import { hasCode } from '../support/asserts.ts';
import { randomChunks, randomNumbers } from '../support/random-chunks.ts';
import { concat, zeros } from '../support/tar-builder.ts';

/** Makes bytes with text, numbers, long runs, distant repeats, and noise. */
function mixture(length: number, seed: number): Uint8Array {
  const next = randomNumbers(seed);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const kind = next() % 5;
    const count = Math.min(length - at, 20 + (next() % 3000));
    if (kind === 0) bytes.fill(next() & 0xff, at, at + count);
    else if (kind === 1 && at > 40_000) bytes.copyWithin(at, at - 1 - (next() % 32_768), at - 1);
    else for (let each = at; each < at + count; each++) bytes[each] = kind === 2 ? next() & 0xff : 0x61 + (next() % (kind === 3 ? 4 : 26));
    at += count;
  }
  return bytes;
}

const PLAIN = mixture(1_500_000, 10);

interface Scanned {
  readonly plain: Buffer;
  readonly checkpoints: readonly Checkpoint[];
  readonly trailing: boolean;
}

function scan(packed: Uint8Array, spanBytes: number, seed = 0): Scanned {
  const plain: Buffer[] = [];
  const checkpoints: Checkpoint[] = [];
  const scanner = new GzipScanner({
    spanBytes,
    plain: (bytes, start, end) => plain.push(Buffer.from(bytes.subarray(start, end))),
    checkpoint: (checkpoint) => checkpoints.push(checkpoint),
  });
  for (const chunk of seed === 0 ? [packed] : randomChunks(packed, seed, 5000)) scanner.push(chunk);
  scanner.end();
  return { plain: Buffer.concat(plain), checkpoints, trailing: scanner.trailing };
}

/** Unpacks a member from a checkpoint, reading at most the given number of packed bytes. */
function resume(packed: Uint8Array, checkpoint: Checkpoint, length = Number.POSITIVE_INFINITY): Uint8Array {
  const start = packedStart(checkpoint);
  const stream = resumedStream(checkpoint.bits, packed.subarray(start, Math.min(packed.length, start + length)));
  return inflateRawSync(stream, {
    finishFlush: constants.Z_SYNC_FLUSH,
    ...(checkpoint.window.length === 0 ? {} : { dictionary: checkpoint.window }),
  });
}

/** Checks the scan, and every checkpoint; returns the bit positions that occurred. */
function check(packed: Uint8Array, plain: Uint8Array, what: string, spanBytes = 20_000): Set<number> {
  const { plain: found, checkpoints, trailing } = scan(packed, spanBytes);
  assert.ok(found.equals(plain), `${what}: unpacked as packed`);
  assert.equal(trailing, false);
  assert.equal(checkpoints[0]?.plainOffset, 0);
  for (const [index, checkpoint] of checkpoints.entries()) {
    const { plainOffset, bits, window } = checkpoint;
    const next = checkpoints[index + 1]?.plainOffset ?? plain.length;
    assert.ok(next === plain.length || next - plainOffset >= spanBytes, what);
    assert.ok(
      Buffer.from(window).equals(plain.subarray(plainOffset - window.length, plainOffset)),
      `${what}: the window at ${plainOffset}`,
    );
    const rest = resume(packed, checkpoint);
    assert.ok(
      Buffer.from(rest).equals(plain.subarray(plainOffset, plainOffset + rest.length)),
      `${what}: from ${plainOffset}, bit ${bits}`,
    );
    assert.ok(
      rest.length >= Math.min(next, plain.length) - plainOffset || packed.length < plain.length / 20,
      `${what}: as far as the next one`,
    );
  }
  return new Set(checkpoints.map(({ bits }) => bits));
}

function packedBy(command: string, args: readonly string[], bytes: Uint8Array): Buffer | null {
  const run = spawnSync(command, args, { input: bytes, maxBuffer: 1 << 28 });
  return run.error === undefined && run.status === 0 ? run.stdout : null;
}

test('the rest is unpacked from every checkpoint of gzip -1, -6 and -9, at all eight bit positions', () => {
  const bits = new Set<number>();
  for (const level of [1, 6, 9]) for (const each of check(gzipSync(PLAIN, { level }), PLAIN, `level ${level}`)) bits.add(each);
  assert.deepEqual([...bits].sort(), [0, 1, 2, 3, 4, 5, 6, 7]);
});

test('the rest is unpacked from every checkpoint of the programs gzip and pigz', (t: TestContext) => {
  let count = 0;
  for (const [command, ...args] of [
    ['gzip', '-1'],
    ['gzip', '-9'],
    ['pigz', '-6', '-b', '128'],
    ['pigz', '-9', '-i'],
    ['pigz', '-11', '-b', '128'],
  ] as const) {
    const bytes = args[0] === '-11' ? PLAIN.subarray(0, 60_000) : PLAIN;
    const packed = packedBy(command, ['-c', ...args], bytes);
    if (packed === null) t.diagnostic(`not run: ${command} is not installed`);
    else {
      check(packed, bytes, `${command} ${args.join(' ')}`);
      count++;
    }
  }
  assert.ok(count > 0, 'neither gzip nor pigz');
});

test('stored blocks, fixed codes, codes without repeats and empty input are unpacked', () => {
  const { Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE } = constants;
  check(gzipSync(PLAIN, { level: 0 }), PLAIN, 'stored');
  for (const strategy of [Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE]) check(gzipSync(PLAIN, { strategy, memLevel: 1 }), PLAIN, `strategy ${strategy}`);
  check(gzipSync(zeros(3_000_000)), zeros(3_000_000), 'zeros');
  check(gzipSync(Buffer.of(7)), Buffer.of(7), 'one byte');
  check(gzipSync(new Uint8Array(0)), new Uint8Array(0), 'nothing');
  check(gzipSync(PLAIN, { windowBits: 9 }), PLAIN, 'a small window');
});

test('consecutive members, with every header field, are unpacked however the bytes arrive', () => {
  const name = Buffer.concat([
    Buffer.of(0x1f, 0x8b, 8, 4 + 8 + 16 + 2, 0, 0, 0, 0, 0, 3, 3, 0),
    Buffer.from('abc'),
    Buffer.from('name\0comment\0'),
    Buffer.of(1, 2),
  ]);
  const member = (bytes: Uint8Array, level: number) => {
    const packed = gzipSync(bytes, { level });
    return level === 6 ? concat(name, packed.subarray(10)) : packed;
  };
  const pieces = [PLAIN.subarray(0, 300_000), PLAIN.subarray(300_000, 300_001), new Uint8Array(0), PLAIN.subarray(300_001, 700_000)];
  const packed = concat(...pieces.map((piece, at) => member(piece, at % 2 === 0 ? 6 : 1)));
  const expected = scan(packed, 10_000);
  assert.ok(expected.plain.equals(PLAIN.subarray(0, 700_000)));
  for (const seed of [1, 2, 3]) assert.deepEqual(scan(packed, 10_000, seed), expected);
  for (const checkpoint of expected.checkpoints) {
    const rest = resume(packed, checkpoint);
    assert.ok(Buffer.from(rest).equals(PLAIN.subarray(checkpoint.plainOffset, checkpoint.plainOffset + rest.length)));
  }
});

test('a range is unpacked from a single span of packed bytes', () => {
  const packed = gzipSync(PLAIN, { level: 6 });
  const { checkpoints } = scan(packed, 200_000);
  const [, second, third] = checkpoints;
  assert.ok(second && third);
  const bytes = resume(packed, second, third.packedOffset - packedStart(second));
  assert.ok(bytes.length >= third.plainOffset - second.plainOffset - 40);
  assert.ok(Buffer.from(bytes).equals(PLAIN.subarray(second.plainOffset, second.plainOffset + bytes.length)));
});

test('bytes after the last member are not mistaken for another member', () => {
  const packed = gzipSync(PLAIN.subarray(0, 1000));
  for (const after of [zeros(512), Buffer.from('text'), Buffer.of(0x1f, 0x00)]) {
    const { plain, trailing } = scan(concat(packed, after), 100);
    assert.ok(plain.equals(PLAIN.subarray(0, 1000)) && trailing);
  }
});

test('scanning input that is cut off anywhere reports the truncation after yielding what came before', () => {
  const packed = gzipSync(PLAIN.subarray(0, 20_000));
  for (let length = 0; length < packed.length; length += length < 700 || length > packed.length - 20 ? 1 : 97) {
    const plain: Buffer[] = [];
    const scanner = new GzipScanner({
      spanBytes: 1000,
      plain: (bytes, start, end) => plain.push(Buffer.from(bytes.subarray(start, end))),
      checkpoint: () => {},
    });
    scanner.push(packed.subarray(0, length));
    assert.throws(() => scanner.end(), hasCode('TRUNCATED'), `at ${length}`);
    const found = Buffer.concat(plain);
    assert.ok(found.equals(PLAIN.subarray(0, found.length)), `at ${length}`);
  }
});

test('damaged bytes are refused, or unpacked as node:zlib does', () => {
  const next = randomNumbers(5);
  const whole = deflateRawSync(PLAIN.subarray(0, 5_000));
  for (let round = 0; round < 1500; round++) {
    const packed = Buffer.from(whole);
    for (let count = 1 + (next() % 3); count > 0; count--) packed[next() % packed.length] = next() & 0xff;
    let theirs: Buffer | null = null;
    try {
      theirs = inflateRawSync(packed);
    } catch {
      // Refused, which is allowed.
    }
    const plain: Buffer[] = [];
    const decoder = new DeflateDecoder({
      plain: (bytes, start, end) => plain.push(Buffer.from(bytes.subarray(start, end))),
      block: () => {},
    });
    try {
      decoder.push(packed);
      if (!decoder.ended) decoder.end();
    } catch (error) {
      assert.ok(error instanceof LayerscopeError && ['DAMAGED', 'TRUNCATED'].includes(error.code), String(error));
      assert.equal(
        theirs?.length,
        undefined,
        `node:zlib unpacks it, round ${round}: ${error.message} at ${error.offset} of ${packed.length}`,
      );
      continue;
    }
    assert.ok(theirs?.equals(Buffer.concat(plain)), `round ${round}`);
  }
});

test('an invalid checkpoint is refused', () => {
  for (const bits of [-1, 8, 1.5, Number.NaN]) assert.throws(() => resumedStream(bits, Buffer.of(1)), hasCode('DAMAGED'));
  assert.throws(() => resumedStream(3, new Uint8Array(0)), hasCode('DAMAGED'));
  for (const bytes of [Buffer.from('not gzip at all'), Buffer.of(0x1f, 0x8b, 7, 0, 0, 0, 0, 0, 0, 0)])
    assert.throws(() => scan(bytes, 1), hasCode('DAMAGED'));
});
