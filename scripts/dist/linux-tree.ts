// Where the program's files belong on a Linux system.
import { chmodSync, copyFileSync, cpSync, globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { COMPLETIONS, product } from './cli-folder.ts';
import { run } from './commands.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const assets = path.join(root, 'assets', 'linux');

/** Folder of the program, relative to the system's root. */
export const PROGRAM_FOLDER = 'usr/lib/layerscope';

/** Writes a file, and creates the folders above it. */
function put(file: string, content: string | Uint8Array): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, 0o644);
}

/** Sets the modes of a package's files: everything is readable by everybody, and nothing is writable by the group or others. */
function setModes(folder: string): void {
  run('chmod', ['-R', 'u+rwX,go+rX,go-w', folder]);
}

/** Returns the release date in CHANGELOG.md or, if it isn't released yet, the date of the last commit. */
export function releaseDate(): string {
  const { version } = product();
  const changelog = readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8');
  const stated = changelog.match(/^## \[([^\]]+)\][^\d\n]*(\d{4}-\d{2}-\d{2})$/gm)?.find((line) => line.includes(`[${version}]`));
  return stated?.slice(-'2026-01-01'.length) ?? run('git', ['-C', root, 'log', '-1', '--format=%cs']).trim();
}

/** Lays out the program in a folder, copied from electron-builder's, and adds the command that starts it. */
export function layOutProgram(unpacked: string, folder: string): void {
  mkdirSync(path.dirname(folder), { recursive: true });
  run('cp', ['-a', '--reflink=auto', unpacked, folder]);
  mkdirSync(path.join(folder, 'bin'));
  copyFileSync(path.join(assets, 'layerscope'), path.join(folder, 'bin', 'layerscope'));
  setModes(folder);
  setLibraryModes(folder);
  chmodSync(path.join(folder, 'bin', 'layerscope'), 0o755);
}

/** Makes libraries non-executable. */
function setLibraryModes(folder: string): void {
  for (const file of globSync('**/*.{node,so,so.*}', { cwd: folder })) chmodSync(path.join(folder, file), 0o644);
}

/**
 * Lays out what desktops and shells look for below `share`: the desktop file, icons, metainfo, the manual page and completions. They come
 * from the program's folder and the assets. `zsh`: where zsh looks for completions on that system.
 */
export function layOutShare(program: string, share: string, zsh: string): void {
  const { version } = product();
  const cli = path.join(program, 'resources', 'cli');
  put(path.join(share, 'applications', 'layerscope.desktop'), readFileSync(path.join(assets, 'layerscope.desktop')));
  const metainfo = readFileSync(path.join(assets, 'org.layerscope.app.metainfo.xml'), 'utf8');
  put(
    path.join(share, 'metainfo', 'org.layerscope.app.metainfo.xml'),
    metainfo.replace('@VERSION@', version).replace('@DATE@', releaseDate()),
  );
  for (const file of globSync('*.png', { cwd: path.join(root, 'assets', 'icons') })) {
    const size = path.basename(file, '.png');
    put(path.join(share, 'icons', 'hicolor', size, 'apps', 'layerscope.png'), readFileSync(path.join(root, 'assets', 'icons', file)));
  }
  put(path.join(share, 'icons', 'hicolor', 'scalable', 'apps', 'layerscope.svg'), readFileSync(path.join(root, 'assets', 'icon.svg')));
  put(path.join(share, 'man', 'man1', 'layerscope.1.gz'), gzipSync(readFileSync(path.join(cli, 'man', 'layerscope.1')), { level: 9 }));
  const places = {
    bash: path.join('bash-completion', 'completions', 'layerscope'),
    zsh: path.join('zsh', zsh, '_layerscope'),
    fish: path.join('fish', 'vendor_completions.d', 'layerscope.fish'),
  };
  for (const shell of ['bash', 'zsh', 'fish'] as const)
    put(path.join(share, places[shell]), readFileSync(path.join(cli, 'completions', COMPLETIONS[shell])));
}

/** Lays out a system's tree with the program, as contained in a deb, rpm or AppImage. */
export function layOutTree(unpacked: string, tree: string, { zsh }: { readonly zsh: string }): void {
  const program = path.join(tree, PROGRAM_FOLDER);
  layOutProgram(unpacked, program);
  layOutShare(program, path.join(tree, 'usr', 'share'), zsh);
  mkdirSync(path.join(tree, 'usr', 'bin'));
  symlinkSync('../lib/layerscope/bin/layerscope', path.join(tree, 'usr', 'bin', 'layerscope'));
  setModes(tree);
}

/** Sets the set-user-ID bit of the program that sets up Chromium's sandbox. Only for packages that a package manager installs as root. */
export function setSandboxMode(tree: string): void {
  chmodSync(path.join(tree, PROGRAM_FOLDER, 'chrome-sandbox'), 0o4755);
}

/** Copies the documents about the package's contents and licences to a folder. */
export function copyDocuments(unpacked: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const name of ['licenses.html', 'sbom.cdx.json']) cpSync(path.join(unpacked, 'resources', name), path.join(folder, name));
}
