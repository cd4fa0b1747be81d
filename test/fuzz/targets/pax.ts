// PAX records are refused where Go's parsePAX refuses them; otherwise they equal the result of a slow parser of the same rules.
import assert from 'node:assert/strict';
import { PaxRecords } from '../../../src/format/tar/pax-records.ts';
import { paxRecord } from '../../support/tar-builder.ts';
import { joined, mutateBytes } from '../engine/mutate.ts';
import { TAR_TOKENS } from '../engine/mutate-tar.ts';
import type { Random } from '../engine/random.ts';
import { session, type Target } from '../engine/target.ts';

const MOST_BYTES = 8192;
const NO_NUL_IN_VALUE = new Set(['path', 'linkpath', 'uname', 'gname']);
const MOST_INT64 = 2n ** 63n - 1n;

/** Returns the records; null if refused. `text` is Latin-1: one character per byte. */
function slowly(text: string): Map<string, string> | null {
  const records = new Map<string, string>();
  const sparse: string[] = [];
  for (let rest = text; rest !== ''; ) {
    const digits = /^([+-]?)([0-9]+) /.exec(rest);
    if (digits === null || digits[1] === '-') return null;
    const stated = BigInt(digits[2] ?? '');
    if (stated > MOST_INT64 || stated < 5n || stated > BigInt(rest.length)) return null;
    const record = rest.slice(digits[0].length, Number(stated));
    rest = rest.slice(Number(stated));
    if (!record.endsWith('\n')) return null;
    const equals = record.indexOf('=');
    if (equals < 1) return null;
    const key = record.slice(0, equals);
    const value = record.slice(equals + 1, -1);
    if ((NO_NUL_IN_VALUE.has(key) ? value : key).includes('\0')) return null;
    if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') {
      if ((sparse.length % 2 === 0) !== (key === 'GNU.sparse.offset') || value.includes(',')) return null;
      sparse.push(value);
    } else records.set(key, value);
  }
  if (sparse.length > 0) records.set('GNU.sparse.map', sparse.join(','));
  return records;
}

/** Only newlines, so that a record seems to end wherever a wrong length leads. */
const STALE = new Uint8Array(2 * MOST_BYTES).fill(0x0a);

function run(input: Uint8Array): void {
  const expected = slowly(Buffer.from(input).toString('latin1'));
  const records = new PaxRecords();
  // Memory is reused: old content must not be read as part of these records.
  records.parse(STALE, STALE.length);
  const problem = records.parse(input, input.length);
  assert.equal(problem === null, expected !== null, problem ?? 'accepted, but should be refused');
  if (expected === null) return;
  const found = new Map<string, string>();
  for (const [key, value] of records.toMap()) found.set(key, Buffer.from(value).toString('latin1'));
  const decoded = [...expected].map(([key, value]) => {
    const bytes = Buffer.from(key, 'latin1');
    const utf8 = bytes.toString('utf8');
    return [Buffer.from(utf8).equals(bytes) ? utf8 : key, value] as const;
  });
  assert.deepEqual([...found].sort(), [...new Map(decoded)].sort());
}

/** Moves, repeats or drops whole records, so that lengths stay correct. */
function mutate(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const split = (from: Uint8Array): Uint8Array[] => {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < from.length; ) {
      const length = Number.parseInt(Buffer.from(from.subarray(at, at + 12)).toString('latin1'), 10);
      const end = length > 0 ? Math.min(from.length, at + length) : from.length;
      pieces.push(from.slice(at, end));
      at = end;
    }
    return pieces;
  };
  const pieces = split(bytes);
  const at = random.int(pieces.length);
  const piece = pieces[at];
  switch (random.int(4)) {
    case 0:
      pieces.splice(at, 1);
      break;
    case 1:
      pieces.splice(at, 0, random.pick([...split(other), ...TAR_TOKENS]));
      break;
    default: {
      const text = Buffer.from(piece ?? []).toString('latin1');
      const parts = /^\d+ ([^=]*)=(.*)\n$/s.exec(text);
      const changed = (part: string | undefined): Uint8Array => {
        const from = Buffer.from(part ?? '', 'latin1');
        return random.chance(0.5) ? mutateBytes(from, random, other, TAR_TOKENS) : from;
      };
      pieces[at] = paxRecord(changed(parts?.[1]), changed(parts?.[2]));
    }
  }
  return joined(...pieces);
}

const SPARSE = joined(
  paxRecord('GNU.sparse.offset', '0'),
  paxRecord('GNU.sparse.numbytes', '5'),
  paxRecord('GNU.sparse.offset', '9'),
  paxRecord('GNU.sparse.numbytes', '1'),
);

export const target: Target = {
  name: 'pax',
  seeds: () => [
    joined(paxRecord('path', 'a/b'), paxRecord('mtime', '1.5'), paxRecord('SCHILY.xattr.user.a', 'b=c')),
    SPARSE,
    paxRecord('comment', 'x'.repeat(900)),
  ],
  tokens: TAR_TOKENS,
  mutate,
  maxBytes: MOST_BYTES,
  batch: 128,
  open: () => session(run),
};
