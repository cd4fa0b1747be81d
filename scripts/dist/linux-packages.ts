// deb, rpm, AppImage and tar.gz from the unpacked program, made with the systems' own tools.
import {
  chmodSync,
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { product } from './cli-folder.ts';
import { isInstalled, run } from './commands.ts';
import { copyDocuments, layOutProgram, layOutShare, layOutTree, PROGRAM_FOLDER, releaseDate, setSandboxMode } from './linux-tree.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const assets = path.join(root, 'assets', 'linux');

export interface PackageInput {
  /** electron-builder's unpacked folder. */
  readonly unpacked: string;
  /** The processor, as Node names it. */
  readonly arch: string;
  /** Folder for the trees that packages are made from. */
  readonly work: string;
  /** Folder of the packages. */
  readonly out: string;
  /** Whether to compress quickly instead of well, for checks. */
  readonly quick: boolean;
}

/** The maintainer named in packages: `Name <address>`. A release must name one; `.invalid` is never a real address. */
export const MAINTAINER = process.env.LAYERSCOPE_MAINTAINER ?? 'The Layerscope developers <maintainers@layerscope.invalid>';

const SUMMARY = 'explorer of container image layers';
const DESCRIPTION = [
  'Layerscope shows what is in a container image and what each of its layers',
  'changed: what makes it big, what a build step did, where a file comes from,',
  'and how two images differ. It is a window and a command line, and reads',
  'archives, what container engines keep on this machine, and registries.',
];

/**
 * Libraries that the program loads, as Debian packages. Some were renamed in Debian 13 and Ubuntu 24.04, for the 64-bit time_t transition.
 */
const DEBIAN_DEPENDS: readonly string[] = [
  'libasound2 | libasound2t64',
  'libatk-bridge2.0-0 | libatk-bridge2.0-0t64',
  'libatk1.0-0 | libatk1.0-0t64',
  'libatspi2.0-0 | libatspi2.0-0t64',
  'libc6 (>= 2.28)',
  'libcairo2',
  'libcups2 | libcups2t64',
  'libdbus-1-3',
  'libdrm2',
  'libexpat1',
  'libgbm1',
  'libgcc-s1',
  'libglib2.0-0 | libglib2.0-0t64',
  'libgtk-3-0 | libgtk-3-0t64',
  'libnspr4',
  'libnss3',
  'libpango-1.0-0',
  'libstdc++6',
  'libx11-6',
  'libx11-xcb1', // loaded by name, so ldd doesn't list it; without it the window ends with SIGTRAP
  'libxcb1',
  'libxcomposite1',
  'libxdamage1',
  'libxext6',
  'libxfixes3',
  'libxkbcommon0',
  'libxrandr2',
  'xdg-utils',
];

/** Libraries that the program loads by name and can do without: for notifications, and for drawing on the graphics card. */
const DEBIAN_RECOMMENDS: readonly string[] = ['libegl1', 'libgl1', 'libnotify4'];

const DEBIAN_ARCHS: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };
const RPM_ARCHS: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

/** Creates an empty folder; removes an existing folder first. */
function fresh(folder: string): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Returns the time of the release in seconds since 1970. Times in packages use it, so that the same input produces the same bytes. */
function releaseTime(): string {
  return process.env.SOURCE_DATE_EPOCH ?? String(Date.parse(releaseDate()) / 1000);
}

/** Returns CHANGELOG.md's newest section in the form of Debian's changelog. */
function debianChangelog(): string {
  const { version } = product();
  const date = new Date(Number(releaseTime()) * 1000).toUTCString().replace('GMT', '+0000');
  return `layerscope (${version}) stable; urgency=medium\n\n  * Release ${version}. What changed is in CHANGELOG.md.\n\n -- ${MAINTAINER}  ${date}\n`;
}

