// Not part of the product: a target that can fail in every way, to check that each failure is found. The input selects the failure.
import { session, type Target } from '../engine/target.ts';

async function run(input: Uint8Array): Promise<void> {
  const how = Buffer.from(input).toString();
  if (how === 'throws') throw new Error('planted');
  if (how === 'rejects after it has returned') void Promise.reject(new Error('planted'));
  if (how === 'ends the process') process.exit(7);
  if (how === 'uses up memory') for (const kept: number[][] = []; ; ) kept.push(new Array(1_000_000).fill(kept.length));
  if (how === 'hangs') for (;;);
  if (how === 'waits forever') await new Promise(() => {});
}

export const target: Target = {
  name: 'planted',
  seeds: () => [Buffer.from('throws'), Buffer.from('rejects after it has returned')],
  open: () => session(run),
};
