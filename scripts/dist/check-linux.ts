// Checks packages for Linux: with the systems' own tools, and by installing, starting and removing them.
import { spawnSync } from 'node:child_process';
import { chownSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { missingPrograms, refuse, run } from './commands.ts';
import { MAINTAINER } from './linux-packages.ts';
import { NOBODY, tryAsUser } from './try-program.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const sample = path.join(root, 'assets', 'sample.tar');

type Made = Readonly<Partial<Record<'deb' | 'rpm' | 'tar.gz' | 'AppImage', string>>>;

/** Files in packages that aren't needed at run time, by name. */
const STRAY = /\.(?:map|d\.[cm]?ts|ts|tsx|cc|hh|gyp)$|\/(?:test|tests|\.git|\.github)\//;

/** Checks names, owners and modes in the output of `tar -tv`. Returns a line for each wrong entry. */
export function wrongEntries(listing: string): readonly string[] {
  return listing.split('\n').flatMap((line) => {
    const [, mode = '', owner = '', name = ''] = /^(\S+) (\S+) +\d+ \S+ \S+ (.+?)(?: -> .*)?$/.exec(line) ?? [];
    if (name === '') return [];
    const reasons = [
      owner === 'root/root' || owner === '0/0' ? '' : `owner ${owner}`,
      /^[-d]....(?:w...|..-w|...w)/.test(mode) || mode[5] === 'w' || mode[8] === 'w' ? (mode.startsWith('l') ? '' : `mode ${mode}`) : '',
      /s/i.test(mode.slice(1)) && !name.endsWith('/chrome-sandbox') ? `mode ${mode}` : '',
      STRAY.test(name) ? 'not needed' : '',
    ].filter((reason) => reason !== '');
    return reasons.length === 0 ? [] : [`${name}: ${reasons.join(', ')}`];
  });
}

function refuseWrong(what: string, wrong: readonly string[]): void {
  if (wrong.length > 0) throw new Error(`${what}:\n  ${wrong.slice(0, 20).join('\n  ')}`);
}

/** Runs a checker; throws with its output if it found something. */
function judge(what: string, program: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(program, [...args], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } });
  if (status !== 0) throw new Error(`${what}: ${program} exit ${status}:\n${`${stdout}${stderr}`.trim()}`);
  console.log(`ok: ${what}`);
}

/** Checks the files in a package's tree with the systems' own tools. */
function checkShare(share: string): void {
  judge('the desktop file', 'desktop-file-validate', [path.join(share, 'applications', 'layerscope.desktop')]);
  judge('the metainfo', 'appstreamcli', ['validate', '--no-net', path.join(share, 'metainfo', 'org.layerscope.app.metainfo.xml')]);
}

function checkDeb(deb: string, quick: boolean): void {
  refuseWrong('the deb', wrongEntries(run('dpkg-deb', ['--contents', deb])));
  if (quick) return;
  // Only a release names a real maintainer.
  const notYet = MAINTAINER.includes('.invalid') ? ['--suppress-tags', 'bogus-mail-host'] : [];
  judge('the deb, by lintian', 'lintian', ['--fail-on', 'error,warning', '--tag-display-limit', '20', '--allow-root', ...notYet, deb]);
}

function checkRpm(rpm: string, quick: boolean): void {
  const listing = run('rpm', ['-qp', '--qf', '[%{FILEMODES:perms} %{FILEUSERNAME}/%{FILEGROUPNAME} %{FILESIZES} - - %{FILENAMES}\n]', rpm]);
  refuseWrong('the rpm', wrongEntries(listing));
  if (quick) return;
  judge('the rpm, by rpmlint', 'rpmlint', ['--config', path.join(root, 'assets', 'linux', 'rpmlint.toml'), rpm]);
}

/** The command that switches to the ordinary user. */
const AS_NOBODY: readonly string[] = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];

/** Uses a program that isn't installed, as an ordinary user. */
async function tryProgram(what: string, command: string, home: string): Promise<void> {
  const image = path.join(home, 'dropped.tar');
  copyFileSync(sample, image);
  await tryAsUser(what, { command, home, image, as: AS_NOBODY });
}

