// Eight processes working on one store at once.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { verifyStore } from '#engine';
import { PortableDriver } from '../../../src/driver/portable/index.ts';
import { testFolder } from '../../support/workbench.ts';
import { leftIn } from './kill-loop.ts';
import { makePlace } from './place.ts';
import { handWritten } from './verbs.ts';

const WORKER = path.join(import.meta.dirname, 'mixed-worker.ts');
const PROCESSES = 8;
/** LAYERSCOPE_FAULT_ROUNDS: how many times each process runs all its verbs. */
const ROUNDS = Number(process.env.LAYERSCOPE_FAULT_ROUNDS ?? 1);

interface Ended {
  readonly code: number | null;
  readonly said: string;
  readonly complained: string;
}

function run(args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [WORKER, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    let complained = '';
    child.stdout.on('data', (bytes) => {
      said += bytes;
    });
    child.stderr.on('data', (bytes) => {
      complained += bytes;
    });
    child.once('close', (code) => resolve({ code, said, complained }));
  });
}

test('eight processes import, list, export, mount, remove and clean up at once: all finish, and nothing is lost', async (t: TestContext) => {
  const folder = testFolder(t);
  const place = await makePlace(path.join(folder, 'place'), { files: 4, bigBytes: 50_000 });
  const ended = await Promise.all(Array.from({ length: PROCESSES }, (_, at) => run([JSON.stringify(place), String(at), String(ROUNDS)])));
  let done = 0;
  let refused = 0;
  for (const { code, said, complained } of ended) {
    assert.equal(code, 0, complained);
    assert.equal(complained, '');
    for (const line of said.split('\n').filter((each) => each !== '')) {
      const [what, verb, error] = line.split(' ');
      if (what === 'done') done++;
      else refused++;
      // The only allowed refusals: another process removed the target, has mounted it, or based a layer on it.
      if (what !== 'done') assert.match(error ?? '', /^(NOT_FOUND|EXISTS|BLOB_MISSING)$/, `${verb}: ${line}`);
    }
  }
  const driver = await PortableDriver.open(place.home);
  assert.deepEqual(await verifyStore(driver), []);
  const layers = (await driver.list()).map(({ id }) => id);
  for (const id of ['base', 'spare', 'run', 'fresh', ...Array.from({ length: PROCESSES }, (_, at) => `own-${at}`)])
    assert.ok(layers.includes(id), id);
  const names = (await driver.images.list()).flatMap((image) => image.names);
  for (const name of ['kept:1', ...Array.from({ length: PROCESSES }, (_, at) => `own:${at}`)]) assert.ok(names.includes(name), name);
  assert.equal(handWritten(place), 'by hand');
  await driver.cleanup();
  assert.deepEqual(leftIn(place), []);
  assert.deepEqual(await driver.leftovers(), []);
  assert.ok(!existsSync(path.join(place.home, 'tmp')) || readdirSync(path.join(place.home, 'tmp')).length === 0);
  t.diagnostic(
    `${PROCESSES} processes, ${done} verbs done, ${refused} refused because another process had removed or mounted the target; nothing lost`,
  );
});
