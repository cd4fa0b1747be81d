// The loopback host's messages with typed arrays: refused, or decoded to a value that survives another round trip.
import { decodeWire, encodeWire } from '#contract';
import { LayerscopeError } from '#model';
import { expectRefusal } from '../engine/finding.ts';
import { joined, mutateBytes, textTokens } from '../engine/mutate.ts';
import { mutateJson } from '../engine/mutate-json.ts';
import type { Random } from '../engine/random.ts';
import { expectSame } from '../engine/same.ts';
import { session, type Target } from '../engine/target.ts';

function run(input: Uint8Array): void {
  let value: unknown;
  try {
    value = decodeWire(input);
  } catch (error) {
    expectRefusal(error, ['BAD_REQUEST']);
    return;
  }
  let again: Uint8Array;
  try {
    again = encodeWire(value);
  } catch (error) {
    // JSON may contain infinite numbers, and deeper nesting than we write.
    if (error instanceof LayerscopeError && /not finite|nested so deep/.test(error.message)) return;
    throw error;
  }
  expectSame(encodeWire(decodeWire(again)), again);
}

function mutate(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  if (bytes.length < 8) return mutateBytes(bytes, random, other);
  const length = Math.min(bytes.length - 8, new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true));
  const head = mutateJson(bytes.slice(8, 8 + length), random, other.length > 8 ? other.slice(8) : other);
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint32(0, head.length, true);
  const tail = bytes.subarray(Math.min(bytes.length, (8 + length + 7) & ~7));
  return joined(bytes.subarray(0, 4), size, head, new Uint8Array(-(8 + head.length) & 7), tail);
}

export const target: Target = {
  name: 'wire',
  seeds: () => [
    encodeWire({ a: 1, $b: [null, 'x', true], c: Uint32Array.of(1, 2), d: Float64Array.of(0.5) }),
    encodeWire({
      links: new Map([
        [3, Uint8Array.of(1, 2)],
        [5, new Uint8Array(0)],
      ]),
      e: Uint16Array.of(7),
      f: Int32Array.of(-1),
      g: Uint8Array.of(9),
    }),
    encodeWire(null),
  ],
  tokens: textTokens(
    'LSW1',
    '{"$u8":[0,1]}',
    '{"$u32":[0,1]}',
    '{"$map":[',
    '"$$a"',
    '"__proto__"',
    '[0,4294967295]',
    '[8,0]',
    '-1',
    '0.5',
  ),
  mutate,
  maxBytes: 8192,
  batch: 64,
  open: () => session(run),
};
