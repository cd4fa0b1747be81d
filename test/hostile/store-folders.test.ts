// Store folders from elsewhere, and stores that other users of the machine try to enter. Nothing outside is touched, and the error says
// what is wrong with the store.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { createReader } from '#archive';
import { importArchive } from '#engine';
import { LayerscopeError } from '#model';
import { PortableDriver } from '../../src/driver/portable/index.ts';
import { ReadOnlyWindowsHome } from '../../src/driver/windows/read-only-home.ts';
import { runCommand } from '../support/command-line.ts';
import { dockerArchive } from '../support/docker-archive.ts';
import { Files, ociImage, ociLayout, writeFolder } from '../support/image-builder.ts';
import { directory, file, header, tar } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

const isRoot = process.getuid?.() === 0;
const forRoot = isRoot ? {} : { skip: 'needs root, to be another user' };

interface Store {
  readonly home: string;
  readonly victim: string;
  readonly image: string;
}

/** Creates a store with an image, a layer, a read-write layer with a change and an abandoned mount; and a folder next to the store. */
async function fullStore(t: TestContext): Promise<Store> {
  const folder = testFolder(t);
  const home = path.join(folder, 'home');
  const victim = path.join(folder, 'victim');
  const image = path.join(folder, 'image.tar');
  writeFileSync(image, dockerArchive({ name: 'image:1', layers: [tar(directory('d/'), file('d/f', 'image'))] }));
  {
    const driver = await PortableDriver.open(home);
    await driver.create('a', null);
    await driver.applyDiff('a', [tar(directory('d/'), file('d/f', 'content'))]);
    await driver.createReadWrite('run', 'a');
    {
      await using mount = await driver.mount('run');
      writeFileSync(path.join(mount.path, 'd', 'new'), 'written');
    }
    await using reader = createReader({ cacheFolder: null, workers: 0 });
    await using archive = await reader.open(image);
    await importArchive(driver, archive);
    await driver.mount('a'); // never released
  }
  mkdirSync(path.join(victim, 'root'), { recursive: true });
  for (const name of ['precious', 'snapshot', 'a.json', 'root/precious', '0'.repeat(24), `.layerscope-${'0'.repeat(24)}`, '1'.repeat(64)])
    writeFileSync(path.join(victim, name), name);
  return { home, victim, image };
}

/** Returns the names, kinds, modes and content of everything in a folder. */
function pictureOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const at = path.join(folder, name);
      const stats = lstatSync(at);
      const content = stats.isFile() ? readFileSync(at, 'latin1') : stats.isSymbolicLink() ? readlinkSync(at) : '';
      return `${name} ${stats.mode.toString(8)} ${stats.ino} ${content}`;
    });
}

/** Runs everything a user can do with a store. Every failure must be a LayerscopeError. Returns the codes. */
async function everything({ home, image }: Store): Promise<Set<string>> {
  const codes = new Set<string>();
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      assert.ok(error instanceof LayerscopeError, String(error));
      assert.notEqual(error.code, 'INTERNAL', error.stack);
      codes.add(error.code);
    }
  };
  const work: readonly ((driver: PortableDriver) => Promise<unknown>)[] = [
    (driver) => driver.list(),
    (driver) => driver.create('new', null),
    (driver) => driver.applyDiff('new', [tar(file('f', 'x'))]),
    async (driver) => {
      await using _mount = await driver.mount('run');
    },
    async (driver) => {
      await using _mount = await driver.mount('a');
    },
    async (driver) => {
      for await (const _ of driver.diff('run'));
    },
    async (driver) => {
      for await (const { path: changed } of driver.changes('run')) assert.doesNotMatch(changed, /precious/);
    },
    (driver) => driver.leftovers(),
    (driver) => driver.cleanup(),
    (driver) => driver.images.remove('image:1'),
    (driver) => driver.releaseLeft('a'),
    (driver) => driver.remove('run'),
    (driver) => driver.remove('a'),
    (driver) => driver.create('\u0000', null),
    async (driver) => {
      await using reader = createReader({ cacheFolder: null, workers: 0 });
      await using archive = await reader.open(image);
      await importArchive(driver, archive);
    },
    (driver) => driver.cleanup(),
  ];
  for (const each of work) await attempt(async () => each(await PortableDriver.open(home)));
  return codes;
}

