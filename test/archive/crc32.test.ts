import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from '../../src/archive/blob/crc32.ts';

test('a checksum continues over pieces, including empty ones', () => {
  const bytes = Buffer.from('123456789');
  // CRC-32/ISO-HDLC's check value in the catalogue of parametrized CRC algorithms.
  assert.equal(crc32(bytes), 0xcbf43926);
  const pieces = [bytes.subarray(0, 4), new Uint8Array(0), new Uint8Array(new ArrayBuffer(8), 8), bytes.subarray(4), new Uint8Array(0)];
  assert.equal(
    pieces.reduce((sum, piece) => crc32(piece, sum), 0),
    0xcbf43926,
  );
});
