// Registry hive logs: the input is one log, or two consecutive logs, of a dirty hive. Whatever they say, the hive stays readable, grows
// within bounds, and is recovered or left as it is.
import assert from 'node:assert/strict';
import { openHive, walkHive } from '#format/registry-hive';
import { dword, hive, setBaseSum } from '../../support/hive-builder.ts';
import { newLog, oldLog, signEntry } from '../../support/hive-logs.ts';
import { expectRefusal } from '../engine/finding.ts';
import { textTokens } from '../engine/mutate.ts';
import { session, type Target } from '../engine/target.ts';

const BEFORE = hive({ name: 'R', values: [dword('n', 1)] }, { sequence: [5, 5], written: 9n });
const AFTER = hive({ name: 'R', values: [dword('n', 2)] }, { sequence: [5, 5], written: 9n });
const DIRTY = Buffer.from(BEFORE);
DIRTY.writeUInt32LE(6, 4);
setBaseSum(DIRTY);
const BROKEN = Buffer.from(BEFORE);
BROKEN.writeUInt32LE(1, 60);

const PAGE = { offset: 0, bytes: AFTER.subarray(4096) };
const BINS_BYTES = AFTER.length - 4096;

/** Recomputes the hashes over the range that the log's sizes state, so that changes beyond the hash checks are reached. */
function signed(input: Uint8Array): Buffer {
  const log = Buffer.from(input);
  if (log.length < 512) return log;
  log.copyWithin(8, 4, 8);
  setBaseSum(log);
  for (let at = 512; at + 40 <= log.length && log.toString('latin1', at, at + 4) === 'HvLE'; ) {
    const size = log.readUInt32LE(at + 4);
    if (size < 512 || at + size > log.length) break;
    signEntry(log.subarray(at, at + size));
    at += size;
  }
  return log;
}

function recover(bytes: Buffer, logs: readonly Buffer[]): void {
  const before = Buffer.from(bytes);
  try {
    const opened = openHive(bytes, logs);
    const logBytes = logs.reduce((sum, log) => sum + log.length, 0);
    assert.ok(opened.bytes.length <= bytes.length + Math.max(1 << 20, 64 * logBytes), 'grown too much');
    assert.ok(opened.dirty);
    if (opened.recovered === null) assert.equal(opened.bytes, bytes);
    for (const _ of walkHive(opened, null));
  } catch (error) {
    expectRefusal(error, ['DAMAGED', 'UNSUPPORTED']);
  }
  assert.ok(before.equals(bytes), 'the hive was written to');
}

function run(input: Uint8Array): void {
  const half = Math.floor(input.length / 1024) * 512;
  const one = signed(input);
  const two = [signed(input.subarray(0, half)), signed(input.subarray(half))];
  for (const bytes of [DIRTY, BROKEN]) {
    recover(bytes, [one]);
    recover(bytes, two);
  }
}

export const target: Target = {
  name: 'hive-log',
  seeds: () => [
    newLog(BEFORE, [
      { sequence: 5, binsBytes: BINS_BYTES, pages: [PAGE] },
      { sequence: 6, binsBytes: BINS_BYTES, pages: [] },
    ]),
    newLog(BEFORE, [{ sequence: 6, binsBytes: BINS_BYTES + 4096, pages: [PAGE] }]),
    oldLog(AFTER, [0, 1, 2]),
    Buffer.concat([
      newLog(BEFORE, [{ sequence: 5, binsBytes: BINS_BYTES, pages: [] }]),
      newLog(BEFORE, [{ sequence: 6, binsBytes: BINS_BYTES, pages: [PAGE] }]),
    ]),
  ],
  tokens: textTokens('regf', 'HvLE', 'DIRT', '\x06\0\0\0', '\x01\0\0\0', '\0\x10\0\0', '\0\x02\0\0', '\xff\xff\xff\xff'),
  maxBytes: 65_536,
  batch: 32,
  open: () => session(run),
};
