// Mounted chains: whiteouts in any order, links, holes, modes, times, names that point outside, names that go through links.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { setAttributes } from '#disk';
import { TarReader } from '#format/tar';
import { PortableDriver } from '../../../src/driver/portable/index.ts';
import { hasCode } from '../../support/asserts.ts';
import { attributesBelow } from '../../support/attributes.ts';
import { gather } from '../../support/random-chunks.ts';
import { directory, file, gnuSparse, hardlink, header, latin1, pax, symlink, tar } from '../../support/tar-builder.ts';

async function laidOut(t: TestContext, ...layers: readonly Uint8Array[]): Promise<{ root: string; outside: string[] }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-mounts-'));
  const driver = await PortableDriver.open(path.join(folder, 'home'));
  t.after(async () => {
    await driver[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  for (const [index, layer] of layers.entries()) {
    await driver.create(`l${index}`, index === 0 ? null : `l${index - 1}`);
    await driver.applyDiff(`l${index}`, [layer]);
  }
  const { path: root } = await driver.mount(`l${layers.length - 1}`);
  return {
    root,
    outside: readdirSync(folder)
      .concat(readdirSync(path.dirname(root)))
      .sort(),
  };
}

const below = tar(
  directory('d/', { mode: 0o750, mtime: 1_500_000_000 }),
  file('d/old', 'old'),
  file('d/keep', 'keep'),
  directory('gone/'),
  file('gone/a', 'a'),
  symlink('lib', 'usr/lib'),
  directory('usr/lib/'),
);

for (const [what, order] of [
  ['before', [file('gone/.wh..wh..opq', ''), file('gone/new', 'new')]],
  ['behind', [file('gone/new', 'new'), file('gone/.wh..wh..opq', '')]],
] as const) {
  test(`an opaque marker ${what} its folder’s content hides only the layers below`, async (t) => {
    const { root } = await laidOut(t, below, tar(directory('gone/'), ...order));
    assert.deepEqual(readdirSync(path.join(root, 'gone')), ['new']);
  });
}

test('a whiteout hides a file or a whole folder in the layers below, but not what its own layer adds', async (t) => {
  const { root } = await laidOut(
    t,
    below,
    tar(file('d/.wh.old', ''), directory('gone/'), file('gone/own', 'own'), file('.wh.gone', ''), file('.wh.nothing', '')),
  );
  assert.deepEqual(readdirSync(path.join(root, 'd')), ['keep']);
  assert.deepEqual(readdirSync(path.join(root, 'gone')), ['own']);
});

test('a folder can become a file and a file a folder; a path’s last entry wins', async (t) => {
  const { root } = await laidOut(
    t,
    below,
    tar(file('gone', 'now a file'), directory('d/old/'), file('d/old/x', 'x'), file('twice', '1'), file('twice', '2')),
  );
  assert.equal(readFileSync(path.join(root, 'gone'), 'utf8'), 'now a file');
  assert.equal(readFileSync(path.join(root, 'd', 'old', 'x'), 'utf8'), 'x');
  assert.equal(readFileSync(path.join(root, 'twice'), 'utf8'), '2');
});

test("a layer's own link in a name is followed inside the root, a lower layer's becomes a folder, as in a container", async (t) => {
  const { root } = await laidOut(t, below, tar(file('lib/x.so', 'x'), symlink('abs', '/usr'), file('abs/y', 'y')));
  assert.deepEqual(readdirSync(path.join(root, 'lib')), ['x.so']);
  assert.equal(lstatSync(path.join(root, 'lib')).isDirectory(), true);
  assert.deepEqual(readdirSync(path.join(root, 'usr', 'lib')), []);
  assert.equal(readFileSync(path.join(root, 'usr', 'y'), 'utf8'), 'y');
});

test('nothing is written outside the root, whatever the names and links are', async (t) => {
  const hostile = tar(
    file('../escaped', 'x'),
    file('a/../../escaped', 'x'),
    file('/absolute', 'x'),
    symlink('up', '../../..'),
    file('up/escaped', 'x'),
    symlink('out', '/tmp'),
    file('out/layerscope-escaped', 'x'),
    symlink('loop', 'loop'),
    hardlink('hard', '../../home/oci-layout'),
    hardlink('hard2', '/etc/passwd'),
  );
  const { root, outside } = await laidOut(t, hostile);
  assert.deepEqual(outside, ['complete', 'home', 'owner', 'root']);
  assert.equal(existsSync('/tmp/layerscope-escaped'), false);
  assert.equal(existsSync(path.join(root, 'hard')), false);
  assert.equal(existsSync(path.join(root, 'hard2')), false);
  assert.equal(readFileSync(path.join(root, 'absolute'), 'utf8'), 'x');
  assert.equal(readFileSync(path.join(root, 'escaped'), 'utf8'), 'x', 'up leads to the root, as `/..` does');
});

test('a folder that a later entry replaces with a link doesn’t change any mode, time or attribute outside', async (t) => {
  const outside = mkdtempSync(path.join(tmpdir(), 'layerscope-victim-'));
  t.after(() => rmSync(outside, { recursive: true, force: true }));
  mkdirSync(path.join(outside, 'below'));
  chmodSync(outside, 0o711);
  chmodSync(path.join(outside, 'below'), 0o711);
  const attribute = pax({ 'SCHILY.xattr.user.mark': 'x' });
  const { root } = await laidOut(
    t,
    tar(
      ...[attribute, directory('a/', { mode: 0o777, mtime: 1 }), attribute, directory('a/below/', { mode: 0o777, mtime: 1 })],
      symlink('a', outside),
      ...[directory('b/', { mode: 0o777 }), directory('b/below/', { mode: 0o777, mtime: 1 })],
      symlink('b', '../'.repeat(20) + outside.slice(1)),
    ),
  );
  assert.equal(readlinkSync(path.join(root, 'a')), outside);
  for (const folder of [outside, path.join(outside, 'below')]) {
    assert.equal(statSync(folder).mode & 0o7777, 0o711, folder);
    assert.notEqual(statSync(folder).mtimeMs, 1000);
  }
  assert.equal((await attributesBelow(outside))?.size ?? 0, 0);
});

test('attributes, pipes and, on request, devices are created, or a finding says that they were not', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-nodes-'));
  await using driver = await PortableDriver.open(path.join(folder, 'home'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  await driver.create('a', null);
  await driver.applyDiff('a', [
    tar(
      ...[pax({ 'SCHILY.xattr.user.a b': latin1('\xff\0\n') }), file('caf\u00e9 1', 'x', { mode: 0o444 })],
      ...[pax({ 'SCHILY.xattr.user.gone': 'x' }), file('twice', '1'), file('twice', '2')],
      header({ name: 'pipe', typeflag: '6', mode: 0o640 }),
      header({ name: 'null', typeflag: '3', mode: 0o666, devMajor: 1, devMinor: 3 }),
    ),
  ]);
  const messages: string[] = [];
  await using mount = await driver.mount('a', { asIs: true, onFinding: ({ message }) => messages.push(message) });
  const missing = (name: string) => !existsSync(path.join(mount.path, name));
  const unmade = ['pipe', 'null'].filter(missing);
  assert.deepEqual(
    messages.filter((message) => message.includes('cannot make')),
    unmade.map((name) => `${name === 'pipe' ? 'a pipe' : 'a device'} that this user or file system cannot make`),
  );
  if (!missing('pipe')) assert.ok(lstatSync(path.join(mount.path, 'pipe')).isFIFO());
  if (!missing('null')) assert.equal(lstatSync(path.join(mount.path, 'null')).rdev, 0x103);
  const attributes = await attributesBelow(mount.path);
  const unset = messages.find((message) => message.includes('attribute'));
  t.diagnostic(unset ?? 'attributes were set');
  if (unset !== undefined) assert.equal(unset, 'an extended attribute could not be set');
  else assert.deepEqual(attributes === null ? null : [...attributes], attributes && [['caf\xc3\xa9 1', [['user.a b', '\xff\0\n']]]]);
});

test('set-id bits and devices are left out and reported, unless `asIs` is set', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-set-ids-'));
  await using driver = await PortableDriver.open(path.join(folder, 'home'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  await driver.create('a', null);
  await driver.applyDiff('a', [
    tar(
      directory('mail/', { mode: 0o2775 }),
      file('su', 'x', { mode: 0o4755 }),
      hardlink('su2', 'su', { mode: 0o4755 }),
      file('tmp', 'x', { mode: 0o1666 }),
      header({ name: 'pipe', typeflag: '6', mode: 0o640 }),
      ...Array.from({ length: 7 }, (_, at) => header({ name: `null${at}`, typeflag: '3', mode: 0o666, devMajor: 1, devMinor: 3 })),
      hardlink('null7', 'null0'),
      header({ name: 'disk', typeflag: '4', mode: 0o660, devMajor: 8 }),
    ),
  ]);
  await driver.createReadWrite('w', 'a');
  const modeOf = (root: string, name: string) => (lstatSync(path.join(root, name)).mode & 0o7777).toString(8);
  for (const id of ['a', 'w']) {
    const findings: string[] = [];
    await using mount = await driver.mount(id, { onFinding: (found) => findings.push(`${found.code} ${found.path} ${found.message}`) });
    const { path: root } = mount;
    assert.deepEqual(
      ['mail', 'su', 'su2', 'tmp'].map((name) => modeOf(root, name)),
      ['775', '755', '755', '1666'],
    );
    assert.deepEqual(readdirSync(root).sort(), ['mail', 'pipe', 'su', 'su2', 'tmp']);
    assert.deepEqual(
      findings.sort().filter((found) => !found.includes('owner')),
      [
        'not-kept mail its set-user-ID and set-group-ID bits were left out',
        'not-kept su its set-user-ID and set-group-ID bits were left out',
        'not-made null0 a device, left out; the same goes for 8 others',
      ],
    );
  }
  // What the mount left out doesn't count as removed in the diff.
  const changed: string[] = [];
  for await (const { path: name } of driver.changes('w')) changed.push(name);
  assert.deepEqual(changed, []);
  await using asIs = await driver.mount('a', { asIs: true });
  assert.deepEqual(
    ['mail', 'su', 'su2'].map((name) => modeOf(asIs.path, name)),
    ['2775', '4755', '4755'],
  );
});

test('a change to a name that would be a whiteout in a layer is refused, and so is a change below a folder with such a name', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-markers-'));
  await using driver = await PortableDriver.open(path.join(folder, 'home'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  await driver.create('a', null);
  // The folders of these files have no entries of their own.
  await driver.applyDiff('a', [tar(file('.wh.q/keep', 'k'), file('.wh.gone/x', 'x'), file('q/important', 'i'))]);
  const changes: readonly ((root: string) => void)[] = [
    (root) => writeFileSync(path.join(root, '.wh.new'), 'n'),
    (root) => writeFileSync(path.join(root, '.wh.q', 'new'), 'n'),
    (root) => rmSync(path.join(root, '.wh.q', 'keep')),
    (root) => rmSync(path.join(root, '.wh.gone'), { recursive: true }),
  ];
  for (const [at, change] of changes.entries()) {
    await driver.createReadWrite(`w${at}`, 'a');
    await using mount = await driver.mount(`w${at}`);
    change(mount.path);
    await assert.rejects(gather(driver.diff(`w${at}`)), hasCode('NAME_REFUSED'), String(change));
  }
});

test('attributes that redirect overlayfs are left out, unless `asIs` is set', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-overlay-'));
  await using driver = await PortableDriver.open(path.join(folder, 'home'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  await driver.create('a', null);
  const names = ['trusted.overlay.redirect', 'user.overlay.opaque', 'user.kept'];
  const records = Object.fromEntries(names.map((name) => [`SCHILY.xattr.${name}`, 'y']));
  await driver.applyDiff('a', [tar(pax(records), directory('d/'))]);
  const findings: string[] = [];
  await using mount = await driver.mount('a', { onFinding: ({ path: at, message }) => findings.push(`${at} ${message}`) });
  const expected = ['d its attributes for overlayfs were left out'];
  assert.deepEqual(
    findings.filter((found) => found.startsWith('d ')),
    expected,
  );
  const found = await attributesBelow(mount.path);
  if (found === null || found.size === 0) return t.skip('no extended attributes here');
  assert.deepEqual(
    [...found.values()].flat().map(([name]) => name),
    ['user.kept'],
  );
});

test('a read-write layer’s diff has the attributes, pipes and links that were written', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-written-'));
  await using driver = await PortableDriver.open(path.join(folder, 'home'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  await driver.create('a', null);
  await driver.applyDiff('a', [tar(directory('d/'), pax({ 'SCHILY.xattr.user.kept': 'k' }), file('d/f', 'x'), file('d/g', 'y'))]);
  await driver.createReadWrite('run', 'a');
  let wasSet = true;
  {
    await using mount = await driver.mount('run', { onFinding: ({ message }) => (wasSet &&= !message.includes('attribute')) });
    writeFileSync(path.join(mount.path, 'd', 'f'), 'longer');
    symlinkSync('f', path.join(mount.path, 'd', 's'));
    assert.equal(spawnSync('mkfifo', [path.join(mount.path, 'd', 'pipe')]).status, 0);
    wasSet &&=
      setAttributes(mount.path, [{ path: 'd/g', attributes: [['user.new', 'n']] }]) === 0 && (await attributesBelow(mount.path)) !== null;
  }
  const found: string[] = [];
  const reader = new TarReader({
    finding: ({ message }) => assert.fail(message),
    member: ({ name, typeflag, pax: records }) => {
      const attributes = [...(records ?? [])].map(([key, value]) => `${key}=${Buffer.from(value).toString()}`);
      found.push(
        [String.fromCharCode(typeflag), Buffer.from(name).toString(), ...attributes.filter((text) => text.startsWith('SCHILY'))].join(' '),
      );
    },
  });
  for await (const bytes of driver.diff('run')) reader.push(bytes);
  reader.end();
  t.diagnostic(wasSet ? 'with attributes' : 'this system sets no attributes');
  const expected = wasSet
    ? ['5 d/', '0 d/f SCHILY.xattr.user.kept=k', '0 d/g SCHILY.xattr.user.new=n', '6 d/pipe', '2 d/s']
    : ['5 d/', '0 d/f', '6 d/pipe', '2 d/s'];
  assert.deepEqual(found, expected);
});

test('names that go through a loop of links are left out, and the rest is created', async (t) => {
  const { root } = await laidOut(t, tar(symlink('a', 'b'), symlink('b', 'a'), file('a/x', 'x'), file('f', 'f')));
  assert.deepEqual(readdirSync(root).sort(), ['a', 'b', 'f']);
  assert.equal(readlinkSync(path.join(root, 'a')), 'b');
});

test('modes, times, hard links, holes and raw names are kept; a link to a file in a lower layer keeps its bytes', async (t) => {
  const { root } = await laidOut(
    t,
    below,
    tar(
      file('exec', '#!', { mode: 0o4755, mtime: 1_400_000_000 }),
      hardlink('d/link', 'd/old'),
      file('d/.wh.old', ''),
      gnuSparse('sparse', 1 << 20, [[(1 << 20) - 4, 4]], 'tail'),
      file(latin1('caf\u00e9'), 'raw'),
      symlink('dangling', '/no/where', { mtime: 1_300_000_000 }),
      directory('shut/', { mode: 0o500 }),
      file('shut/in', 'in', { mode: 0o400 }),
    ),
  );
  const at = (name: string) => path.join(root, name);
  assert.equal(statSync(at('exec')).mode & 0o7777, 0o755);
  assert.equal(statSync(at('exec')).mtimeMs, 1_400_000_000_000);
  assert.equal(statSync(at('d')).mode & 0o7777, 0o750);
  assert.equal(readFileSync(at('d/link'), 'utf8'), 'old');
  const sparse = readFileSync(at('sparse'));
  assert.equal(sparse.length, 1 << 20);
  assert.ok(sparse.subarray(0, -4).every((byte) => byte === 0) && sparse.subarray(-4).toString() === 'tail');
  assert.ok(statSync(at('sparse')).blocks * 512 < 1 << 20, 'holes stay holes');
  assert.ok(readdirSync(root, { encoding: 'buffer' }).some((name) => name.equals(Buffer.from('636166e9', 'hex'))));
  assert.equal(readlinkSync(at('dangling')), '/no/where');
  assert.equal(lstatSync(at('dangling')).mtimeMs, 1_300_000_000_000);
  assert.equal(statSync(at('shut')).mode & 0o7777, 0o500);
});
