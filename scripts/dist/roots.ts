// Other systems to install packages on: a temporary overlay on a system, or a freshly installed Debian. Requires root, in a separate mount
// namespace.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { run } from './commands.ts';
import { NOBODY } from './try-program.ts';

/** The ordinary user's folder in these systems. */
export const HOME = '/home/layerscope-check';

/** Paths that are ignored because a running system or a package manager changes them. */
const BOOKS = /^\/(?:var\/(?:lib|cache|log|tmp|backups)|run|tmp|proc|sys|dev|root|etc\/(?:ld\.so\.cache|mtab|resolv\.conf|hosts))(?:\/|$)/;
/** Indexes of files from all packages. The package managers' triggers regenerate them. */
const INDEXES = /\/(?:mimeinfo\.cache|icon-theme\.cache|index\.theme)$/;
/** A folder that exists on every system with rpm packages, but not on Debian. */
const OF_RPM_SYSTEMS = '/usr/share/licenses';

/** Lists files, links and empty folders below a root, by path. */
function listTree(top: string): ReadonlySet<string> {
  const found = new Set<string>();
  const walk = (folder: string): void => {
    const entries = readdirSync(path.join(top, folder), { withFileTypes: true });
    for (const entry of entries) {
      const name = path.posix.join(folder, entry.name);
      if (BOOKS.test(name) || INDEXES.test(name) || name.startsWith(HOME)) continue;
      if (name !== OF_RPM_SYSTEMS) found.add(name);
      if (entry.isDirectory()) walk(name);
    }
  };
  walk('/');
  return found;
}

/** A system to install packages on. */
export interface Place {
  /** The system's root. */
  readonly folder: string;
  /** Lists what was added to the system and is still there: files, links and folders. */
  added(): readonly string[];
  /** Runs a program as root inside the system. Throws with its output if it fails. */
  inside(program: string, ...args: string[]): string;
  /** Discards the system with everything that was done to it. */
  end(): void;
}

/** Provides a root with /proc, /sys and /dev. The last contains copies of a few devices; this system's own /dev is never mounted. */
function mountKernel(folder: string): void {
  run('mount', ['-t', 'proc', 'proc', path.join(folder, 'proc')]);
  run('mount', ['-t', 'sysfs', '-o', 'ro', 'sysfs', path.join(folder, 'sys')]);
  const devices = path.join(folder, 'dev');
  run('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', devices]);
  for (const name of ['null', 'zero', 'full', 'random', 'urandom', 'tty']) run('cp', ['-a', `/dev/${name}`, path.join(devices, name)]);
  mkdirSync(path.join(devices, 'shm'));
  chmodSync(path.join(devices, 'shm'), 0o1777);
  symlinkSync('/proc/self/fd', path.join(devices, 'fd'));
}

/** Lays a new layer over a system, in memory. The layer contains only the ordinary user's folder, with copies of the files. */
export function layerOver(system: string, files: readonly string[]): Place {
  const work = mkdtempSync(path.join(tmpdir(), 'layerscope-layer-'));
  run('mount', ['-t', 'tmpfs', 'tmpfs', work]);
  for (const name of ['upper', 'work', 'root']) mkdirSync(path.join(work, name));
  const folder = path.join(work, 'root');
  const upper = path.join(work, 'upper');
  run('mount', ['-t', 'overlay', 'overlay', '-o', `lowerdir=${system},upperdir=${upper},workdir=${path.join(work, 'work')}`, folder]);
  mountKernel(folder);
  const home = path.join(folder, HOME);
  mkdirSync(home, { recursive: true });
  for (const file of files) copyFileSync(file, path.join(home, path.basename(file)));
  run('chown', ['-R', `${NOBODY}:${NOBODY}`, home]);
  return {
    folder,
    // Folders that the system also has weren't added: they are in the layer only because something was written below them.
    added: () => [...listTree(upper)].filter((name) => !isFolder(path.join(upper, name)) || !existsSync(path.join(system, name))),
    inside: (program, ...args) =>
      run('chroot', [folder, program, ...args], {
        env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' },
      }),
    end: () => {
      run('umount', ['--recursive', '--lazy', work]);
      rmdirSync(work);
    },
  };
}

function isFolder(file: string): boolean {
  return lstatSync(file).isDirectory();
}

/** Bind-mounts one of this system's files at a path in a place. The ordinary user can read it if its mode allows that. */
export function showFile({ folder }: Place, file: string, at: string): void {
  const target = path.join(folder, at);
  copyFileSync('/dev/null', target);
  run('mount', ['--bind', file, target]);
}

/**
 * Returns the command that switches to the ordinary user in a place; append a program and its arguments. Uses pivot_root, not chroot: in a
 * chroot the kernel refuses user namespaces, which Chromium's sandbox needs where it isn't installed set-user-ID.
 */
export function asUserIn({ folder }: Place): readonly string[] {
  const script = `cd "$0" && pivot_root . mnt && umount --lazy /mnt && exec setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups "$@"`;
  return ['unshare', '--mount', '--propagation', 'private', 'env', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'sh', '-c', script, folder];
}

/** Installs a Debian with only its base system, from this machine's own package archive. Returns its folder. */
export function newDebian(suite: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), `layerscope-${suite}-`));
  chmodSync(folder, 0o755);
  run('debootstrap', ['--variant=minbase', suite, folder, ...debianAddress()]);
  for (const name of ['resolv.conf', 'hosts']) copyFileSync(`/etc/${name}`, path.join(folder, 'etc', name));
  return folder;
}

/** Returns the address that this machine gets Debian's packages from; empty to let debootstrap choose. */
function debianAddress(): readonly string[] {
  const files = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list'].filter(existsSync);
  const address = /^(?:URIs:|deb(?: +\[[^\]]*\])?)\s+(\S+)/m.exec(files.map((file) => readFileSync(file, 'utf8')).join('\n'))?.[1];
  return address === undefined ? [] : [address];
}