/** Installs a package in a throwaway layer over this system, uses the package, and removes it. */
function checkInstalled(kind: 'deb' | 'rpm', file: string): void {
  if (!runWithMounts('check-installed.ts', [kind, file])) throw new Error(`the ${kind} failed when it was installed, used and removed`);
}

/** Runs a script in this folder; its mounts disappear when it ends. Returns whether it succeeded. */
function runWithMounts(script: string, args: readonly string[]): boolean {
  const words = ['--mount', '--propagation', 'private', process.execPath, path.join(import.meta.dirname, script), ...args];
  return spawnSync('unshare', words, { stdio: 'inherit' }).status === 0;
}

/** Creates a folder that the ordinary user owns. */
function makeHome(): string {
  const home = mkdtempSync(path.join(tmpdir(), 'layerscope-dist-'));
  chownSync(home, NOBODY, NOBODY);
  return home;
}

async function checkTarball(tarball: string): Promise<void> {
  refuseWrong('the tar.gz', wrongEntries(run('tar', ['-tvf', tarball, '--numeric-owner'])));
  const home = makeHome();
  try {
    run('tar', ['-xf', tarball, '-C', home, '--no-same-owner']);
    await tryProgram('the tar.gz', path.join(home, path.basename(tarball, '.tar.gz'), 'bin', 'layerscope'), home);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function checkAppImage(file: string): Promise<void> {
  const home = makeHome();
  try {
    const copy = path.join(home, path.basename(file));
    copyFileSync(file, copy);
    // Mounting an AppImage needs FUSE, which a container may lack, so it is unpacked.
    const [setpriv = '', ...words] = AS_NOBODY;
    run(setpriv, [...words, copy, '--appimage-extract'], { cwd: home });
    await tryProgram('the AppImage', path.join(home, 'squashfs-root', 'AppRun'), home);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Debian releases that the packages must run on: one with the old names of libraries, one with the new ones. */
const SUITES = ['bookworm', 'trixie'];

const CHECKERS: Readonly<Record<string, readonly string[]>> = {
  deb: ['desktop-file-validate', 'appstreamcli'],
  rpm: ['rpm'],
  'tar.gz': ['setpriv'],
  AppImage: ['setpriv'],
};

interface CheckOptions {
  /** Whether to also test deb, tar.gz and AppImage on freshly installed systems. */
  readonly fresh: boolean;
  /** Whether to leave out lintian and rpmlint, which read every byte. */
  readonly quick: boolean;
  /** Folder of the packages. */
  readonly out: string;
}

/** Checks every package that was made. Requires root, because packages are installed. */
export async function checkAll(made: Made, { fresh, quick, out }: CheckOptions): Promise<void> {
  if (process.getuid?.() !== 0) refuse('--check installs packages, in a layer over this system that is thrown away: run it as root');
  const checkers = Object.keys(made).flatMap((kind) => CHECKERS[kind] ?? []);
  const readers = quick ? [] : [...(made.deb === undefined ? [] : ['lintian']), ...(made.rpm === undefined ? [] : ['rpmlint'])];
  const missing = missingPrograms([...checkers, ...readers, ...(fresh ? ['debootstrap'] : []), 'Xvfb']);
  if (missing.length > 0) refuse(`--check needs ${missing.join(', ')}`);
  run('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: out });
  if (made.deb !== undefined) {
    checkShare(path.join(root, 'out', `trees-${process.arch}`, 'deb', 'usr', 'share'));
    checkDeb(made.deb, quick);
  }
  if (made.rpm !== undefined) checkRpm(made.rpm, quick);
  if (made['tar.gz'] !== undefined) await checkTarball(made['tar.gz']);
  if (made.AppImage !== undefined) await checkAppImage(made.AppImage);
  for (const kind of ['deb', 'rpm'] as const) {
    const file = made[kind];
    if (file !== undefined) checkInstalled(kind, file);
  }
  if (!fresh || made.deb === undefined) return;
  const files = [made.deb, made['tar.gz'], made.AppImage].filter((file) => file !== undefined);
  for (const suite of SUITES)
    if (!runWithMounts('check-fresh.ts', [suite, ...files])) throw new Error(`the packages failed on a new Debian ${suite}`);
}
