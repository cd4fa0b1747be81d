// Images with files named like the programs that mounts and working copies start.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { openDriver } from '#driver';
import { file, member, pax, tar } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

test('no program in an image is started, whatever the PATH', { skip: process.platform === 'win32' }, async (t) => {
  const folder = testFolder(t);
  const started = path.join(folder, 'started');
  const script = `#!/bin/sh\necho "$0" >>${started}\n`;
  const programs = ['getfattr', 'setfattr', 'mknod'].map((name) => file(name, script, { mode: 0o755 }));
  await using driver = await openDriver('portable', path.join(folder, 'home'));
  await driver.create('a', null);
  await driver.applyDiff('a', [
    tar(...programs, pax({ 'SCHILY.xattr.user.note': 'n' }), file('noted', 'x'), member({ name: 'pipe', typeflag: '6' })),
  ]);
  await using inside = await driver.mount('a');
  const before = { PATH: process.env.PATH, cwd: process.cwd() };
  t.after(() => {
    process.env.PATH = before.PATH;
    process.chdir(before.cwd);
  });
  // The user may also work inside a mount.
  process.chdir(inside.path);
  for (const [index, PATH] of ['.', '', ':', './', '.:/usr/bin:/bin', '/usr/bin:/bin:', '/nowhere:'].entries()) {
    process.env.PATH = PATH;
    await driver.createReadWrite(`run${index}`, 'a');
    await using mount = await driver.mount(`run${index}`);
    for await (const _ of driver.changes(`run${index}`)) assert.fail('nothing was changed');
    assert.ok(existsSync(path.join(mount.path, 'noted')));
    assert.equal(existsSync(started), false, PATH);
  }
});
