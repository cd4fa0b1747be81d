// `unshare --mount --propagation private node scripts/dist/check-fresh.ts SUITE FILE…`: tries a deb, an AppImage and a tar.gz on a freshly
// installed Debian (SUITE) with only its base system, as an ordinary user. Opens the sample, and an image of 80,000 files. The deb pulls in
// its dependencies; the others list what is missing in one line, and work once that is installed.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { benchImage } from '../../test/bench/images.ts';
import { tryInstalled } from './check-installed.ts';
import { run } from './commands.ts';
import { asUserIn, HOME, layerOver, newDebian, type Place, showFile } from './roots.ts';
import { tryAsUser, tryCommandLine } from './try-program.ts';

const sample = path.resolve(import.meta.dirname, '..', '..', 'assets', 'sample.tar');
const FILES = 80_000;
const MANY = `${HOME}/many.tar`;

/** Unpacks a package that isn't installed, as the ordinary user. Returns its command. */
function unpack(file: string, place: Place): string {
  const [program = '', ...words] = [...asUserIn(place), 'env', '-C', HOME];
  const name = path.basename(file);
  if (file.endsWith('.tar.gz')) {
    run(program, [...words, 'tar', '-xf', name]);
    return path.join(HOME, path.basename(name, '.tar.gz'), 'bin', 'layerscope');
  }
  // Without FUSE, which a minimal system and most containers lack, an AppImage must be unpacked.
  run(program, [...words, `./${name}`, '--appimage-extract']);
  return path.join(HOME, 'squashfs-root', 'AppRun');
}

/** Checks that a program whose libraries are missing lists them in one line. */
function checkRefusal(what: string, command: string, place: Place): void {
  const [program = '', ...words] = [...asUserIn(place), 'env', '-C', HOME, 'DISPLAY=:0', command];
  const { status, stderr } = spawnSync(program, words, { encoding: 'utf8' });
  if (status !== 3 || !/^layerscope: UNSUPPORTED: [^\n]*libgtk-3\.so\.0[^\n]*layerscope serve[^\n]*\n$/.test(stderr))
    throw new Error(`${what}: without its libraries it says: ${stderr} (exit ${status})`);
  console.log(`ok: ${what}: names the libraries that it lacks`);
}

const [suite = '', ...files] = process.argv.slice(2);
const deb = files.find((file) => file.endsWith('.deb'));
if (suite === '' || deb === undefined) throw new Error('usage: check-fresh.ts SUITE FILE…, with a deb among the files');
const many = benchImage({ name: 'files-80k', layers: 6, files: FILES, meanBytes: 500, filesInFolder: 12 }, false).plain;
const debian = newDebian(suite);
try {
  const kinds = files.map((file) => ({ file, what: `the ${/deb$|tar\.gz$|AppImage$/.exec(file)?.[0]} on a new Debian ${suite}` }));
  const each = async (use: (kind: (typeof kinds)[number], place: Place) => Promise<void>): Promise<void> => {
    for (const kind of kinds) {
      const place = layerOver(debian, [kind.file, sample]);
      try {
        showFile(place, many, MANY);
        await use(kind, place);
      } finally {
        place.end();
      }
    }
  };
  const trial = (place: Place) => ({
    home: HOME,
    image: `${HOME}/${path.basename(sample)}`,
    as: asUserIn(place),
    many: { file: MANY, least: FILES },
  });
  await each(async ({ file, what }, place) => {
    if (file === deb) return;
    const command = unpack(file, place);
    tryCommandLine(what, { command, ...trial(place) });
    checkRefusal(what, command, place);
  });
  const inside = (...args: string[]): string =>
    run('chroot', [debian, 'apt-get', ...args], { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive' } });
  // apt must only run inside the freshly installed system: outside, it would change this one.
  inside('update', '-qq');
  inside('-y', '-qq', '--no-install-recommends', 'satisfy', run('dpkg-deb', ['--field', deb, 'Depends']).trim());
  await each(async ({ file, what }, place) => {
    if (file === deb) await tryInstalled(what, 'deb', file, place, trial(place));
    else await tryAsUser(what, { command: unpack(file, place), ...trial(place) });
  });
} finally {
  run('rm', ['-rf', '--one-file-system', debian]);
}
