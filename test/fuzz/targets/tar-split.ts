// tar-split's metadata: a split tar is reassembled to the same bytes; foreign metadata is read or refused. An input that begins with `{` is
// metadata, any other is a tar.
import assert from 'node:assert/strict';
import { assembleTar, encodeSplitEntry, readSplitEntries, type SplitEntry, splitTar } from '#format/tar-split';
import { asLayerscopeError } from '#model';
import { gather } from '../../support/random-chunks.ts';
import { splitLayer } from '../../support/split-layer.ts';
import { expectRefusal } from '../engine/finding.ts';
import { joined, mutateBytes } from '../engine/mutate.ts';
import { JSON_TOKENS, mutateJson } from '../engine/mutate-json.ts';
import { mutateTar, TAR_TOKENS } from '../engine/mutate-tar.ts';
import type { Random } from '../engine/random.ts';
import { expectSame } from '../engine/same.ts';
import { tarSeeds } from '../engine/seeds.ts';
import { session, type Target } from '../engine/target.ts';

const BRACE = 0x7b;

function* pieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

async function entriesOf(metadata: Uint8Array): Promise<SplitEntry[]> {
  const entries: SplitEntry[] = [];
  for await (const entry of readSplitEntries([metadata])) entries.push(entry);
  return entries;
}

async function readMetadata(input: Uint8Array): Promise<void> {
  let entries: SplitEntry[];
  try {
    entries = await entriesOf(input);
  } catch (error) {
    expectRefusal(error, ['DAMAGED', 'TOO_LARGE']);
    return;
  }
  expectSame(await entriesOf(joined(...entries.map(encodeSplitEntry))), entries);
  try {
    for await (const _ of assembleTar([input], (_name, size) => [new Uint8Array(Math.min(size, 65_536))]));
  } catch (error) {
    expectRefusal(error, ['DIGEST_MISMATCH', 'DAMAGED']);
  }
}

async function split(input: Uint8Array, size: number): Promise<Uint8Array | string> {
  try {
    return await gather(splitTar(pieces(input, size)));
  } catch (error) {
    expectRefusal(error, ['BAD_TAR', 'TRUNCATED']);
    return asLayerscopeError(error).message;
  }
}

async function takeApart(input: Uint8Array): Promise<void> {
  const metadata = await split(input, Math.max(1, input.length));
  expectSame(await split(input, 1 + (input.length % 701)), metadata);
  if (typeof metadata === 'string') return;
  // Each file entry's content, cut out of the tar.
  const contents: Uint8Array[] = [];
  let at = 0;
  for (const entry of await entriesOf(metadata)) {
    const length = entry.kind === 'file' ? entry.sizeBytes : entry.bytes.length;
    if (entry.kind === 'file' && length > 0) contents.push(input.subarray(at, at + length));
    at += length;
  }
  const whole = await gather(assembleTar([metadata], () => [contents.shift() ?? new Uint8Array(0)]));
  assert.equal(Buffer.compare(whole, input), 0, 'differs from the original tar');
}

function mutate(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  if (bytes[0] !== BRACE) return mutateTar(bytes, random, other);
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  const at = random.int(lines.length);
  const line = Buffer.from(lines[at] ?? '', 'latin1');
  lines[at] = Buffer.from(random.chance(0.6) ? mutateJson(line, random, line) : mutateBytes(line, random, other, JSON_TOKENS)).toString(
    'latin1',
  );
  return new Uint8Array(Buffer.from(lines.join('\n'), 'latin1'));
}

const ENTRIES: readonly SplitEntry[] = [
  { kind: 'segment', bytes: new Uint8Array(512) },
  { kind: 'file', name: Buffer.from('etc/x'), sizeBytes: 5, crc64: new Uint8Array(8) },
  { kind: 'file', name: Uint8Array.of(0xff, 0x41), sizeBytes: 0, crc64: null },
];

export const target: Target = {
  name: 'tar-split',
  seeds: () => [joined(...ENTRIES.map(encodeSplitEntry)), splitLayer(), ...tarSeeds()],
  tokens: TAR_TOKENS,
  mutate,
  open: () => session((input) => (input[0] === BRACE ? readMetadata(input) : takeApart(input))),
};
