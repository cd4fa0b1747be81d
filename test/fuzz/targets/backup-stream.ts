// Backup streams are read the same in pieces of any size, and written back to the same bytes. Reparse points and extended attributes
// survive encoding and parsing.
import assert from 'node:assert/strict';
import {
  type BackupStream,
  BackupStreamReader,
  BackupStreamWriter,
  encodeExtendedAttributes,
  encodeReparsePoint,
  encodeStreamHead,
  linkTarget,
  linkTo,
  lxSymlinkTo,
  parseExtendedAttributes,
  parseReparsePoint,
  STREAM_ID,
} from '#format/backup-stream';
import { asLayerscopeError } from '#model';
import { expectRefusal } from '../engine/finding.ts';
import { joined, mutateBytes, textTokens } from '../engine/mutate.ts';
import type { Random } from '../engine/random.ts';
import { expectSame } from '../engine/same.ts';
import { sharedFiles } from '../engine/seeds.ts';
import { session, type Target } from '../engine/target.ts';

interface Read {
  readonly streams: { stream: BackupStream; data: Uint8Array }[];
  error: string | null;
}

function read(input: Uint8Array, size: number): Read {
  const reader = new BackupStreamReader();
  const found: Read = { streams: [], error: null };
  try {
    for (let at = 0; at < input.length; at += size) {
      for (const piece of reader.push(input.slice(at, at + size))) {
        const last = found.streams.at(-1);
        if (piece.kind === 'stream') found.streams.push({ stream: piece.stream, data: new Uint8Array(0) });
        else if (last !== undefined) last.data = joined(last.data, piece.bytes);
      }
    }
    reader.end();
  } catch (error) {
    expectRefusal(error, ['DAMAGED', 'TOO_LARGE', 'TRUNCATED']);
    found.error = asLayerscopeError(error).message;
  }
  return found;
}

/** Checks that the value parsed from the bytes can be encoded, and then parses to the same value. */
function roundTrip<T>(bytes: Uint8Array, parse: (bytes: Uint8Array) => T, encode: (value: T) => Uint8Array): T | null {
  try {
    const value = parse(bytes);
    expectSame(parse(encode(value)), value);
    return value;
  } catch (error) {
    expectRefusal(error, ['DAMAGED', 'TOO_LARGE', 'TRUNCATED']);
    return null;
  }
}

function run(input: Uint8Array): void {
  const whole = read(input, Math.max(1, input.length));
  expectSame(read(input, 1 + (input.length % 37)), whole);
  for (const { stream, data } of whole.streams) {
    if (stream.id === STREAM_ID.extendedAttributes) roundTrip(data, parseExtendedAttributes, encodeExtendedAttributes);
    if (stream.id !== STREAM_ID.reparsePoint) continue;
    const point = roundTrip(data, parseReparsePoint, encodeReparsePoint);
    try {
      if (point !== null) linkTarget(point);
    } catch (error) {
      expectRefusal(error, ['DAMAGED']);
    }
  }
  if (whole.error !== null) return;
  const writer = new BackupStreamWriter();
  const written = joined(...whole.streams.flatMap(({ stream, data }) => [writer.head(stream), writer.data(data)]));
  writer.end();
  assert.equal(Buffer.compare(written, input), 0, 'differs from the bytes that were read');
}

function stream(id: number, data: Uint8Array, more: Partial<BackupStream> = {}): Uint8Array {
  return joined(encodeStreamHead({ id, sizeBytes: data.length, ...more }), data);
}

const ATTRIBUTES = encodeExtendedAttributes([
  { name: '$LXUID', value: Uint8Array.of(1, 0, 0, 0), flags: 0 },
  { name: 'A', value: new Uint8Array(9), flags: 0x80 },
]);
const STREAMS = [
  stream(STREAM_ID.security, new Uint8Array(20), { attributes: 2 }),
  stream(STREAM_ID.extendedAttributes, ATTRIBUTES),
  stream(STREAM_ID.reparsePoint, encodeReparsePoint(linkTo('C:\\x', true))),
  stream(STREAM_ID.reparsePoint, encodeReparsePoint(linkTo('..\\x', false))),
  stream(STREAM_ID.reparsePoint, encodeReparsePoint(lxSymlinkTo('/x'))),
  stream(STREAM_ID.data, Buffer.from('content')),
  stream(STREAM_ID.alternateData, Buffer.from('zone'), { name: ':Zone.Identifier:$DATA' }),
  stream(STREAM_ID.data, new Uint8Array(0), { attributes: 8 }),
  stream(STREAM_ID.sparseBlock, Buffer.from('block'), { offset: 65536 }),
];

function mutate(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  switch (random.int(4)) {
    case 0:
      return joined(bytes, random.pick(STREAMS));
    case 1: {
      const piece = mutateBytes(random.pick(STREAMS).subarray(20), random, other);
      return joined(bytes, stream(random.int(12), piece));
    }
    default:
      return mutateBytes(bytes, random, other);
  }
}

function shared(): Uint8Array[] {
  return sharedFiles('vectors', 5_000_000)
    .filter((bytes) => bytes[0] === 0x7b || bytes[0] === 0x5b)
    .flatMap((bytes) => [
      ...Buffer.from(bytes)
        .toString('utf8')
        .matchAll(/"backupStreamBase64": ?"([^"]{1,20000})"/g),
    ])
    .slice(0, 80)
    .map(([, text]) => new Uint8Array(Buffer.from(text ?? '', 'base64')));
}

export const target: Target = {
  name: 'backup-stream',
  seeds: () => [...STREAMS, joined(...STREAMS), ...shared()],
  tokens: textTokens(
    '\x09\0\0\0\x08\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0',
    '\x08\0\0\0',
    '\x0c\0\0\xa0',
    '\x03\0\0\xa0',
    ':\0a\0:\0$\0D\0A\0T\0A\0',
  ),
  mutate,
  maxBytes: 8192,
  batch: 128,
  open: () => session(run),
};
