import { spawnSync } from 'node:child_process';
import path from 'node:path';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
}

/** Runs a program to its end; returns its output. Throws with its output if it fails. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): string {
  const { status, signal, stdout, stderr, error } = spawnSync(program, [...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    ...options,
  });
  if (status === 0) return stdout;
  const why = error?.message ?? `${signal ?? `exit ${status}`}: ${`${stderr}\n${stdout}`.trim()}`;
  throw new Error(`${path.basename(program)} ${args.join(' ')}: ${why}`);
}

/** Debian packages of the programs that make and check packages. */
const PACKAGES: Readonly<Record<string, string>> = {
  appstreamcli: 'appstream',
  debootstrap: 'debootstrap',
  'desktop-file-validate': 'desktop-file-utils',
  'dpkg-deb': 'dpkg',
  lintian: 'lintian',
  mksquashfs: 'squashfs-tools',
  rpm: 'rpm',
  rpmbuild: 'rpm',
  rpmlint: 'rpmlint',
  runuser: 'util-linux',
  strip: 'binutils',
  unsquashfs: 'squashfs-tools',
  Xvfb: 'xvfb',
};

/** Whether a program is on the PATH. */
export function isInstalled(program: string): boolean {
  const { status } = spawnSync('sh', ['-c', 'command -v "$1" >/dev/null', 'sh', program], { stdio: 'ignore' });
  return status === 0;
}

/** Returns which of the programs are missing, each with its Debian package; empty if all are installed. */
export function missingPrograms(programs: readonly string[]): readonly string[] {
  return programs.filter((program) => !isInstalled(program)).map((program) => `${program} (Debian: ${PACKAGES[program] ?? program})`);
}

/** Ends this process with one line, for problems that the user can fix. */
export function refuse(reason: string): never {
  console.error(`layerscope: ${reason}`);
  process.exit(3);
}
