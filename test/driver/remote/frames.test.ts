import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LayerscopeError } from '#model';
import {
  decodeCount,
  decodeJson,
  encodeCount,
  encodeFrame,
  FRAME,
  type Frame,
  FrameReader,
  MAX_FRAME_BYTES,
  MAX_PAYLOAD_BYTES,
} from '../../../src/driver/remote/frames.ts';

function read(pieces: readonly Uint8Array[], reader = new FrameReader()): Frame[] {
  const frames: Frame[] = [];
  for (const piece of pieces) reader.push(piece, (frame) => frames.push(frame));
  return frames;
}

const refused = (bytes: string | Uint8Array, message: RegExp): void => {
  assert.throws(
    () => read([typeof bytes === 'string' ? Buffer.from(bytes, 'hex') : bytes]),
    (error: unknown) => {
      assert.ok(error instanceof LayerscopeError);
      assert.equal(error.code, 'BAD_REQUEST');
      assert.match(error.message, message);
      return true;
    },
  );
};

test('a frame is its length, type, call and payload', () => {
  const bytes = encodeFrame(FRAME.data, 0x01020304, Buffer.from('hi'));
  // Length 7, type `data`, the call's number, `hi`.
  assert.equal(Buffer.from(bytes).toString('hex'), '07000000' + '07' + '04030201' + '6869');
  assert.deepEqual(read([bytes]), [{ type: FRAME.data, call: 0x01020304, payload: Buffer.from('hi') }]);
});

test('frames are read completely, however their bytes are split', () => {
  const payloads = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
  fc.assert(
    fc.property(payloads, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (sent, sizes) => {
      const bytes = Buffer.concat(sent.map((payload, call) => encodeFrame(FRAME.data, call, payload)));
      const pieces: Uint8Array[] = [];
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1;
        pieces.push(bytes.subarray(at, at + size));
        at += size;
      }
      assert.deepEqual(
        read(pieces).map(({ call, payload }) => [call, [...payload]]),
        sent.map((payload, call) => [call, [...payload]]),
      );
    }),
  );
});

test('a frame owns its payload: its source buffers may be reused', () => {
  const source = Buffer.from('content');
  const bytes = Buffer.from(encodeFrame(FRAME.data, 1, source));
  source.fill(0);
  const [frame] = read([bytes]);
  bytes.fill(0);
  assert.equal(Buffer.from(frame?.payload ?? []).toString(), 'content');
});

test('an invalid length of a frame is refused as soon as its four bytes have arrived', () => {
  refused('ffffffff', /4294967295 bytes/);
  const tooLong = Buffer.alloc(4);
  tooLong.writeUInt32LE(MAX_FRAME_BYTES + 1);
  refused(tooLong, /1048577 bytes/);
  refused('04000000', /4 bytes/);
  refused('00000000', /0 bytes/);
  assert.deepEqual(read([encodeFrame(FRAME.data, 1, new Uint8Array(MAX_PAYLOAD_BYTES))])[0]?.payload.length, MAX_PAYLOAD_BYTES);
  assert.throws(() => encodeFrame(FRAME.data, 1, new Uint8Array(MAX_PAYLOAD_BYTES + 1)), { code: 'TOO_LARGE' });
});

test('a frame of an unknown type is refused, as is text', () => {
  refused('05000000' + '00' + '00000000', /type 0/);
  refused('05000000' + '0b' + '00000000', /type 11/);
  refused(Buffer.from('GET / HTTP/1.1\r\n'), /bytes/);
});

test('the reader knows whether it is inside a frame', () => {
  const reader = new FrameReader();
  const bytes = encodeFrame(FRAME.end, 1);
  assert.equal(reader.isInside, false);
  read([bytes.subarray(0, 3)], reader);
  assert.equal(reader.isInside, true);
  assert.equal(read([bytes.subarray(3)], reader).length, 1);
  assert.equal(reader.isInside, false);
});

test('a payload that is not JSON in UTF-8, or not a number, is refused', () => {
  assert.throws(() => decodeJson(Buffer.from('ff', 'hex')), { code: 'BAD_REQUEST' });
  assert.throws(() => decodeJson(Buffer.from('{')), { code: 'BAD_REQUEST' });
  assert.throws(() => decodeJson(new Uint8Array()), { code: 'BAD_REQUEST' });
  assert.equal(decodeCount(encodeCount(0xffff_ffff)), 0xffff_ffff);
  assert.throws(() => decodeCount(Buffer.alloc(4)), { code: 'BAD_REQUEST' });
  assert.throws(() => decodeCount(Buffer.from('010203', 'hex')), { code: 'BAD_REQUEST' });
});
