// `unshare --mount --propagation private node scripts/dist/check-installed.ts deb|rpm FILE [SUITE]`: installs a package, uses it as an ordinary
// user, and removes it, in a layer over this system that ends with the process; with SUITE, on a new Debian of that name, with the packages
// that it depends on. Fails if anything stays after the removal.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
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
import { NOBODY, tryAsUser } from './try-program.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const HOME = '/home/layerscope-check';

/** Folders in which package managers keep what they know, and caches that they make anew. */
const BOOKS = /^\/(?:var\/(?:lib|cache|log|tmp|backups)|run|tmp|proc|sys|dev|root|etc\/(?:ld\.so\.cache|mtab|resolv\.conf|hosts))(?:\/|$)/;
/** Indexes of all packages' files, which triggers write anew. */
const INDEXES = /\/(?:mimeinfo\.cache|icon-theme\.cache|index\.theme)$/;

/** A folder that every system of rpm packages has, and Debian doesn't. */
const OF_RPM_SYSTEMS = '/usr/share/licenses';

/** Lists files, links and empty folders below a root, by their paths there. */
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

interface Place {
  /** The system's root. */
  readonly folder: string;
  /** Lists what may show a trace. */
  list(): ReadonlySet<string>;
  end(): void;
}

/** Lays an empty layer over this system, in memory. */
function layerOverSystem(): Place {
  const work = mkdtempSync(path.join(tmpdir(), 'layerscope-layer-'));
  run('mount', ['-t', 'tmpfs', 'tmpfs', work]);
  for (const name of ['upper', 'work', 'root']) mkdirSync(path.join(work, name));
  const folder = path.join(work, 'root');
  const upper = path.join(work, 'upper');
  run('mount', ['-t', 'overlay', 'overlay', '-o', `lowerdir=/,upperdir=${upper},workdir=${path.join(work, 'work')}`, folder]);
  // Of what the layer holds, folders that the system has, too, are no trace.
  const list = (): ReadonlySet<string> =>
    new Set([...listTree(upper)].filter((name) => !lstatSync(path.join(upper, name)).isDirectory() || !existsSync(name)));
  return {
    folder,
    list,
    end: () => {
      run('umount', ['--recursive', '--lazy', work]);
      rmdirSync(work);
    },
  };
}

/** Makes a new Debian with nothing in it. */
function newDebian(suite: string): Place {
  const folder = mkdtempSync(path.join(tmpdir(), `layerscope-${suite}-`));
  rmdirSync(folder);
  run('mmdebstrap', ['--variant=minbase', '--mode=root', '--quiet', suite, folder, ...debianSources(suite)]);
  for (const name of ['resolv.conf', 'hosts']) copyFileSync(`/etc/${name}`, path.join(folder, 'etc', name));
  const end = (): void => {
    for (const name of ['proc', 'sys', 'dev']) spawnSync('umount', ['--recursive', '--lazy', path.join(folder, name)]);
    run('rm', ['-rf', '--one-file-system', folder]);
  };
  return { folder, list: () => listTree(folder), end };
}

/** This machine's own archive of Debian's packages, for another release. */
function debianSources(suite: string): readonly string[] {
  const files = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list'].filter(existsSync);
  const address = /^(?:URIs:|deb(?: +\[[^\]]*\])?)\s+(\S+)/m.exec(files.map((file) => readFileSync(file, 'utf8')).join('\n'))?.[1];
  return address === undefined ? [] : [`deb ${address} ${suite} main`];
}

/** Gives a root the kernel's files: copies of a few devices, never this system's own folder of them. */
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

const [kind, file = '', suite] = process.argv.slice(2);
if (kind !== 'deb' && kind !== 'rpm') throw new Error('usage: check-installed.ts deb|rpm FILE [SUITE]');
const what = `the ${kind}${suite === undefined ? '' : ` on a new Debian ${suite}`}`;
const place = suite === undefined ? layerOverSystem() : newDebian(suite);
try {
  const { folder } = place;
  const inside = (program: string, ...args: string[]): string =>
    run('chroot', [folder, program, ...args], {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' },
    });
  mountKernel(folder);
  const home = path.join(folder, HOME);
  mkdirSync(home, { recursive: true });
  const packageFile = path.join(HOME, path.basename(file));
  copyFileSync(file, path.join(folder, packageFile));
  copyFileSync(path.join(root, 'assets', 'sample.tar'), path.join(home, 'dropped.tar'));
  chownSync(home, NOBODY, NOBODY);
  if (suite !== undefined) {
    // apt itself must only ever run inside: outside, it would change this system.
    inside('apt-get', 'update', '-qq');
    inside('apt-get', '-y', '-qq', '--no-install-recommends', 'satisfy', run('dpkg-deb', ['--field', file, 'Depends']).trim());
  }
  const before = place.list();
  if (kind === 'deb') inside('dpkg', '--install', packageFile);
  else inside('rpm', '--install', '--nodeps', '--force-debian', packageFile);
  const missing = inside(
    'sh',
    '-c',
    'find /usr/lib/layerscope -type f -exec sh -c \'ldd "$1" 2>/dev/null | sed -n "s|.*=> not found|$1: &|p"\' sh {} \\;',
  ).trim();
  if (missing !== '') throw new Error(`libraries that nothing brings:\n${missing}`);
  await tryAsUser(what, {
    command: '/usr/bin/layerscope',
    home: HOME,
    image: `${HOME}/dropped.tar`,
    as: ['chroot', `--userspec=${NOBODY}:${NOBODY}`, folder],
  });
  for (const page of ['man1/layerscope.1.gz']) run('gzip', ['--test', path.join(folder, 'usr/share/man', page)]);
  if (kind === 'deb') inside('dpkg', '--purge', 'layerscope');
  else inside('rpm', '--erase', 'layerscope');
  const left = [...place.list()].filter((name) => !before.has(name));
  if (left.length > 0) throw new Error(`the removal left:\n  ${left.slice(0, 20).join('\n  ')}`);
  console.log(`ok: ${what}: installed, used, and removed without a trace`);
} finally {
  place.end();
}
