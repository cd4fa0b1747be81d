// Homes copied from Windows to a case-sensitive system.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { openDriver } from '#driver';

const NAME = 'CN=Microsoft_WindowsServerCore_10.0.10586.0';

/** Creates a home with an adopted base image and a layer on it. `ids`: the names of the base's layerID files, with their contents. */
function homeOf(t: TestContext, ids: Readonly<Record<string, string>>): string {
  const home = mkdtempSync(path.join(tmpdir(), 'layerscope-home-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  mkdirSync(path.join(home, 'base'));
  for (const [name, content] of Object.entries(ids)) writeFileSync(path.join(home, 'base', name), content);
  mkdirSync(path.join(home, 'Top'));
  writeFileSync(path.join(home, 'Top', 'LayerChain.json'), JSON.stringify([`C:\\docker\\windowsfilter\\${NAME.toUpperCase()}`]));
  writeFileSync(path.join(home, 'Top', 'Sandbox.VHDX'), 'disk');
  return home;
}

test("Docker's layerId file, the base image's folder that it names, and layers are found ignoring case", async (t) => {
  for (const name of ['layerId', 'layerID', 'LAYERID']) {
    const home = homeOf(t, { [name]: NAME });
    await using driver = await openDriver('windowsfilter', home, { readOnly: true });
    assert.deepEqual(
      (await driver.list()).map(({ id, chain, state, readWrite }) => ({ id, chain, state, readWrite })),
      [
        { id: 'Top', chain: ['base'], state: 'ready', readWrite: true },
        { id: 'base', chain: [], state: 'ready', readWrite: undefined },
      ],
      name,
    );
    assert.deepEqual(await driver.chain('top'), ['base']);
    assert.equal(await driver.exists('TOP'), true);
    assert.ok((await driver.diffSize('top')) > 4);
  }
});

test('two layerID files count as one if they agree, and are reported as a problem if not', async (t) => {
  await using agreeing = await openDriver('windowsfilter', homeOf(t, { layerId: NAME, layerID: NAME }), { readOnly: true });
  assert.deepEqual(await agreeing.chain('Top'), ['base']);
  await using differing = await openDriver('windowsfilter', homeOf(t, { layerId: NAME, layerID: 'other' }), { readOnly: true });
  const base = (await differing.list()).find(({ id }) => id === 'base');
  assert.equal(base?.state, 'broken');
  assert.match(base?.problem ?? '', /layerI[dD] and layerI[dD] name different folders/);
});

test('folders that Docker and this program keep next to the layers are not layers', async (t) => {
  const home = homeOf(t, { layerId: NAME });
  mkdirSync(path.join(home, 'sysfile-backups', 'base'), { recursive: true });
  mkdirSync(path.join(home, `layerscope-${process.pid}-0123456789abcdef`));
  // Named after a process id that doesn't exist.
  mkdirSync(path.join(home, 'layerscope-4194304999-0123456789abcdef'));
  await using driver = await openDriver('windowsfilter', home, { readOnly: true });
  const others = (await driver.list()).filter(({ id }) => id !== 'base' && id !== 'Top');
  assert.deepEqual(
    others.map(({ id, state, problem }) => [id, state, problem]),
    [['layerscope-4194304999-0123456789abcdef', 'leftover', 'files of an import or export that was interrupted']],
  );
  for (const id of ['sysfile-backups', `layerscope-${process.pid}-0123456789abcdef`]) {
    await assert.rejects(driver.metadata(id), { code: 'NOT_FOUND' });
  }
});
