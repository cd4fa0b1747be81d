// Where files go in packages for Linux, what a package may contain, and electron-builder's configuration.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { wrongEntries } from '../../scripts/dist/check-linux.ts';
import { layOutTree, PROGRAM_FOLDER, releaseDate } from '../../scripts/dist/linux-tree.ts';
import { writeSums } from '../../scripts/dist/sums.ts';
import { builderConfig } from '../../scripts/fuses.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const skip = process.platform === 'linux' ? false : 'packages for Linux';

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-dist-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Returns a folder as electron-builder leaves it, with empty programs. */
function unpacked(folder: string): string {
  const made = path.join(folder, 'linux-unpacked');
  const files = {
    layerscope: 'ELF',
    'chrome-sandbox': 'ELF',
    'resources/app.asar': 'asar',
    'resources/cli/man/layerscope.1': '.TH LAYERSCOPE 1',
    'resources/cli/completions/layerscope.bash': 'bash',
    'resources/cli/completions/_layerscope': 'zsh',
    'resources/cli/completions/layerscope.fish': 'fish',
  };
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(made, name)), { recursive: true });
    writeFileSync(path.join(made, name), content, { mode: name.includes('/') ? 0o664 : 0o775 });
  }
  return made;
}

test('a package has its command, desktop file, icons, metainfo, manual page and completions where systems look for them', { skip }, (t) => {
  const folder = folderFor(t);
  const tree = path.join(folder, 'tree');
  layOutTree(unpacked(folder), tree, { zsh: 'vendor-completions' });
  const command = path.join(tree, 'usr', 'bin', 'layerscope');
  assert.equal(path.resolve(path.dirname(command), readlinkSync(command)), path.join(tree, PROGRAM_FOLDER, 'bin', 'layerscope'));
  for (const name of [
    'applications/layerscope.desktop',
    'metainfo/org.layerscope.app.metainfo.xml',
    'icons/hicolor/16x16/apps/layerscope.png',
    'icons/hicolor/512x512/apps/layerscope.png',
    'icons/hicolor/scalable/apps/layerscope.svg',
    'man/man1/layerscope.1.gz',
    'bash-completion/completions/layerscope',
    'zsh/vendor-completions/_layerscope',
    'fish/vendor_completions.d/layerscope.fish',
  ])
    assert.ok(existsSync(path.join(tree, 'usr', 'share', name)), name);
  const metainfo = readFileSync(path.join(tree, 'usr', 'share', 'metainfo', 'org.layerscope.app.metainfo.xml'), 'utf8');
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
  assert.match(metainfo, new RegExp(`<release version="${version.replaceAll('.', '\\.')}" date="${releaseDate()}"`));
  for (const file of globSync('**', { cwd: tree })) {
    const { mode } = lstatSync(path.join(tree, file));
    if (!lstatSync(path.join(tree, file)).isSymbolicLink()) assert.equal(mode & 0o022, 0, file);
  }
  assert.equal(statSync(path.join(tree, PROGRAM_FOLDER, 'layerscope')).mode & 0o777, 0o755);
  assert.equal(statSync(path.join(tree, PROGRAM_FOLDER, 'resources', 'app.asar')).mode & 0o777, 0o644);
});

test('each icon is a picture of the size in its name', () => {
  const icons = globSync('*.png', { cwd: path.join(root, 'assets', 'icons') });
  assert.ok(icons.length >= 8);
  for (const name of icons) {
    const png = readFileSync(path.join(root, 'assets', 'icons', name));
    assert.equal(`${png.readUInt32BE(16)}x${png.readUInt32BE(20)}.png`, name);
  }
});

