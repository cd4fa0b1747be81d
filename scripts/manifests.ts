// `node scripts/manifests.ts --from FOLDER --url ADDRESS`: the files that winget, Homebrew and Flathub require, in FOLDER/manifests. FOLDER
// contains one release's packages for all systems; ADDRESS is where they can be downloaded. The checksums are computed from the files.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { product } from './dist/cli-folder.ts';
import { refuse } from './dist/commands.ts';
import { releaseDate } from './dist/linux-tree.ts';

const WINGET = '1.12.0';
const ID = 'Layerscope.Layerscope';

interface Release {
  readonly version: string;
  readonly date: string;
  /** Where the packages can be downloaded, without a trailing slash. */
  readonly url: string;
  /** SHA-256 of a package, in hexadecimal digits. */
  sum(name: string): string;
}

/** Returns winget's three files, by name. */
export function wingetFiles({ version, date, url, sum }: Release): Readonly<Record<string, string>> {
  const head = { PackageIdentifier: ID, PackageVersion: version };
  const write = (type: string, content: Record<string, unknown>): string =>
    `# yaml-language-server: $schema=https://aka.ms/winget-manifest.${type}.${WINGET}.schema.json\n\n${stringify({ ...head, ...content, ManifestType: type, ManifestVersion: WINGET }, { lineWidth: 0 })}`;
  const installers = ['x64', 'arm64'].map((arch) => {
    const name = `Layerscope-Setup-${version}-${arch}.exe`;
    return { Architecture: arch, InstallerUrl: `${url}/${name}`, InstallerSha256: sum(name).toUpperCase() };
  });
  return {
    [`${ID}.yaml`]: write('version', { DefaultLocale: 'en-US' }),
    [`${ID}.installer.yaml`]: write('installer', {
      ...{ InstallerType: 'nullsoft', Scope: 'machine', InstallModes: ['interactive', 'silent'], UpgradeBehavior: 'install' },
      ...{ ReleaseDate: date, InstallerSwitches: { Custom: '/allusers' }, ElevationRequirement: 'elevatesSelf', Installers: installers },
    }),
    [`${ID}.locale.en-US.yaml`]: write('defaultLocale', {
      PackageLocale: 'en-US',
      Publisher: 'The Layerscope developers',
      PackageName: 'Layerscope',
      License: 'Apache-2.0',
      ShortDescription: 'Shows what is in a container image and what each of its layers changed',
      Moniker: 'layerscope',
      Tags: ['container', 'docker', 'image', 'layers', 'oci'],
    }),
  };
}

/** Returns the Homebrew cask. */
export function cask({ version, url, sum }: Release): string {
  const name = (arch: string): string => `Layerscope-${version}-${arch}.dmg`;
  const address = url.replaceAll(version, '#{version}');
  return `cask "layerscope" do
  arch arm: "arm64", intel: "x64"

  version "${version}"
  sha256 arm:   "${sum(name('arm64'))}",
         intel: "${sum(name('x64'))}"

  url "${address}/Layerscope-#{version}-#{arch}.dmg"
  name "Layerscope"
  desc "Explorer of container image layers"
  homepage "${url.replace(/\/releases\/.*/, '')}"

  depends_on macos: ">= :monterey"

  app "Layerscope.app"
  binary "#{appdir}/Layerscope.app/Contents/Resources/bin/layerscope"
  manpage "#{appdir}/Layerscope.app/Contents/Resources/cli/man/layerscope.1"
  bash_completion "#{appdir}/Layerscope.app/Contents/Resources/cli/completions/layerscope.bash"
  fish_completion "#{appdir}/Layerscope.app/Contents/Resources/cli/completions/layerscope.fish"
  zsh_completion "#{appdir}/Layerscope.app/Contents/Resources/cli/completions/_layerscope"

  zap trash: [
    "~/Library/Application Support/Layerscope",
    "~/Library/Preferences/org.layerscope.app.plist",
    "~/Library/Saved Application State/org.layerscope.app.savedState",
  ]
end
`;
}

/** Version of the freedesktop runtime, and of Electron's base for it, on Flathub. */
const FREEDESKTOP = '25.08';

/**
 * Returns the manifest for flatpak-builder, which packs the tar.gz. Zypak provides the page's sandbox, because a Flatpak can neither create
 * user namespaces nor contain set-user-ID programs.
 */
export function flatpak({ version, url, sum }: Release): string {
  const source = (arch: string, theirs: string) => {
    const name = `layerscope-${version}-linux-${arch}.tar.gz`;
    return { type: 'archive', 'only-arches': [theirs], url: `${url}/${name}`, sha256: sum(name), dest: 'program' };
  };
  const script = (name: string, command: string) => ({ type: 'script', 'dest-filename': name, commands: [command] });
  const cli = '/app/lib/layerscope/resources/cli';
  return stringify(
    {
      id: 'org.layerscope.app',
      runtime: 'org.freedesktop.Platform',
      'runtime-version': FREEDESKTOP,
      sdk: 'org.freedesktop.Sdk',
      base: 'org.electronjs.Electron2.BaseApp',
      'base-version': FREEDESKTOP,
      command: 'layerscope',
      'rename-desktop-file': 'layerscope.desktop',
      'rename-icon': 'layerscope',
      'finish-args': [
        '--share=ipc',
        '--socket=wayland',
        '--socket=fallback-x11',
        '--device=dri',
        // Registries are contacted only for an image that the user named.
        '--share=network',
        // Archives may be dropped from anywhere in the user's home. Exports need no permission, because they go through the portal's dialog.
        '--filesystem=home:ro',
      ],
      modules: [
        {
          name: 'layerscope',
          buildsystem: 'simple',
          'build-commands': [
            'mkdir -p /app/lib && cp -a program /app/lib/layerscope',
            'rm -r /app/lib/layerscope/chrome-sandbox /app/lib/layerscope/bin',
            'cp -a /app/lib/layerscope/share /app/ && rm -r /app/lib/layerscope/share',
            'install -D layerscope layerscope-cli -t /app/bin',
          ],
          sources: [
            source('x64', 'x86_64'),
            source('arm64', 'aarch64'),
            script('layerscope', 'exec zypak-wrapper /app/lib/layerscope/layerscope "$@"'),
            script('layerscope-cli', `exec ${cli}/node ${cli}/dist/cli.js "$@"`),
          ],
        },
      ],
    },
    { lineWidth: 0 },
  );
}

function main(): void {
  const { values } = parseArgs({ options: { from: { type: 'string' }, url: { type: 'string' } } });
  const { from, url } = values;
  if (from === undefined || url === undefined || !/^https:\/\/[^\s"#]+$/.test(url))
    refuse('manifests needs --from FOLDER, with the packages, and --url https://…, where they can be downloaded');
  const { version } = product();
  const sum = (name: string): string => {
    const file = path.join(from, name);
    if (!existsSync(file)) refuse(`there is no ${name} in ${from}`);
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  };
  const release: Release = { version, date: releaseDate(), url: url.replace(/\/+$/, ''), sum };
  const files = { ...wingetFiles(release), 'layerscope.rb': cask(release), 'org.layerscope.app.yml': flatpak(release) };
  mkdirSync(path.join(from, 'manifests'), { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(from, 'manifests', name), content);
  console.log(`${Object.keys(files).length} files in ${path.join(from, 'manifests')}`);
}

if (import.meta.main) main();
