import { encodeUtf8, escapePath } from '#model';
import { isJarName } from './jars/jar.ts';
import { nameOf, parentOf } from './path-list.ts';
import { textOf } from './text.ts';

/** What a place contains. */
type SiteKind =
  | 'dpkg'
  | 'status-folder'
  | 'chisel'
  | 'apk'
  | 'rpm'
  | 'azure'
  | 'pacman'
  | 'opkg'
  | 'nix'
  | 'npm'
  | 'python'
  | 'gem'
  | 'nuget'
  | 'conda'
  | 'program'
  | 'jar';

/** A place where packages are described. */
export interface Site {
  readonly kind: SiteKind;
  /** Path of the file, or of the folder for kinds that consist of a folder of files; raw bytes. */
  readonly path: Uint8Array;
  /** Distinguishes equal packages at different places: the database, or the folder or file that contains the package. Escaped. */
  readonly location: string;
  /** Other folders whose files are read, and how deep; the path of a file means just that file. */
  readonly also: readonly { readonly path: string; readonly depth: number }[];
}

function site(kind: SiteKind, path: string, location: string, also: Site['also'] = []): Site {
  return { kind, path: encodeUtf8(path), location, also };
}

function rpm(folder: string): Site[] {
  return ['rpmdb.sqlite', 'Packages.db', 'Packages'].map((name) =>
    site('rpm', `${folder}/${name}`, `${folder}/${name}`, name === 'rpmdb.sqlite' ? [{ path: `${folder}/${name}-wal`, depth: 0 }] : []),
  );
}

function opkg(folder: string): Site {
  return site('opkg', folder, `${folder}/status`, [
    { path: `${folder}/status`, depth: 0 },
    { path: `${folder}/info`, depth: 1 },
  ]);
}

/** The places where system packages are described. They are the same in every image. */
export const FIXED_SITES: readonly Site[] = [
  site('dpkg', 'var/lib/dpkg', 'var/lib/dpkg/status', [
    { path: 'var/lib/dpkg/status', depth: 0 },
    { path: 'var/lib/dpkg/diversions', depth: 0 },
    { path: 'var/lib/dpkg/info', depth: 1 },
  ]),
  site('status-folder', 'var/lib/dpkg/status.d', 'var/lib/dpkg/status.d', [{ path: 'var/lib/dpkg/status.d', depth: 1 }]),
  site('chisel', 'var/lib/chisel/manifest.wall', 'var/lib/chisel/manifest.wall'),
  site('apk', 'lib/apk/db/installed', 'lib/apk/db/installed'),
  site('apk', 'usr/lib/apk/db/installed', 'usr/lib/apk/db/installed'),
  ...rpm('var/lib/rpm'),
  ...rpm('usr/lib/sysimage/rpm'),
  ...rpm('usr/share/rpm'),
  site('azure', 'var/lib/rpmmanifest/container-manifest-2', 'var/lib/rpmmanifest/container-manifest-2'),
  site('azure', 'var/lib/rpmmanifest/container-manifest-1', 'var/lib/rpmmanifest/container-manifest-1'),
  site('pacman', 'var/lib/pacman/local', 'var/lib/pacman/local', [{ path: 'var/lib/pacman/local', depth: 2 }]),
  opkg('usr/lib/opkg'),
  opkg('var/lib/opkg'),
  site('nix', 'nix/store', 'nix/store', [{ path: 'nix/store', depth: 1 }]),
];

/**
 * Returns the place described by a file, judging by its path; null for files that don't describe packages. Only needed for names that
 * {@link mayBeSite} accepts.
 */
export function siteOfFile(path: Uint8Array): Site | null {
  const name = textOf(nameOf(path));
  const folder = parentOf(path);
  const place = textOf(folder);
  const found = (kind: SiteKind, location: Uint8Array, also: Site['also'] = []): Site => ({
    kind,
    path,
    location: escapePath(location),
    also,
  });
  if (name === 'package.json') {
    const modules = /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/@.][^/]*$/.test(place) ? parentOf(folder) : null;
    if (modules === null) return null;
    return found('npm', textOf(nameOf(modules)).startsWith('@') ? parentOf(modules) : modules);
  }
  if ((name === 'METADATA' && place.endsWith('.dist-info')) || (name === 'PKG-INFO' && /(?:\.egg-info|\/EGG-INFO)$/.test(place)))
    return found('python', parentOf(folder), [{ path: place, depth: 1 }]);
  if (name.endsWith('.egg-info')) return found('python', folder);
  if (name.endsWith('.gemspec')) return /(?:^|\/)specifications(?:\/default)?$/.test(place) ? found('gem', folder) : null;
  if (name.endsWith('.deps.json')) return found('nuget', path);
  if (name.endsWith('.json')) return /(?:^|\/)conda-meta$/.test(place) ? found('conda', folder) : null;
  return isJarName(name) ? found('jar', path) : null;
}

/** Returns a program as a place. */
export function programSite(path: Uint8Array): Site {
  return { kind: 'program', path, location: escapePath(path), also: [] };
}

/**
 * Whether a file with this name may be a site: a quick test of a few bytes, because an image has a hundred thousand files and few sites.
 * Files in folders that {@link holdsSites} accepts must be checked too.
 */
export function mayBeSite(names: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length < 5) return false;
  const letter = (fromEnd: number): number => (names[end - fromEnd] as number) | 0x20;
  switch (letter(1)) {
    case 0x61: // METADATA
      return length === 8 && letter(2) === 0x74 && letter(8) === 0x6d;
    case 0x6f: // PKG-INFO, .egg-info
      return letter(2) === 0x66 && letter(3) === 0x6e;
    case 0x6e: // package.json, .deps.json
      return letter(2) === 0x6f && ((length === 12 && letter(12) === 0x70) || (length > 10 && letter(6) === 0x73 && letter(10) === DOT));
    case 0x63: // .gemspec
      return length > 8 && letter(2) === 0x65 && letter(8) === DOT;
    case 0x72: // .jar and the like
      return letter(2) === 0x61 && letter(4) === DOT;
    case 0x69: // .jpi, .hpi
      return letter(2) === 0x70 && letter(4) === DOT;
    default: // .lpkg
      return letter(1) === 0x67 && letter(2) === 0x6b && letter(5) === DOT;
  }
}

/** By byte, 1 if a name that {@link mayBeSite} or {@link holdsSites} accepts may end in it. */
export const SITE_ENDS = new Uint8Array(256);
for (const letter of 'aAoOnNcCrRiIgG') SITE_ENDS[letter.charCodeAt(0)] = 1;

/** A dot, as {@link mayBeSite} compares it. */
const DOT = 0x2e | 0x20;
const CONDA = encodeUtf8('conda-meta');

/** Whether every file in a folder with this name must be checked. */
export function holdsSites(names: Uint8Array, start: number, end: number): boolean {
  return end - start === CONDA.length && names[start] === CONDA[0] && CONDA.every((byte, at) => names[start + at] === byte);
}
