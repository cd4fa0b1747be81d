import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decodeWire, encodeWire, slicePage } from '#contract';
import { hasCode } from '../support/asserts.ts';
import { numberedRows } from '../support/row-tables.ts';

const bytes = fc.uint8Array({ maxLength: 40 });
const arrays = fc.oneof(
  bytes,
  fc.uint16Array({ maxLength: 9 }),
  fc.uint32Array({ maxLength: 9 }),
  fc.int32Array({ maxLength: 9 }),
  fc.float64Array({ maxLength: 9 }),
);
const maps = fc.array(fc.tuple(fc.nat(0xffff_ffff), bytes), { maxLength: 5 }).map((pairs) => new Map(pairs));
const keys = fc.oneof(fc.string(), fc.constantFrom('$', '$u8', '$map', '$$u8', '__proto__', 'constructor', 'toString'));
const { value: values } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(null, true, false, 0, 1.5, -7, 2 ** 53),
    fc.string(),
    arrays,
    maps,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(keys, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

test('any value survives encoding and decoding', () => {
  fc.assert(
    fc.property(values, (value) => assert.deepEqual(decodeWire(encodeWire(value)), value)),
    { numRuns: 500 },
  );
});

test('a value is decoded from an unaligned buffer', () => {
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 7 }), (value, shift) => {
      const message = encodeWire(value);
      const shifted = new Uint8Array(message.length + shift);
      shifted.set(message, shift);
      assert.deepEqual(decodeWire(shifted.subarray(shift)), value);
    }),
  );
});

test('a page of rows is decoded with columns that are views of the message', () => {
  const envelope = { ok: true, value: slicePage(numberedRows(100), 10, 50) };
  const message = encodeWire(envelope);
  const decoded = decodeWire(message) as typeof envelope;
  assert.deepEqual(decoded, envelope);
  assert.equal(decoded.value.rows.size.buffer, message.buffer);
});

test('a view is encoded without the rest of its buffer', () => {
  const view = new Uint16Array(new Uint16Array(100_000).buffer, 20, 3);
  assert.ok(encodeWire(view).length < 100);
});

test('properties without a value are left out, as in JSON', () => {
  assert.deepEqual(decodeWire(encodeWire({ a: undefined, b: 1 })), { b: 1 });
});

test('values that the wire can’t carry are refused when encoding', () => {
  let deep: unknown = 1;
  for (let i = 0; i < 100; i++) deep = [deep];
  for (const value of [
    1n,
    () => 1,
    Symbol('x'),
    Number.NaN,
    Infinity,
    undefined,
    new Date(),
    new Map([['a', 1]]),
    new Set(),
    deep,
    new BigInt64Array(1),
  ]) {
    assert.throws(() => encodeWire(value), hasCode('INTERNAL'), String(value));
  }
});

function message(head: string, tail = 0): Uint8Array {
  const text = new TextEncoder().encode(head);
  const out = new Uint8Array(((8 + text.length + 7) & ~7) + tail);
  out.set([0x4c, 0x53, 0x57, 0x31]);
  new DataView(out.buffer).setUint32(4, text.length, true);
  out.set(text, 8);
  return out;
}

test('damaged messages are refused without reading past their end', () => {
  const cases: Uint8Array[] = [
    new Uint8Array(0),
    new Uint8Array(7),
    message('1').subarray(0, 8),
    Uint8Array.of(...message('1').with(0, 0)),
    message('nonsense'),
    message('"\ud800'), // cut off inside a string
    message('{"$u8":[0,9]}', 8), // one byte too many
    message('{"$u32":[2,1]}', 8), // not aligned
    message('{"$u8":[-1,1]}', 8),
    message('{"$u8":[0.5,1]}', 8),
    message('{"$u8":[0]}', 8),
    message('{"$u8":7}', 8),
    message('{"$f64":[0,1152921504606846976]}', 8),
    message('{"$toString":[0,1]}', 8),
    message('{"$u64":[0,1]}', 8),
    message('{"a":1,"$u8":[0,1]}', 8),
    message('{"$map":[]}', 8),
    message('{"$map":[{"$u32":[0,1]},{"$u32":[8,1]},{"$u8":[16,0]}]}', 16), // valid here, made invalid below: one key with no bytes
    message(`${'['.repeat(100)}${']'.repeat(100)}`),
  ];
  const fits = cases[17] as Uint8Array;
  assert.deepEqual(decodeWire(fits), new Map([[0, new Uint8Array(0)]]));
  new DataView(fits.buffer).setUint32(fits.length - 8, 5, true); // a length of 5 with no bytes
  for (const each of cases) assert.throws(() => decodeWire(each), hasCode('BAD_REQUEST'), Buffer.from(each).toString('latin1'));
});

test('any bytes are decoded or refused, and never crash', () => {
  const sent = encodeWire({ page: slicePage(numberedRows(20), 0, 20) });
  fc.assert(
    fc.property(fc.nat(sent.length - 1), fc.nat(255), fc.nat(sent.length), (at, byte, length) => {
      const changed = sent.slice();
      changed[at] = byte;
      try {
        decodeWire(changed.subarray(0, length));
      } catch (error) {
        assert.ok(hasCode('BAD_REQUEST')(error), String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});