const PLACES = [
  'tmp',
  'mounts',
  'written',
  'layers',
  'tables',
  'blobs',
  'blobs/sha256',
  'blobs/evil',
  'mounts/a-0123456789ab-1-1',
  'written/run',
  'written/run/root',
  'written/gone',
];

for (const place of PLACES) {
  test(`a store whose ${place} is a link is refused, and the link’s target stays untouched`, async (t) => {
    const store = await fullStore(t);
    const at = path.join(store.home, place);
    if (existsSync(at)) renameSync(at, path.join(path.dirname(store.home), 'moved'));
    symlinkSync(store.victim, at);
    const before = pictureOf(store.victim);
    const codes = await everything(store);
    assert.deepEqual(pictureOf(store.victim), before);
    assert.deepEqual([...codes], ['PATH_ESCAPE']);
    const { code, stderr } = await runCommand(['store', 'list', '--home', store.home]);
    assert.equal(code, 3);
    assert.ok(stderr.startsWith('layerscope: PATH_ESCAPE: ') && stderr.includes(`${place} is a link`), stderr);
  });
}

test('a link that replaces a folder after the store was opened can’t direct a removal or cleanup outside', async (t) => {
  for (const place of ['tmp', 'mounts', 'written', 'layers', 'tables', 'blobs', 'blobs/sha256']) {
    const store = await fullStore(t);
    const before = pictureOf(store.victim);
    const drivers = await Promise.all(Array.from({ length: 6 }, () => PortableDriver.open(store.home)));
    const at = path.join(store.home, place);
    if (existsSync(at)) renameSync(at, path.join(path.dirname(store.home), 'moved'));
    symlinkSync(store.victim, at);
    const [one, two, three, four, five, six] = drivers as [
      PortableDriver,
      PortableDriver,
      PortableDriver,
      PortableDriver,
      PortableDriver,
      PortableDriver,
    ];
    const left: readonly (() => Promise<unknown>)[] = [
      () => one.cleanup(),
      () => two.remove('run'),
      () => three.create('b', 'a'),
      () => four.applyDiff('b', [tar(file('f', 'x'))]),
      () => five.mount('run').then((mount) => mount[Symbol.asyncDispose]()),
      () => six.images.remove('image:1'),
    ];
    for (const work of left) await work().catch((error: unknown) => assert.ok(error instanceof LayerscopeError));
    assert.deepEqual(pictureOf(store.victim), before, place);
  }
});

test('links and pipes in place of a store’s files are not read, written or waited for', async (t) => {
  for (const name of [
    'index.json',
    'oci-layout',
    'layerscope-store.json',
    'layers/a.json',
    'tmp/working',
    'written/run/snapshot',
    'lock',
  ]) {
    for (const kind of ['link', 'pipe'] as const) {
      const store = await fullStore(t);
      const before = pictureOf(store.victim);
      const at = path.join(store.home, name);
      rmSync(at, { force: true });
      if (kind === 'link') symlinkSync(path.join(store.victim, 'precious'), at);
      else execFileSync('mkfifo', [at]);
      // Doesn't wait for a lock that nobody holds.
      await using driver = await PortableDriver.open(store.home, { waitMs: 0 }).catch((error: unknown) => {
        assert.ok(error instanceof LayerscopeError);
        return null;
      });
      for (const work of [
        () => driver?.list(),
        () => driver?.create('new', null),
        () => driver?.cleanup(),
        async () => {
          for await (const _ of driver?.diff('run') ?? []);
        },
      ])
        await work()?.catch((error: unknown) => assert.ok(error instanceof LayerscopeError && error.code !== 'INTERNAL', String(error)));
      assert.deepEqual(pictureOf(store.victim), before, `${name}, a ${kind}`);
    }
  }
});

