// Third-party components of a package: the list from which both the SBOM and the licences are made.
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { run } from './commands.ts';
import { nodeLicence, nodeVersion } from './node-runtime.ts';

const root = path.resolve(import.meta.dirname, '..', '..');

/** Something that others wrote. `licence`: an SPDX expression. */
export interface Component {
  readonly name: string;
  readonly version: string;
  readonly kind: 'npm' | 'runtime' | 'part';
  readonly licence: string | null;
  /** Where the component is in a package, in words. */
  readonly where: readonly string[];
  /** Text of the licence; null for a part of a runtime, because the runtime's own licence file contains it. */
  readonly text: string | null;
  /** Checksum of an npm package's tarball, from package-lock.json, in hexadecimal digits. */
  readonly sha512: string | null;
  /** The component that contains this one. */
  readonly within: string | null;
}

const BUILDS: readonly (readonly [string, string])[] = [
  ['electron', 'main process'],
  ['renderer', 'window'],
  ['.', 'command line'],
];

/** Returns the packages in node_modules that a source map's sources come from, by name, with the folder of each. */
function packagesOfMap(map: string): ReadonlyMap<string, string> {
  const { sources } = JSON.parse(readFileSync(map, 'utf8')) as { readonly sources: readonly (string | null)[] };
  const found = new Map<string, string>();
  for (const source of sources) {
    // Modules of the bundler's own runtime have a NUL in their names.
    if (source === null || source.includes('\0')) continue;
    const file = path.resolve(path.dirname(map), source.replace(/\?.*$/, ''));
    const at = file.lastIndexOf(`${path.sep}node_modules${path.sep}`);
    if (at < 0) continue;
    const [first = '', second = ''] = file.slice(at + '/node_modules/'.length).split(path.sep);
    const name = first.startsWith('@') ? `${first}/${second}` : first;
    found.set(name, path.join(file.slice(0, at), 'node_modules', name));
  }
  return found;
}

/**
 * Returns the packages bundled into a build, by name, and the parts of the build that contain each. `build`: a folder made by
 * `scripts/build.ts`.
 */
export function bundledPackages(build: string): ReadonlyMap<string, { readonly folder: string; readonly where: readonly string[] }> {
  const found = new Map<string, { folder: string; where: Set<string> }>();
  for (const map of globSync('**/*.map', { cwd: build })) {
    const [, where = ''] = BUILDS.find(([folder]) => folder === '.' || map.startsWith(`${folder}${path.sep}`)) ?? [];
    for (const [name, folder] of packagesOfMap(path.join(build, map))) {
      const known = found.get(name) ?? { folder, where: new Set() };
      known.where.add(where);
      found.set(name, known);
    }
  }
  return new Map([...found].map(([name, { folder, where }]) => [name, { folder, where: [...where].sort() }]));
}

interface PackageJson {
  readonly version: string;
  readonly license?: string | { readonly type: string };
  readonly author?: string | { readonly name: string };
}

/** Returns a package's licence texts with its notices or, if it has none, the statement in its package.json. */
function licenceText(folder: string, { license, author }: PackageJson): string {
  const names = readdirSync(folder)
    .filter((name) => /^(licen[cs]e|copying|notice)/i.test(name))
    .sort();
  if (names.length > 0) return names.map((name) => readFileSync(path.join(folder, name), 'utf8').trim()).join('\n\n');
  const by = typeof author === 'string' ? author : author?.name;
  return `${by === undefined ? '' : `By ${by}. `}Licensed under ${typeof license === 'string' ? license : (license?.type ?? 'unknown terms')}.`;
}

function npmComponent(name: string, folder: string, where: readonly string[]): Component {
  const stated = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as PackageJson;
  const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly integrity?: string }>>;
  };
  const integrity = packages[path.relative(root, folder).replaceAll('\\', '/')]?.integrity;
  const licence = typeof stated.license === 'string' ? stated.license : (stated.license?.type ?? null);
  return {
    ...{ name, version: stated.version, kind: 'npm', licence, where, within: null },
    text: licenceText(folder, stated),
    sha512: integrity?.startsWith('sha512-') ? Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex') : null,
  };
}

/** Keys of `process.versions` whose values aren't versions of software, or are stated elsewhere. */
const NO_PARTS = new Set(['node', 'electron', 'modules', 'napi', 'unicode', 'cldr', 'tz']);

function partsOf(versions: Readonly<Record<string, string>>, within: string, where: readonly string[]): readonly Component[] {
  return Object.entries(versions)
    .filter(([name]) => !NO_PARTS.has(name))
    .map(([name, version]) => ({
      ...{ name: name === 'chrome' ? 'chromium' : name, version, kind: 'part', licence: null, where, text: null, sha512: null, within },
    }));
}

function versionsOf(program: string): Readonly<Record<string, string>> {
  const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
  return JSON.parse(run(program, ['-p', 'JSON.stringify(process.versions)'], { env })) as Readonly<Record<string, string>>;
}

/**
 * Returns all third-party components of a package: Electron and Node with what they contain, bundled packages, and koffi. `electron`: the
 * program of a runtime for this system, whose parts are the same on every processor. `build`: the folder made by `scripts/build.ts`.
 */
export function listComponents(electron: string, build: string): readonly Component[] {
  const npm = [...bundledPackages(build)].map(([name, { folder, where }]) => npmComponent(name, folder, where));
  const koffi = npmComponent('koffi', path.join(root, 'node_modules', 'koffi'), ['main process']);
  const ofElectron = versionsOf(electron);
  const ofNode = versionsOf(process.execPath);
  const electronLicence = ['LICENSE', 'LICENSE.electron.txt'].map((name) => path.join(path.dirname(electron), name)).find(existsSync);
  const runtimes: Component[] = [
    {
      ...{ name: 'electron', version: ofElectron.electron ?? '', kind: 'runtime', licence: 'MIT', where: ['program'], sha512: null },
      text: electronLicence === undefined ? null : readFileSync(electronLicence, 'utf8'),
      within: null,
    },
    ...partsOf(ofElectron, 'electron', ['program']),
    {
      ...{ name: 'node', version: ofElectron.node ?? '', kind: 'part', licence: 'MIT', where: ['program'], text: null },
      sha512: null,
      within: 'electron',
    },
    {
      ...{ name: 'node', version: nodeVersion(), kind: 'runtime', licence: 'MIT', where: ['command line'], sha512: null, within: null },
      text: nodeLicence(process.arch),
    },
    ...partsOf(ofNode, 'node', ['command line']),
  ];
  return [...runtimes, ...[...npm, koffi].sort((a, b) => (a.name < b.name ? -1 : 1))];
}
