// Disks that fill up at any write of any verb. The verb fails with a code, the previous state is intact, and nothing half-written is left
// under any name. The verb works once there is space.
import assert from 'node:assert/strict';
import { readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { removeTree } from '#disk';
import { verifyStore } from '#engine';
import { LayerscopeError } from '#model';
import { PortableDriver } from '../../../src/driver/portable/index.ts';
import { beforeFileCalls, NEEDS_ROOM, noSpace } from '../../support/file-calls.ts';
import { onTmpfs, smallDisk } from '../../support/small-disk.ts';
import { testFolder } from '../../support/workbench.ts';
import { leftIn } from './kill-loop.ts';
import { copyPlace, makePlace, type Place } from './place.ts';
import { handWritten, readWithCache, VERBS, type Verb } from './verbs.ts';

/** LAYERSCOPE_FAULT_WRITES=1: every write of every verb; otherwise the first, the last and some in between. */
const ALL = process.env.LAYERSCOPE_FAULT_WRITES === '1';
const SMALL = { files: 4, bigBytes: 80_000 };
const LOOKS = 'an uncached read';

/** Runs a verb on a disk that is full from write number `at` on. Returns the number of writes and the verb's error, or null. */
async function runWithout(
  place: Place,
  verb: Verb,
  at: number,
  hasRoomAgain: boolean,
): Promise<{ readonly writes: number; readonly error: unknown }> {
  let writes = 0;
  using _calls = await beforeFileCalls(NEEDS_ROOM, (name, [first]) => {
    // Writes to the test's own output don't count.
    if (typeof first === 'number' && first < 3) return;
    if (++writes === at || (writes > at && !hasRoomAgain)) throw noSpace(name);
  });
  try {
    await verb.run(place);
    return { writes, error: null };
  } catch (error) {
    return { writes, error };
  }
}

async function isWhole(place: Place, name: string): Promise<void> {
  const driver = await PortableDriver.open(place.home);
  assert.deepEqual(await verifyStore(driver), []);
  if (name !== 'removal of a read-write layer') assert.equal(handWritten(place), 'by hand');
}

function isClear(error: unknown, what: string): void {
  assert.ok(error instanceof LayerscopeError, `${what}: ${(error as Error).stack}`);
  assert.equal(error.code, 'IO', `${what}: ${error.code}: ${error.message}`);
  assert.doesNotMatch(error.message, /\n/);
  assert.match(error.message, /\/|^packed/, `${what}: the error doesn't name the path`);
}

test('a disk that is full at any write of any verb fails that verb and harms nothing else', async (t: TestContext) => {
  const folder = testFolder(t);
  const template = await makePlace(path.join(folder, 'template'), SMALL);
  const report = await readWithCache({ packed: template.packed, cache: path.join(folder, 'reference') });
  const figures = { writes: 0, refused: 0, done: 0 };
  for (const [name, verb] of Object.entries(VERBS)) {
    if (name === 'release') continue;
    const whole = copyPlace(template, path.join(folder, 'whole'));
    const before = await verb.result(whole);
    const { writes, error } = await runWithout(whole, verb, Number.POSITIVE_INFINITY, false);
    if (error !== null) throw error;
    const after = await verb.result(whole);
    await removeTree(whole.folder);
    const step = ALL ? 1 : Math.max(1, Math.ceil(writes / 3));
    for (let at = 1; at <= writes; at = at === writes ? writes + 1 : Math.min(at + step, writes)) {
      for (const hasRoomAgain of ALL ? [false, true] : [at % 2 === 0]) {
        const what = `${name}, write ${at} of ${writes}${hasRoomAgain ? ' alone' : ' and all after it'}`;
        const place = copyPlace(template, path.join(folder, `full-${figures.writes++}`));
        const { error: told } = await runWithout(place, verb, at, hasRoomAgain);
        const found = JSON.stringify(await verb.result(place));
        if (told === null) figures.done++;
        else {
          figures.refused++;
          isClear(told, what);
        }
        assert.ok(
          [before, after].some((known) => JSON.stringify(known) === found),
          `${what}: half-done: ${found}`,
        );
        if (told === null) assert.equal(found, JSON.stringify(after), what);
        await isWhole(place, name);
        const left = leftIn(place).filter((each) => each !== 'tmp/working');
        assert.deepEqual(left, [], `${what}: left`);
        // There is space again, so running the verb again works.
        if (verb.isOnce !== true || found !== JSON.stringify(after)) await verb.run(place);
        assert.deepEqual(await verb.result(place), after, what);
        if (name === LOOKS) assert.equal(await readWithCache(place), report, what);
        await (await PortableDriver.open(place.home)).cleanup();
        assert.deepEqual(leftIn(place), [], what);
        await isWhole(place, name);
        await removeTree(place.folder);
      }
    }
  }
  t.diagnostic(
    `${figures.writes} full disks in ${Object.keys(VERBS).length - 1} verbs: ${figures.refused} refused, ${figures.done} done without; 0 lost, 0 left over`,
  );
});

test('on a small disk filled to various levels, each verb either succeeds or fails', onTmpfs, async (t: TestContext) => {
  const folder = testFolder(t);
  const template = await makePlace(path.join(folder, 'template'), SMALL);
  const report = await readWithCache({ packed: template.packed, cache: path.join(folder, 'reference') });
  const disk = smallDisk(t, 4096);
  const figures = { runs: 0, refused: 0 };
  for (const [name, verb] of Object.entries(VERBS)) {
    if (name === 'release') continue;
    for (const freeKib of ALL ? [0, 4, 8, 12, 16, 24, 32, 48, 64, 80, 96, 128, 160, 200, 256, 320] : [8, 100]) {
      figures.runs++;
      const place = copyPlace(template, path.join(disk, 'place'));
      const before = JSON.stringify(await verb.result(place));
      const ballast = path.join(disk, 'ballast');
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(ballast, new Uint8Array(Math.max(0, bavail * bsize - freeKib * 1024)));
      const what = `${name} with ${freeKib} KiB`;
      let isDone = true;
      try {
        if (name === LOOKS) assert.equal(await readWithCache(place), report, what);
        else await verb.run(place);
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        // There is no space for an archive that must be unpacked to be read, and the message suggests another disk.
        if (!(error instanceof LayerscopeError && error.code === 'TOO_LARGE' && name === LOOKS)) isClear(error, what);
        isDone = false;
        figures.refused++;
      }
      if (!isDone) assert.equal(JSON.stringify(await verb.result(place)), before, what);
      await isWhole(place, name);
      rmSync(ballast);
      if (!isDone) await verb.run(place);
      await isWhole(place, name);
      await (await PortableDriver.open(place.home)).cleanup();
      assert.deepEqual(leftIn(place), [], what);
      await removeTree(place.folder);
      assert.deepEqual(readdirSync(disk), []);
    }
  }
  t.diagnostic(`${figures.runs} small disks, ${figures.refused} of them full: 0 lost, 0 left over`);
  assert.ok(figures.refused > 10);
});