test('a blob that is a link out of the store, a pipe or a folder is never read or mounted', async (t) => {
  for (const kind of ['link', 'pipe', 'folder'] as const) {
    const store = await fullStore(t);
    const { file: blob = '' } = await (await PortableDriver.open(store.home)).metadata('a');
    const secret = path.join(store.victim, 'layer.tar');
    renameSync(blob, secret);
    if (kind === 'link') symlinkSync(secret, blob);
    else if (kind === 'pipe') execFileSync('mkfifo', [blob]);
    else mkdirSync(blob);
    await using driver = await PortableDriver.open(store.home);
    await assert.rejects(driver.mount('a'), { code: kind === 'link' ? 'PATH_ESCAPE' : 'IO' });
    await assert.rejects(async () => {
      for await (const _ of driver.diff('a'));
    });
    await assert.rejects(async () => {
      for await (const _ of driver.changes('a'));
    });
    await assert.rejects(driver.blobs.write('a', path.join(store.victim, 'copy')));
    assert.ok(!existsSync(path.join(store.victim, 'copy')));
  }
});

test('images can be added to and removed from another program’s layout, and that program’s own files stay', async (t) => {
  const folder = testFolder(t);
  const home = path.join(folder, 'layout');
  const files = new Files();
  mkdirSync(home);
  writeFolder(home, ociLayout(files, [ociImage(files, { layers: [{ tar: tar(file('theirs', 'x')), packed: 'gzip' }] })]));
  // Unreferenced blobs, and folders with names like ours.
  const theirs = [
    'blobs/sha256/'.concat('1'.repeat(64)),
    'blobs/sha512/x',
    'tmp/half-done',
    `tmp/${'0'.repeat(24)}`,
    path.posix.join('mounts', 'disk', 'root', 'f'),
    'written/story/page',
    'tables/oak',
    'layers/cake',
  ];
  for (const name of theirs) {
    mkdirSync(path.dirname(path.join(home, name)), { recursive: true });
    writeFileSync(path.join(home, name), 'theirs');
  }
  chmodSync(home, 0o755);
  const before = readdirSync(home, { recursive: true }).filter((name) => statSync(path.join(home, String(name))).isFile());
  const image = path.join(folder, 'image.tar');
  writeFileSync(image, dockerArchive({ name: 'image:1', layers: [tar(file('ours', 'x'))] }));
  const blobs = () => readdirSync(path.join(home, 'blobs', 'sha256')).length;
  const count = blobs();
  const cli = async (...args: string[]) => {
    const { code, stderr } = await runCommand(['store', ...args, '--home', home]);
    assert.equal(code, 0, stderr);
  };
  await cli('import', image);
  assert.ok(blobs() > count);
  await cli('cleanup');
  await cli('remove', 'image:1');
  await cli('cleanup');
  assert.equal(blobs(), count, 'blobs that this program added are removed');
  for (const name of before) assert.ok(existsSync(path.join(home, String(name))), String(name));
});

test('a folder that is not a store is not turned into one, and nothing in it is touched', async (t) => {
  for (const names of [['tmp/a'], ['layers/a.json'], ['blobs/sha256/a'], ['index.json', 'letter'], ['lockers/a']]) {
    const home = testFolder(t);
    for (const name of names) {
      mkdirSync(path.dirname(path.join(home, name)), { recursive: true });
      writeFileSync(path.join(home, name), 'theirs');
    }
    const before = pictureOf(home);
    if (names[0]?.startsWith('tmp')) {
      // A store whose creation was interrupted contains only tmp, too, so this home may be taken for one.
      await PortableDriver.open(home).catch(() => {});
      assert.equal(readFileSync(path.join(home, 'tmp', 'a'), 'utf8'), 'theirs');
      continue;
    }
    await assert.rejects(PortableDriver.open(home), { code: 'IO' });
    assert.deepEqual(pictureOf(home), before);
  }
});

test('a store, its mounts and its files are private to the user, even if they were created accessible to all', async (t) => {
  const store = await fullStore(t);
  const modes = () =>
    ['', 'blobs', 'blobs/sha256', 'layers', 'mounts', 'written', 'tmp'].map((name) =>
      (statSync(path.join(store.home, name)).mode & 0o777).toString(8),
    );
  assert.deepEqual(new Set(modes()), new Set(['700']));
  for (const name of ['index.json', 'layers/a.json', 'oci-layout', 'layerscope-store.json'])
    assert.equal(statSync(path.join(store.home, name)).mode & 0o777, 0o600, name);
  for (const blob of readdirSync(path.join(store.home, 'blobs', 'sha256')))
    assert.equal(statSync(path.join(store.home, 'blobs', 'sha256', blob)).mode & 0o777, 0o600);
  for (const name of ['', 'blobs', 'blobs/sha256', 'layers', 'mounts', 'written', 'tmp']) chmodSync(path.join(store.home, name), 0o777);
  const driver = await PortableDriver.open(store.home);
  await driver.list();
  assert.deepEqual(new Set(modes()), new Set(['777']), 'reading changes no modes');
  await driver.create('b', null);
  assert.deepEqual(new Set(modes()), new Set(['700']));
  // A store made by a version that wrote no markers.
  rmSync(path.join(store.home, 'layerscope-store.json'));
  for (const name of ['', 'mounts', 'written']) chmodSync(path.join(store.home, name), 0o755);
  await using _mount = await driver.mount('b');
  assert.deepEqual(new Set(modes()), new Set(['700']));
});

