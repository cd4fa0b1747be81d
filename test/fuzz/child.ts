// Runs one target in its own process, so that run-target.ts notices if it ends or hangs.
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { type Found, foundBy } from './engine/finding.ts';
import { FuzzLoop } from './engine/fuzz-loop.ts';
import type { ChildOrder, ChildReport } from './engine/messages.ts';
import { targetNamed } from './targets/index.ts';

const PROGRESS_MS = 500;

const order = JSON.parse(process.argv[2] ?? '') as ChildOrder;
const report = (message: ChildReport): void => void process.send?.(message);
const found = ({ key, message, input }: Found): void =>
  report({ kind: 'found', key, message, input: Buffer.from(input).toString('base64') });

/** Returns a function that writes an input's number, length and bytes to a file for the watching process. */
function keeper(descriptor: number): (input: Uint8Array) => void {
  let number = 0;
  const head = new Uint8Array(8);
  const view = new DataView(head.buffer);
  return (input) => {
    view.setUint32(0, ++number, true);
    view.setUint32(4, input.length, true);
    writeSync(descriptor, Buffer.concat([head, input]), 0, 8 + input.length, 0);
  };
}

const target = await targetNamed(order.target);
await using session = await target.open();
const descriptor = openSync(order.currentFile, 'r+');
const keep = keeper(descriptor);
if (order.replay !== null) {
  const input = new Uint8Array(readFileSync(order.replay));
  keep(input);
  try {
    await session.run(input);
    // Wait for errors thrown after the run has ended.
    await new Promise((resolve) => setTimeout(resolve, 100));
  } catch (error) {
    found(foundBy(error, input));
  }
  report({ kind: 'done', state: { inputs: 1, covered: 0, corpus: 0 } });
} else {
  let told = Date.now();
  const loop = new FuzzLoop(target, session, {
    ...order,
    before: keep,
    onFound: found,
    onProgress: (state) => {
      if (Date.now() < told + PROGRESS_MS) return;
      told = Date.now();
      report({ kind: 'progress', state });
    },
  });
  await loop.run();
  report({ kind: 'done', state: loop.state });
}
closeSync(descriptor);
process.disconnect?.();
