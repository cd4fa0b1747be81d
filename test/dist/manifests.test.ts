// The files for winget and Homebrew, on a made-up release.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { cask, wingetFiles } from '../../scripts/manifests.ts';

const release = {
  version: '1.2.3',
  date: '2026-11-28',
  url: 'https://example.org/owner/layerscope/releases/download/v1.2.3',
  sum: (name: string) => Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64),
};

test('winget’s three files agree on identifier and version, and each installer has its address and sum', () => {
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