test('a store is refused if another user owns it or one of its folders', forRoot, async (t) => {
  for (const place of ['.', 'tmp', 'mounts', 'written', 'layers', 'blobs', 'blobs/sha256']) {
    const store = await fullStore(t);
    chownSync(path.join(store.home, place), 65_534, 65_534);
    const codes = await everything(store);
    assert.deepEqual([...codes], ['PERMISSION'], place);
  }
});

test('another user can’t enter a mount: no set-id program, device or open folder is reachable', forRoot, async (t) => {
  const store = await fullStore(t);
  // Open the parent folders to everyone, so that only the store keeps the other user out.
  for (let at = path.dirname(store.home); at !== '/tmp' && at !== '/'; at = path.dirname(at)) chmodSync(at, 0o755);
  const layer = tar(
    file('suid', '#!/bin/sh\necho entered\n', { mode: 0o4755 }),
    header({ name: 'null', typeflag: '3', mode: 0o666, devMajor: 1, devMinor: 3 }),
    directory('open/', { mode: 0o777 }),
    file('open/f', 'secret', { mode: 0o666 }),
  );
  const driver = await PortableDriver.open(store.home);
  await driver.create('s', null);
  await driver.applyDiff('s', [layer]);
  await driver.createReadWrite('w', 's');
  await using one = await driver.mount('s', { asIs: true });
  await using two = await driver.mount('w', { asIs: true });
  const asNobody = (command: string) => spawnSync('runuser', ['-u', 'nobody', '--', 'sh', '-c', command], { encoding: 'utf8' });
  assert.equal(asNobody(`ls ${path.dirname(store.home)}`).status, 0, 'the user nobody can’t reach the store');
  for (const { path: root } of [one, two]) {
    assert.equal(statSync(path.join(root, 'suid')).mode & 0o7777, 0o4755);
    for (const command of [
      `ls ${root}`,
      `${root}/suid`,
      `cat ${root}/open/f`,
      `echo x >${root}/open/new`,
      `echo x >${root}/null`,
      `cd ${root}`,
      `stat ${root}/open`,
    ]) {
      const { status, stdout } = asNobody(command);
      assert.notEqual(status, 0, command);
      assert.equal(stdout, '', command);
    }
  }
});

test('a store replaced by another while open is not written to, restricted or cleaned up', async (t) => {
  const { home, image } = await fullStore(t);
  const other = path.join(path.dirname(home), 'other');
  cpSync(home, other, { recursive: true });
  writeFileSync(path.join(other, 'tmp', `.layerscope-${'0'.repeat(24)}`), 'unfinished');
  for (const name of ['', 'tmp', 'layers', 'blobs', 'mounts']) chmodSync(path.join(other, name), 0o755);
  const driver = await PortableDriver.open(home);
  await using reader = createReader({ cacheFolder: null, workers: 0 });
  await using archive = await reader.open(image);
  renameSync(home, `${home}-away`);
  symlinkSync(other, home);
  const before = pictureOf(other);
  for (const [what, verb] of [
    ['create', () => driver.create('new', null)],
    ['import', () => importArchive(driver, archive, { name: 'new:1' })],
    ['mount', () => driver.mount('a')],
    ['remove', () => driver.remove('a')],
    ['cleanup', () => driver.cleanup()],
    ['release', () => driver.releaseLeft('a')],
  ] as const) {
    await assert.rejects(async () => verb(), { code: 'PATH_ESCAPE', message: /it was replaced by another folder while it was open/ }, what);
    assert.deepEqual(pictureOf(other), before, what);
    assert.equal(statSync(other).mode & 0o777, 0o755, what);
  }
});

