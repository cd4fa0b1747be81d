// The files for winget, Homebrew and Flathub, on a made-up release.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { cask, flatpak, wingetFiles } from '../../scripts/manifests.ts';

const release = {
  version: '1.2.3',
  date: '2026-11-28',
  url: 'https://example.org/owner/layerscope/releases/download/v1.2.3',
  sum: (name: string) => Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64),
};

test('winget’s three files agree on identifier and version, and each installer has its address and checksum', () => {
  const files = Object.entries(wingetFiles(release)).map(([name, text]) => ({ name, content: parse(text) as Record<string, unknown> }));
  assert.deepEqual(
    files.map(({ content }) => content.ManifestType),
    ['version', 'installer', 'defaultLocale'],
  );
  for (const { content } of files)
    assert.deepEqual(
      [content.PackageIdentifier, content.PackageVersion, content.ManifestVersion],
      ['Layerscope.Layerscope', '1.2.3', '1.12.0'],
    );
  const installers = files[1]?.content.Installers as { Architecture: string; InstallerUrl: string; InstallerSha256: string }[];
  assert.deepEqual(
    installers.map(({ Architecture, InstallerUrl }) => [Architecture, InstallerUrl]),
    ['x64', 'arm64'].map((arch) => [arch, `${release.url}/Layerscope-Setup-1.2.3-${arch}.exe`]),
  );
  for (const { InstallerUrl, InstallerSha256 } of installers)
    assert.equal(InstallerSha256, release.sum(InstallerUrl.slice(release.url.length + 1)).toUpperCase());
});

test('the cask names both disk images by version and processor', () => {
  const text = cask(release);
  assert.match(
    text,
    /url "https:\/\/example\.org\/owner\/layerscope\/releases\/download\/v#\{version\}\/Layerscope-#\{version\}-#\{arch\}\.dmg"/,
  );
  assert.match(text, /homepage "https:\/\/example\.org\/owner\/layerscope"/);
  for (const arch of ['arm64', 'x64']) assert.ok(text.includes(release.sum(`Layerscope-1.2.3-${arch}.dmg`)));
  assert.equal((text.match(/\bdo$/gm) ?? []).length, (text.match(/^end$/gm) ?? []).length);
});

/** Fields that winget requires, by type of manifest. Source: winget-cli, schemas/JSON/manifests/v1.12.0. */
const WINGET_REQUIRES: Readonly<Record<string, readonly string[]>> = {
  version: ['PackageIdentifier', 'PackageVersion', 'DefaultLocale', 'ManifestType', 'ManifestVersion'],
  installer: ['PackageIdentifier', 'PackageVersion', 'Installers', 'ManifestType', 'ManifestVersion'],
  defaultLocale: [
    ...['PackageIdentifier', 'PackageVersion', 'PackageLocale', 'Publisher', 'PackageName', 'License', 'ShortDescription'],
    ...['ManifestType', 'ManifestVersion'],
  ],
};

test('winget’s files have everything that its schemas require, in the right form', () => {
  for (const text of Object.values(wingetFiles(release))) {
    const content = parse(text) as Record<string, unknown>;
    for (const name of WINGET_REQUIRES[String(content.ManifestType)] ?? assert.fail()) assert.ok(content[name], name);
    assert.match(String(content.PackageIdentifier), /^[^.\s\\/:*?"<>|]{1,32}(\.[^.\s\\/:*?"<>|]{1,32}){1,7}$/);
    for (const [name, value] of Object.entries(content))
      if (typeof value === 'string') assert.ok(value !== '' && value.length <= 256, name);
  }
  const installer = Object.values(wingetFiles(release)).map((text) => parse(text) as Record<string, unknown>)[1];
  assert.ok(['nullsoft', 'msi', 'wix', 'inno', 'exe', 'burn', 'zip', 'portable'].includes(String(installer?.InstallerType)));
  assert.match(String(installer?.ReleaseDate), /^\d{4}-\d\d-\d\d$/);
  for (const each of (installer?.Installers ?? []) as Record<string, string>[]) assert.match(each.InstallerSha256 ?? '', /^[0-9A-F]{64}$/);
});

interface Flatpak {
  readonly command: string;
  readonly modules: readonly {
    readonly 'build-commands': readonly string[];
    readonly sources: readonly {
      readonly type: string;
      readonly url?: string;
      readonly sha256?: string;
      readonly 'dest-filename'?: string;
    }[];
  }[];
  readonly [name: string]: unknown;
}

test('the Flatpak’s manifest names both archives, and its build commands install the command, the desktop file and the icons', (t) => {
  const manifest = parse(flatpak(release)) as Flatpak;
  for (const name of ['id', 'runtime', 'runtime-version', 'sdk', 'base', 'base-version', 'command']) assert.ok(manifest[name], name);
  const [module] = manifest.modules;
  const archives = (module?.sources ?? []).filter(({ type }) => type === 'archive');
  assert.deepEqual(
    archives.map(({ url, sha256 }) => [url, sha256]),
    ['x64', 'arm64'].map((arch) => `layerscope-1.2.3-linux-${arch}.tar.gz`).map((name) => [`${release.url}/${name}`, release.sum(name)]),
  );
  if (process.platform !== 'linux') return;
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-flatpak-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const app = path.join(folder, 'app');
  const put = (name: string): void => {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), '');
  };
  for (const name of ['layerscope', 'chrome-sandbox', 'bin/layerscope', 'share/applications/layerscope.desktop', 'resources/cli/node'])
    put(`program/${name}`);
  for (const { type, 'dest-filename': name = '' } of module?.sources ?? []) if (type === 'script') put(name);
  for (const command of module?.['build-commands'] ?? []) {
    const { status, stderr } = spawnSync('sh', ['-euc', command.replaceAll('/app', app)], { cwd: folder, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  }
  for (const name of [`bin/${manifest.command}`, 'bin/layerscope-cli', 'lib/layerscope/layerscope', 'lib/layerscope/resources/cli/node'])
    assert.ok(existsSync(path.join(app, name)), name);
  assert.ok(existsSync(path.join(app, 'share', 'applications', String(manifest['rename-desktop-file']))));
  // A Flatpak can't contain set-user-ID programs.
  assert.equal(existsSync(path.join(app, 'lib', 'layerscope', 'chrome-sandbox')), false);
});
