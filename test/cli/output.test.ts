// Standard output. In particular, signals must reach a command that does nothing but write.
import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { createOutput } from '../../src/cli/output.ts';
import { hasCode } from '../support/asserts.ts';

test('a signal ends a loop that writes to a stream without ever waiting', async () => {
  const interrupt = new AbortController();
  const stream = new Writable({
    highWaterMark: 1 << 30,
    write(_chunk, _encoding, done) {
      done();
    },
  });
  const out = createOutput(stream, () => {}, interrupt.signal);
  setImmediate(() => interrupt.abort());
  const line = 'x'.repeat(1024);
  const write = async (): Promise<void> => {
    for (let lines = 0; lines < 2_000_000; lines++) {
      out.write(line);
      if (out.full) await out.drain();
    }
  };
  await assert.rejects(write(), hasCode('CANCELLED'));
  // Earlier output is complete, and nothing else is thrown.
  await out.finish();
});
