// The packed program's fuses: what electron-builder.yml sets, and that a binary with other fuses is detected.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { builderConfig, compareFuses, type FuseState, knownFuses, readFuses } from '../../scripts/fuses.ts';

/** Each fuse's safe state; the comments say what an attacker could gain from the other. */
const SAFE: Readonly<Record<string, FuseState>> = {
  RunAsNode: 'off',
  EnableCookieEncryption: 'on',
  EnableNodeOptionsEnvironmentVariable: 'off',
  EnableNodeCliInspectArguments: 'off',
  EnableEmbeddedAsarIntegrityValidation: 'on',
  OnlyLoadAppFromAsar: 'on',
  LoadBrowserProcessSpecificV8Snapshot: 'off',
  GrantFileProtocolExtraPrivileges: 'off',
};

const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';

/** Creates a file with a fuse wire like the one in a runtime's binary. `states` has 0, 1 or r for each fuse. */
function binary(t: TestContext, states: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-fuses-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'runtime');
  writeFileSync(file, Buffer.concat([Buffer.from(`code ${SENTINEL}`), Buffer.from([1, states.length]), Buffer.from(`${states} code`)]));
  return file;
}

test('every fuse that electron-builder can set is set to its safe value', () => {
  const { wrong, missing } = compareFuses(new Map(Object.entries(SAFE)), builderConfig().electronFuses);
  assert.deepEqual([wrong, missing], [[], []]);
});

test('every new fuse in @electron/fuses must be set, or be left alone with a reason', () => {
  const states = new Map<string, FuseState>(knownFuses().map((name) => [name, SAFE[name] ?? 'on']));
  assert.deepEqual(compareFuses(states, builderConfig().electronFuses).wrong, []);
  states.set('SomethingNew', 'on');
  assert.deepEqual(compareFuses(states, builderConfig().electronFuses).wrong, [
    'SomethingNew is on, and electron-builder.yml does not name it',
  ]);
});

test('fuses that are set wrongly or missing in a binary are reported', async (t) => {
  const { electronFuses } = builderConfig();
  const wire = Object.values(SAFE).map((state) => (state === 'on' ? '1' : '0'));
  assert.deepEqual(compareFuses(await readFuses(binary(t, wire.join(''))), electronFuses), { wrong: [], missing: [] });
  for (const [place, fuse] of Object.keys(SAFE).entries()) {
    const changed = wire.with(place, wire[place] === '1' ? '0' : '1');
    const { wrong } = compareFuses(await readFuses(binary(t, changed.join(''))), electronFuses);
    assert.deepEqual(
      wrong.map((line) => line.split(' ')[0]),
      [fuse],
    );
  }
  const older = compareFuses(await readFuses(binary(t, wire.slice(0, 6).join(''))), electronFuses);
  assert.deepEqual(older, { wrong: [], missing: ['LoadBrowserProcessSpecificV8Snapshot', 'GrantFileProtocolExtraPrivileges'] });
  const newer = compareFuses(await readFuses(binary(t, `${wire.join('')}1${'1'}`)), electronFuses);
  assert.deepEqual(newer.wrong, ['fuse 9 is on, and electron-builder.yml does not name it']);
});
