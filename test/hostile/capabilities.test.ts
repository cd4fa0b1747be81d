// File capabilities give a program rights that its caller doesn't have, as set-id bits do.
import assert from 'node:assert/strict';
import { chownSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { openDriver } from '#driver';
import { attributesBelow } from '../support/attributes.ts';
import { file, hardlink, pax, tar } from '../support/tar-builder.ts';
import { tryTool } from '../support/tools.ts';
import { testFolder } from '../support/workbench.ts';

/** `cap_net_raw=ep`, as the kernel stores it. Source: linux/capability.h, vfs_cap_data. */
const NET_RAW = Uint8Array.of(1, 0, 0, 2, 0, 0x20, 0, 0, ...new Uint8Array(12));
const layer = tar(
  ...[
    pax({ 'SCHILY.xattr.security.capability': NET_RAW, 'SCHILY.xattr.user.mark': 'm' }),
    file('ping', 'x', { mode: 0o755, uid: 7, gid: 7 }),
  ],
  hardlink('ping2', 'ping'),
  ...[pax({ 'SCHILY.xattr.user.mark': 'm' }), file('plain', 'x')],
);

/** Whether this user can set file capabilities in a folder. */
function canSet(folder: string): boolean {
  const probe = path.join(folder, 'probe');
  writeFileSync(probe, '');
  return tryTool('setfattr', ['-n', 'security.capability', '-v', `0s${Buffer.from(NET_RAW).toString('base64')}`, probe]).code === 0;
}

test('file capabilities are left out of a mount and reported, unless `asIs` is set', async (t) => {
  const folder = testFolder(t);
  await using driver = await openDriver('portable', path.join(folder, 'home'));
  await driver.create('a', null);
  await driver.applyDiff('a', [layer]);
  const findings: string[] = [];
  const namesOf = async (root: string, name: string) => ((await attributesBelow(root))?.get(name) ?? []).map(([key]) => key);
  {
    await using mount = await driver.mount('a', { onFinding: (found) => findings.push(`${found.code} ${found.path} ${found.message}`) });
    assert.ok(findings.includes('not-kept ping its file capabilities were left out'), findings.join('\n'));
    assert.equal(findings.filter((each) => each.includes('capabilities')).length, 1);
    assert.ok(!(await namesOf(mount.path, 'ping')).includes('security.capability'));
  }
  if (process.getuid?.() !== 0 || !canSet(folder)) return t.skip('this user or file system can’t set file capabilities');
  await using asIs = await driver.mount('a', { asIs: true, onFinding: (found) => assert.fail(found.message) });
  for (const name of ['ping', 'ping2']) assert.deepEqual(await namesOf(asIs.path, name), ['security.capability', 'user.mark'], name);
  assert.deepEqual(await namesOf(asIs.path, 'plain'), ['user.mark']);
  // Changing the owner clears capabilities, so a mount must set the owner first.
  chownSync(path.join(asIs.path, 'ping'), 8, 8);
  assert.deepEqual(await namesOf(asIs.path, 'ping'), ['user.mark']);
});
