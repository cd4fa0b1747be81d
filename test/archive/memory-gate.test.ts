import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ArchiveLayer, BlobSource } from '#archive';
import { LayerTableBuilder } from '#format/layer';
import { MemoryGate, TableBudget } from '../../src/archive/indexing/memory-budget.ts';

/** Starts pieces of work that end on demand, and records the numbers of those that have begun. */
function held(gate: MemoryGate, count: number) {
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const works = Array.from({ length: count }, (_, number) =>
    gate.pass(async () => {
      begun.push(number);
      await new Promise<void>((resolve) => {
        ends[number] = resolve;
      });
    }),
  );
  return { begun, ends, works };
}

test('three layers are read at the same time; the others start in order as these end', async () => {
  const { begun, ends, works } = held(new MemoryGate(new AbortController().signal), 5);
  assert.deepEqual(begun, [0, 1, 2]);
  ends[1]?.();
  await works[1];
  assert.deepEqual(begun, [0, 1, 2, 3]);
  for (const end of ends) end?.();
  await Promise.all(works.slice(0, 4));
  assert.deepEqual(begun, [0, 1, 2, 3, 4]);
  ends[4]?.();
  await works[4];
});

test('a layer that fails lets the next one begin', async () => {
  const gate = new MemoryGate(new AbortController().signal);
  const { ends, works } = held(gate, 2);
  const failed = gate.pass(() => Promise.reject(new Error('unreadable')));
  const next = gate.pass(() => Promise.resolve());
  await assert.rejects(failed, /unreadable/);
  await next;
  for (const end of ends) end();
  await Promise.all(works);
});

test('nothing waits once reading is cancelled', async () => {
  const abort = new AbortController();
  const { begun, ends, works } = held(new MemoryGate(abort.signal), 4);
  abort.abort();
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual(begun, [0, 1, 2, 3]);
  for (const end of ends) end();
  await Promise.all(works);
});

test('layers that fit in memory together are read at the same time, and one that never fits is read alone', async () => {
  const gate = new MemoryGate(new AbortController().signal, 10);
  const [first, second] = await Promise.all([gate.enter(6), gate.enter(4)]);
  const entered: string[] = [];
  const third = gate.enter(1).then((leave) => {
    entered.push('third');
    return leave;
  });
  first();
  (await third)();
  const large = gate.enter(25).then((leave) => {
    entered.push('large');
    return leave;
  });
  await Promise.resolve();
  assert.deepEqual(entered, ['third']);
  second();
  const leave = await large;
  const last = gate.enter(1).then(() => entered.push('last'));
  await Promise.resolve();
  assert.deepEqual(entered, ['third', 'large']);
  leave();
  await last;
});

test('a layer’s content pieces count towards the memory budget of all layers', () => {
  const { table } = new LayerTableBuilder().finish();
  const layer = { table, status: 'present', tarBytes: 0, findings: [], measured: null } as const;
  const pieces = { ...table, chunkAt: new Float64Array(2_000_000), chunkDigests: new Uint8Array(64_000_000) };
  const budget = new TableBudget([]);
  const blob = { length: 0 } as BlobSource;
  assert.equal(budget.take({ layer: { ...layer, table: pieces }, blobDigest: null }, blob), false);
  assert.equal(budget.take({ layer, blobDigest: null }, blob), true);
});

test('the length that a manifest states for a layer that is elsewhere counts little towards the memory budget, until it is read', () => {
  const { table } = new LayerTableBuilder().finish();
  const layer = { table, status: 'present', tarBytes: 0, findings: [], measured: null } as const;
  const large = { ...table, chunkDigests: new Uint8Array(300_000_000) };
  const blob = { length: 1e12 } as BlobSource;
  const takes = (provenance: 'toc' | 'tar', isArriving: boolean) =>
    new TableBudget([{ blob } as ArchiveLayer], () => isArriving).take(
      { layer: { ...layer, table: { ...large, provenance } }, blobDigest: null },
      blob,
    );
  assert.equal(takes('toc', true), false);
  assert.equal(takes('tar', true), true);
  assert.equal(takes('toc', false), true);
});