/** Returns debian/copyright for the program; licenses.html covers everything else that it contains. */
function debianCopyright(): string {
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Layerscope
Comment:
 The program contains Electron, Node and npm packages. Their licences are in
 licenses.html beside this file, and those of Chromium in
 /${PROGRAM_FOLDER}/LICENSES.chromium.html; what they are is in sbom.cdx.json.

Files: *
Copyright: ${releaseDate().slice(0, 4)} the Layerscope developers
License: Apache-2.0
 On Debian systems, the full text of the Apache License, Version 2.0 is in
 /usr/share/common-licenses/Apache-2.0.

Files: ${PROGRAM_FOLDER}/*
Copyright: 2013-${releaseDate().slice(0, 4)} Electron contributors, Node.js contributors, The Chromium Authors
License: Expat
 The full texts are in LICENSE.electron.txt and LICENSES.chromium.html in
 /${PROGRAM_FOLDER}, and in LICENSE.node.txt in
 /${PROGRAM_FOLDER}/resources/cli.
`;
}

/** Makes the Debian package. Returns its path. */
export function makeDeb({ unpacked, arch, work, out, quick }: PackageInput): string {
  const { version } = product();
  const tree = fresh(path.join(work, 'deb'));
  layOutTree(unpacked, tree, { zsh: 'vendor-completions' });
  setSandboxMode(tree);
  const documents = path.join(tree, 'usr', 'share', 'doc', 'layerscope');
  copyDocuments(unpacked, documents);
  writeFileSync(path.join(documents, 'copyright'), debianCopyright());
  writeFileSync(path.join(documents, 'changelog.gz'), gzipSync(debianChangelog(), { level: 9 }));
  const overrides = path.join(tree, 'usr', 'share', 'lintian', 'overrides');
  mkdirSync(overrides, { recursive: true });
  copyFileSync(path.join(assets, 'lintian-overrides'), path.join(overrides, 'layerscope'));
  mkdirSync(path.join(tree, 'DEBIAN'));
  const kilobytes = run('du', ['-sk', '--apparent-size', '--exclude=DEBIAN', tree]).split('\t')[0];
  const debianArch = DEBIAN_ARCHS[arch];
  if (debianArch === undefined) throw new Error(`Debian has no name for the processor ${arch}`);
  const control = [
    'Package: layerscope',
    `Version: ${version}`,
    `Architecture: ${debianArch}`,
    `Maintainer: ${MAINTAINER}`,
    `Installed-Size: ${kilobytes}`,
    `Depends: ${DEBIAN_DEPENDS.join(', ')}`,
    `Recommends: ${DEBIAN_RECOMMENDS.join(', ')}`,
    'Section: utils',
    'Priority: optional',
    `Description: ${SUMMARY}`,
    ...DESCRIPTION.map((line) => ` ${line}`),
    '',
  ];
  writeFileSync(path.join(tree, 'DEBIAN', 'control'), control.join('\n'));
  const sums = run('sh', ['-c', 'find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum'], { cwd: tree });
  writeFileSync(path.join(tree, 'DEBIAN', 'md5sums'), sums);
  run('chmod', ['-R', 'u+rwX,go+rX,go-w', path.join(tree, 'DEBIAN'), path.join(tree, 'usr', 'share')]);
  const file = path.join(out, `layerscope_${version}_${debianArch}.deb`);
  const compression = quick ? ['-Zgzip', '-z1'] : ['-Zxz'];
  const env = { ...process.env, SOURCE_DATE_EPOCH: releaseTime() };
  run('dpkg-deb', ['--root-owner-group', ...compression, '--build', tree, file], { env });
  return file;
}

/** Makes the rpm package. Returns its path. */
export function makeRpm({ unpacked, arch, work, out, quick }: PackageInput): string {
  const { version } = product();
  const tree = fresh(path.join(work, 'rpm'));
  layOutTree(unpacked, tree, { zsh: 'site-functions' });
  copyDocuments(unpacked, path.join(tree, 'usr', 'share', 'doc', 'layerscope'));
  const licence = path.join(tree, 'usr', 'share', 'licenses', 'layerscope');
  mkdirSync(licence, { recursive: true });
  for (const name of ['LICENSE', 'NOTICE']) cpSync(path.join(root, name), path.join(licence, name));
  const rpmArch = RPM_ARCHS[arch];
  if (rpmArch === undefined) throw new Error(`rpm has no name for the processor ${arch}`);
  const top = fresh(path.join(work, 'rpmbuild'));
  const spec = path.join(top, 'layerscope.spec');
  const values = {
    VERSION: version.replaceAll('-', '~'),
    TREE: tree,
    PAYLOAD: quick ? 'w1.gzdio' : 'w19T0.zstdio',
    DATE: rpmDate(),
    MAINTAINER,
  };
  const template = readFileSync(path.join(assets, 'layerscope.spec'), 'utf8');
  writeFileSync(
    spec,
    template.replace(/@([A-Z]+)@/g, (_, name: keyof typeof values) => values[name]),
  );
  const env = { ...process.env, SOURCE_DATE_EPOCH: releaseTime(), LC_ALL: 'C.UTF-8' };
  run('rpmbuild', ['-bb', '--target', `${rpmArch}-linux`, '--define', `_topdir ${top}`, '--define', `_rpmdir ${top}/made`, spec], { env });
  const made = path.join(top, 'made', rpmArch, `layerscope-${values.VERSION}-1.${rpmArch}.rpm`);
  const file = path.join(out, path.basename(made));
  copyFileSync(made, file);
  return file;
}

/** Returns the date of the release for an rpm's changelog: `Sat Nov 28 2026`. */
function rpmDate(): string {
  const [weekday, day, month, year] = new Date(releaseDate()).toUTCString().replace(',', '').split(' ');
  return `${weekday} ${month} ${day} ${year}`;
}

/** Makes the archive for any system: a folder that runs where it is unpacked. Returns its path. */
export function makeTarball({ unpacked, arch, work, out, quick }: PackageInput): string {
  const { version } = product();
  const name = `layerscope-${version}-linux-${arch}`;
  const parent = fresh(path.join(work, 'tar'));
  const folder = path.join(parent, name);
  layOutProgram(unpacked, folder);
  layOutShare(folder, path.join(folder, 'share'), 'site-functions');
  const file = path.join(out, `${name}.tar.gz`);
  const program = isInstalled('pigz') ? 'pigz' : 'gzip';
  const same = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', `--mtime=@${releaseTime()}`, '--format=gnu'];
  run('tar', [...same, `--use-compress-program=${program} -${quick ? 1 : 9}n`, '-cf', file, '-C', parent, name]);
  return file;
}

/** Returns the file with the AppImage's runtime, which mounts the file system that follows it; null if there is none. */
export function appImageRuntime(): string | null {
  const named = process.env.LAYERSCOPE_APPIMAGE_RUNTIME;
  if (named === undefined) return null;
  if (!existsSync(named)) throw new Error(`LAYERSCOPE_APPIMAGE_RUNTIME names ${named}, which doesn't exist`);
  return named;
}

/** Makes the AppImage: a runtime followed by a file system with the program. Returns its path. */
export function makeAppImage({ unpacked, arch, work, out, quick }: PackageInput, runtime: string): string {
  const { version } = product();
  const tree = fresh(path.join(work, 'appimage'));
  layOutTree(unpacked, tree, { zsh: 'site-functions' });
  const share = path.join(tree, 'usr', 'share');
  copyFileSync(path.join(share, 'applications', 'layerscope.desktop'), path.join(tree, 'layerscope.desktop'));
  copyFileSync(path.join(share, 'icons', 'hicolor', '256x256', 'apps', 'layerscope.png'), path.join(tree, 'layerscope.png'));
  symlinkSync('layerscope.png', path.join(tree, '.DirIcon'));
  symlinkSync('usr/bin/layerscope', path.join(tree, 'AppRun'));
  const file = path.join(out, `Layerscope-${version}-${RPM_ARCHS[arch] ?? arch}.AppImage`);
  rmSync(file, { force: true });
  const head = readFileSync(runtime);
  const knowsZstd = head.includes('zstd');
  const compression = knowsZstd
    ? ['-comp', 'zstd', '-Xcompression-level', quick ? '1' : '19']
    : ['-comp', 'gzip', ...(quick ? ['-Xcompression-level', '1'] : [])];
  const same = ['-all-root', '-noappend', '-no-xattrs', '-no-progress', '-quiet', '-mkfs-time', releaseTime(), '-all-time', releaseTime()];
  run('mksquashfs', [tree, file, '-offset', String(head.length), ...compression, ...same]);
  const place = openSync(file, 'r+');
  try {
    writeSync(place, head, 0, head.length, 0);
  } finally {
    closeSync(place);
  }
  chmodSync(file, 0o755);
  return file;
}

/** Formats a file's size, such as `95.3 MB`. */
export function sizeText(file: string): string {
  return `${(statSync(file).size / 1e6).toFixed(1)} MB`;
}
