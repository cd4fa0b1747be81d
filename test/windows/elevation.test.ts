// Tests of the elevated driver that need Windows: the consent prompt, the rights that it grants, and that nobody else can open the pipe.
// Run it from a terminal that is NOT elevated and answer the prompts: `npm run test:windows -- --elevation`.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openElevatedDriver, preflight, preflightLines } from '../../src/driver/windows/elevated/index.ts';
import type { ElevationSystem, HeldProcess } from '../../src/driver/windows/elevated/system.ts';
import { openElevationSystem } from '../../src/driver/windows/ffi/elevation.ts';

const system = openElevationSystem();
const home = mkdtempSync(path.join(tmpdir(), 'layerscope-elevation-'));
after(() => rmSync(home, { recursive: true, force: true }));
const isElevated = system.isElevated();
const onlyPlain = { skip: isElevated && 'this terminal is elevated' };
const HOST = process.env.LAYERSCOPE_DRIVER_HOST ?? path.join(import.meta.dirname, 'driver-host.ts');

function open(as: ElevationSystem = system): ReturnType<typeof openElevatedDriver> {
  // This checkout is in a folder that the user can write to, which `requirePlace` would refuse. This test is only about the consent.
  return openElevatedDriver('windowsfilter', home, { executable: process.execPath, args: [HOST], system: as, requirePlace: () => {} });
}

test("this system's preflight, for the record", async () => {
  for (const line of preflightLines(await preflight())) console.log(line);
});

test("a process that is not elevated, such as this one, can't open the driver's pipe", onlyPlain, async () => {
  await using server = system.listen();
  assert.throws(() => system.connect(server.name), { code: 'PERMISSION' });
  assert.equal(server.take(), null);
});

test("nothing is started as administrator from a user's checkout, and no consent is requested", async () => {
  await assert.rejects(openElevatedDriver('windowsfilter', home, { executable: process.execPath, args: [HOST] }), {
    code: 'PERMISSION',
    message: /can be changed by|is not on a drive of this machine/,
  });
});

test("with consent, a process that ends with the driver creates layers with an administrator's rights", async () => {
  console.log('Windows is asking for consent (or the taskbar is flashing): answer YES');
  let hosting: HeldProcess | undefined;
  const driver = await open({
    ...system,
    start: async (...args) => {
      const started = await system.start(...args);
      if (started !== null) hosting = system.holdProcess(started.processId);
      return started;
    },
  });
  assert.ok(driver !== null, 'the answer was no');
  assert.ok(hosting !== undefined);
  await using held = hosting;
  {
    await using used = driver;
    assert.equal(system.isElevated(), isElevated);
    assert.deepEqual(await used.list(), []);
    await used.create('layer', null);
    assert.equal(await used.exists('layer'), true);
    await used.remove('layer');
    assert.equal(held.exitCode(), null);
  }
  for (let tries = 0; tries < 200 && held.exitCode() === null; tries++) await sleep(50);
  assert.equal(held.exitCode(), 0);
});

test('declining consent is not an error', onlyPlain, async () => {
  console.log('Windows is asking again: answer NO');
  assert.equal(await open(), null);
});
