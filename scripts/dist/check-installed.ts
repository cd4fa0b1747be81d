// `unshare --mount --propagation private node scripts/dist/check-installed.ts deb|rpm FILE`: installs a package on top of this system, in a
// temporary overlay, uses it as an ordinary user, and removes it. Fails if the removal leaves anything behind. The overlay disappears when
// the process ends.
import path from 'node:path';
import { run } from './commands.ts';
import { asUserIn, HOME, layerOver, type Place } from './roots.ts';
import { type Trial, tryAsUser } from './try-program.ts';

const sample = path.resolve(import.meta.dirname, '..', '..', 'assets', 'sample.tar');

/** Installs a package with the system's own tool, uses it and removes it. Throws if anything doesn't work or is left behind. */
export async function tryInstalled(
  what: string,
  kind: 'deb' | 'rpm',
  file: string,
  place: Place,
  trial: Partial<Trial> = {},
): Promise<void> {
  const { folder, inside } = place;
  const packageFile = path.join(HOME, path.basename(file));
  const before = new Set(place.added());
  if (kind === 'deb') inside('dpkg', '--install', packageFile);
  else inside('rpm', '--install', '--nodeps', '--force-debian', packageFile);
  const missing = inside(
    'sh',
    '-c',
    'find /usr/lib/layerscope -type f -exec sh -c \'ldd "$1" 2>/dev/null | sed -n "s|.*=> not found|$1: &|p"\' sh {} \\;',
  ).trim();
  if (missing !== '') throw new Error(`libraries that nothing brings:\n${missing}`);
  const image = `${HOME}/${path.basename(sample)}`;
  // The command is started by name alone, because it is on every user's PATH.
  await tryAsUser(what, { command: 'layerscope', home: HOME, image, as: asUserIn(place), ...trial });
  run('gzip', ['--test', path.join(folder, 'usr/share/man/man1/layerscope.1.gz')]);
  if (kind === 'deb') inside('dpkg', '--purge', 'layerscope');
  else inside('rpm', '--erase', 'layerscope');
  const left = place.added().filter((name) => !before.has(name));
  if (left.length > 0) throw new Error(`the removal left:\n  ${left.slice(0, 20).join('\n  ')}`);
  console.log(`ok: ${what}: installed, used, and removed without a trace`);
}

async function main(): Promise<void> {
  const [kind, file = ''] = process.argv.slice(2);
  if (kind !== 'deb' && kind !== 'rpm') throw new Error('usage: check-installed.ts deb|rpm FILE');
  const place = layerOver('/', [file, sample]);
  try {
    await tryInstalled(`the ${kind}`, kind, file, place);
  } finally {
    place.end();
  }
}

if (import.meta.main) await main();