test('another user can’t swap folders for links while a chain is being laid out', forRoot, async (t) => {
  const store = await fullStore(t);
  for (let at = path.dirname(store.home); at !== '/tmp' && at !== '/'; at = path.dirname(at)) chmodSync(at, 0o755);
  chmodSync(store.victim, 0o777);
  const before = readdirSync(store.victim).sort();
  const folders = Array.from({ length: 100 }, (_, at) => directory(`d${at}/`, { mode: 0o777 }));
  const files = Array.from({ length: 400 }, (_, at) => file(`d${at % 100}/f${at}`, 'x'));
  const driver = await PortableDriver.open(store.home);
  await driver.create('one', null);
  await driver.applyDiff('one', [tar(...folders)]);
  await driver.create('two', 'one');
  await driver.applyDiff('two', [tar(...files)]);
  // Tries to swap folders in a loop until `stop` exists; prints whether it ever succeeded.
  const script = `
    const fs = require('node:fs');
    const [mounts, victim, stop] = process.argv.slice(1);
    let swapped = 0, turns = 0;
    process.stdout.write('ready\\n');
    while (!fs.existsSync(stop)) {
      turns++;
      try {
        for (const name of fs.readdirSync(mounts)) for (const d of fs.readdirSync(mounts + '/' + name + '/root')) {
          const at = [mounts, name, 'root', d].join('/');
          fs.renameSync(at, at + '-moved');
          fs.symlinkSync(victim, at);
          swapped++;
        }
      } catch {}
    }
    process.stdout.write(JSON.stringify({ swapped, turns }));`;
  const stop = path.join(path.dirname(store.home), 'stop');
  const { spawn } = await import('node:child_process');
  const attacker = spawn('runuser', [
    '-u',
    'nobody',
    '--',
    process.execPath,
    '-e',
    script,
    path.join(store.home, 'mounts'),
    store.victim,
    stop,
  ]);
  let said = '';
  attacker.stdout.on('data', (bytes) => (said += bytes));
  attacker.stderr.on('data', (bytes) => (said += bytes));
  const ended = new Promise((resolve) => attacker.once('close', resolve));
  await new Promise((resolve) => attacker.stdout.once('data', resolve));
  for (let round = 0; round < 5; round++) {
    await using mount = await driver.mount('two');
    assert.equal(readdirSync(mount.path).length, 100);
  }
  writeFileSync(stop, '');
  await ended;
  const { swapped, turns } = JSON.parse(said.slice('ready\n'.length)) as { swapped: number; turns: number };
  assert.equal(swapped, 0);
  assert.ok(turns > 0);
  assert.deepEqual(readdirSync(store.victim).sort(), before);
  t.diagnostic(`${turns} attempts by another user during 5 mounts, none got in`);
});

test('a copy of a store works as a store, and its links are unchanged', async (t) => {
  const store = await fullStore(t);
  const copy = path.join(path.dirname(store.home), 'copy');
  cpSync(store.home, copy, { recursive: true, verbatimSymlinks: true });
  await using driver = await PortableDriver.open(copy);
  assert.deepEqual(
    (await driver.images.list()).flatMap(({ names }) => names),
    ['image:1'],
  );
  await using mount = await driver.mount('run');
  assert.equal(readFileSync(path.join(mount.path, 'd', 'new'), 'utf8'), 'written');
});

test('a pipe in place of a chain in a Windows home is a problem only for that layer', { skip: process.platform === 'win32' }, async (t) => {
  const home = path.join(testFolder(t), 'windowsfilter');
  for (const [id, chain] of [
    ['base', '[]'],
    ['top', '["C:\\\\home\\\\base"]'],
    ['odd', null],
  ] as const) {
    mkdirSync(path.join(home, id, 'Files'), { recursive: true });
    if (chain === null) execFileSync('mkfifo', [path.join(home, id, 'layerchain.json')]);
    else writeFileSync(path.join(home, id, 'layerchain.json'), chain);
  }
  const driver = await ReadOnlyWindowsHome.open('windowsfilter', home);
  const states = (await driver.list()).map(({ id, state }) => [id, state]);
  assert.deepEqual(states, [
    ['base', 'ready'],
    ['odd', 'broken'],
    ['top', 'ready'],
  ]);
});