test('owners, modes and files that a package may not contain are reported', () => {
  const good = [
    'drwxr-xr-x root/root         0 2026-11-28 00:00 ./usr/',
    '-rwsr-xr-x root/root     52808 2026-11-28 00:00 ./usr/lib/layerscope/chrome-sandbox',
    'lrwxrwxrwx root/root         0 2026-11-28 00:00 ./usr/bin/layerscope -> ../lib/layerscope/bin/layerscope',
    '-rw-r--r-- 0/0            12 2026-11-28 00:00 layerscope/resources/cli/dist/cli.js',
  ];
  assert.deepEqual(wrongEntries(good.join('\n')), []);
  const bad = [
    '-rw-r--r-- user/user        12 2026-11-28 00:00 ./usr/a',
    '-rw-rw-r-- root/root        12 2026-11-28 00:00 ./usr/b',
    'drwxr-xrwx root/root         0 2026-11-28 00:00 ./usr/c/',
    '-rwsr-xr-x root/root        12 2026-11-28 00:00 ./usr/d',
    '-rw-r--r-- root/root        12 2026-11-28 00:00 ./usr/e.js.map',
    '-rw-r--r-- root/root        12 2026-11-28 00:00 ./usr/lib/koffi/src/call.cc',
  ];
  assert.deepEqual(
    wrongEntries(bad.join('\n')).map((line) => line.replace(/:.*/, '')),
    ['./usr/a', './usr/b', './usr/c/', './usr/d', './usr/e.js.map', './usr/lib/koffi/src/call.cc'],
  );
});

test('SHA256SUMS has the checksums of all files next to it', (t) => {
  const folder = folderFor(t);
  writeFileSync(path.join(folder, 'b.deb'), 'b');
  writeFileSync(path.join(folder, 'a.rpm'), 'a');
  writeFileSync(path.join(folder, 'SHA256SUMS'), 'old');
  const sum = (text: string): string => createHash('sha256').update(text).digest('hex');
  assert.deepEqual(writeSums(folder), ['a.rpm', 'b.deb']);
  assert.equal(readFileSync(path.join(folder, 'SHA256SUMS'), 'utf8'), `${sum('a')}  a.rpm\n${sum('b')}  b.deb\n`);
});

test('electron-builder accepts the configuration for each system', async () => {
  const builder = createRequire(import.meta.url).resolve('electron-builder');
  const { validateConfiguration } = createRequire(builder)('app-builder-lib/out/util/config/config.js') as {
    validateConfiguration(config: unknown, debug: unknown): Promise<void>;
  };
  const debug = { isEnabled: false, add: () => {} };
  await validateConfiguration(builderConfig(), debug);
  await assert.rejects(validateConfiguration({ ...builderConfig(), nonsense: true }, debug), /nonsense/);
});

test('no package claims a file type, and none runs elevated', () => {
  const config = builderConfig() as Record<string, Record<string, unknown>>;
  assert.equal(config.fileAssociations, undefined);
  assert.equal(config.win?.requestedExecutionLevel, 'asInvoker');
  const entitlements = readFileSync(path.join(root, String(config.mac?.entitlements)), 'utf8');
  assert.deepEqual(
    [...entitlements.matchAll(/<key>(.*)<\/key>\s*<true\/>/g)].map(([, key]) => key),
    ['com.apple.security.cs.allow-jit'],
  );
  assert.equal(config.mac?.hardenedRuntime, true);
});

test('pack and dist report what they need in one line', { skip }, (t) => {
  const folder = folderFor(t);
  const env = { ...process.env, ELECTRON_OVERRIDE_DIST_PATH: folder };
  const pack = spawnSync(process.execPath, [path.join(root, 'scripts', 'pack.ts')], { encoding: 'utf8', env });
  assert.deepEqual([pack.status, pack.stdout], [3, '']);
  assert.match(pack.stderr, /^layerscope: no Electron runtime in [^\n]*\n$/);
  const dist = spawnSync(process.execPath, [path.join(root, 'scripts', 'dist.ts'), '--only', 'deb,rpm,AppImage'], {
    encoding: 'utf8',
    env: { ...env, PATH: folder },
  });
  assert.deepEqual([dist.status, dist.stdout], [3, '']);
  assert.match(dist.stderr, /^layerscope: dist needs [^\n]*rpmbuild \(Debian: rpm\)[^\n]*\n$/);
});
