// Not the product: a target that fails in every way, to see that each is found. An input is the name of a way.
import { session, type Target } from '../engine/target.ts';

async function run(input: Uint8Array): Promise<void> {
  const how = Buffer.from(input).toString();
  if (how === 'throws') throw new Error('planted');
  if (how === 'rejects behind its end') void Promise.reject(new Error('planted'));
  if (how === 'ends the process') process.exit(7);
  if (how === 'takes memory') for (const kept: number[][] = []; ; ) kept.push(new Array(1_000_000).fill(kept.length));
  if (how === 'hangs') for (;;);
  if (how === 'waits for ever') await new Promise(() => {});
}

export const target: Target = {
  name: 'planted',
  seeds: () => [Buffer.from('throws'), Buffer.from('rejects behind its end')],
  open: () => session(run),
};
