import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Gathered } from '../../../src/source/http/gathered.ts';
import { Inbox } from '../../../src/source/http/inbox.ts';

test('pieces of all sizes are gathered in order', () => {
  const sizes = [1, 0, 20_000, 3, 16_384, 16_383, 16_383, 16_383, 16_383, 1, 70_000, 2];
  const whole = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0)).map((_, at) => at % 251);
  const gathered = new Gathered();
  let at = 0;
  for (const size of sizes) {
    gathered.add(whole.slice(at, at + size));
    at += size;
  }
  assert.ok(Buffer.from(whole).equals(gathered.bytes()));
  gathered.add(Uint8Array.of(7));
  assert.ok(Buffer.concat([whole, Uint8Array.of(7)]).equals(gathered.bytes()));
  assert.equal(new Gathered().bytes().length, 0);
});

test('pieces of one byte take little more memory than their bytes', () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const held = (): number => {
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = held();
  const gathered = new Gathered();
  for (let count = 0; count < 100_000; count++) gathered.add(Uint8Array.of(count));
  const taken = held() - before;
  assert.ok(taken < 1_000_000, `${taken} bytes`);
  assert.equal(gathered.bytes().length, 100_000);
});

test('a reply in chunks of one byte is paused before thousands of them wait', async () => {
  const message = new PassThrough({ objectMode: true });
  const inbox = new Inbox(message as unknown as IncomingMessage);
  for (let count = 0; count < 10_000; count++) message.write(Uint8Array.of(count));
  await inbox.change();
  assert.ok(message.isPaused());
  assert.ok(inbox.waitingBytes < 3000, `${inbox.waitingBytes} wait`);
  let taken = 0;
  message.end();
  while (!inbox.isOver || inbox.waitingBytes > 0) {
    if (inbox.take() === undefined) await inbox.change();
    else taken++;
  }
  assert.equal(taken, 10_000);
});
