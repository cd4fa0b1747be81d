// Reruns what the fuzzers found, and checks that they find planted faults.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { type RunResult, runTarget } from '../fuzz/engine/run-target.ts';
import { targetNamed } from '../fuzz/targets/index.ts';
import { testFolder } from '../support/workbench.ts';

const FINDINGS = path.join(import.meta.dirname, '..', 'fuzz', 'findings');

for (const name of readdirSync(FINDINGS).sort()) {
  for (const finding of readdirSync(path.join(FINDINGS, name)).sort()) {
    test(`a finding in ${name} is fixed: ${finding.replaceAll('-', ' ')}`, async () => {
      await using session = await (await targetNamed(name)).open();
      await session.run(new Uint8Array(readFileSync(path.join(FINDINGS, name, finding))));
    });
  }
}

// Catches a change that breaks a target's own seeds here, rather than only in a run of the fuzzers.
for (const name of ['frames-ipc', 'frames-pipe', 'frames-http']) {
  test(`the seeds of ${name} pass`, async () => {
    const target = await targetNamed(name);
    await using session = await target.open();
    for (const seed of target.seeds()) await session.run(seed);
  });
}

async function planted(replay: string | null, hangMs = 30_000): Promise<{ result: RunResult; log: string }> {
  const lines: string[] = [];
  const log = (text: string): void => void lines.push(text);
  const options = { target: 'planted', seconds: 60, seed: 1, inputs: 2, replay, asOrdinaryUser: false, log, hangMs, keep: false };
  return { result: await runTarget(options), log: lines.join('\n') };
}

for (const [how, told] of [
  ['throws', /Error: planted/],
  ['rejects after it has returned', /Error: planted/],
  ['ends the process', /the process ended with exit code 7/],
  ['uses up memory', /heap out of memory/],
  ['hangs', /an input takes longer than 2 s/],
  ['waits forever', /the process ended with exit code 13/],
] as const) {
  test(`an input that ${how} is found`, async (t) => {
    const file = path.join(testFolder(t), 'input');
    writeFileSync(file, how);
    const { result, log } = await planted(file, how === 'hangs' ? 2_000 : 30_000);
    assert.equal(result.findings, 1, log);
    assert.match(log, told);
  });
}

test('an input that passes is not a finding', async (t) => {
  const file = path.join(testFolder(t), 'input');
  writeFileSync(file, 'nothing');
  const { result, log } = await planted(file);
  assert.equal(result.findings, 0, log);
});

test('a run continues after a finding, and the same seed gives the same run', async () => {
  const { result, log } = await planted(null);
  assert.equal(result.findings, 2, log);
  const run = (): Promise<RunResult> =>
    runTarget({ target: 'pax', seconds: 60, seed: 5, inputs: 1_500, replay: null, asOrdinaryUser: false, log: () => {}, keep: false });
  const first = await run();
  assert.deepEqual(await run(), first);
  assert.ok(first.covered > 50 && first.findings === 0, JSON.stringify(first));
});
