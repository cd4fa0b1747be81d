import { LayerscopeError } from '#model';
import { ownText } from './text.ts';

/** Types of packages, as in package URLs. Every image is searched for all of them. */
export const PACKAGE_TYPES = [
  'deb',
  'rpm',
  'apk',
  'alpm',
  'opkg',
  'npm',
  'pypi',
  'gem',
  'golang',
  'cargo',
  'maven',
  'nuget',
  'nix',
  'conda',
] as const;
export type PackageType = (typeof PACKAGE_TYPES)[number];

const SYSTEM_TYPES: ReadonlySet<PackageType> = new Set(['deb', 'rpm', 'apk', 'alpm', 'opkg']);

/**
 * Whether packages of this type belong to the system's package manager. If such a package and one of a language both list a path, the
 * system's package owns it.
 */
export function isSystemType(type: PackageType): boolean {
  return SYSTEM_TYPES.has(type);
}

/** The files that a package lists. Paths are raw bytes, each terminated by a NUL; a leading `/` is optional. */
export interface OwnedFiles {
  readonly paths: Uint8Array;
  /** Folders that belong to the package with everything below them, except for packages nested in them. */
  readonly folders: Uint8Array;
}

/** A package as described by its database. */
export interface FoundPackage {
  readonly type: PackageType;
  readonly name: string;
  readonly arch: string | null;
  /** Includes the epoch unless it is 0. */
  readonly version: string;
  /** For deb and opkg: `installed`, `config-files`, … */
  readonly status: string | null;
  readonly source: string | null;
  readonly sourceVersion: string | null;
  readonly license: string | null;
  /** The size stated in the database, in bytes. */
  readonly statedBytes: number | null;
  readonly files: OwnedFiles;
}

/** The optional fields of a package. */
type Details = Partial<Omit<FoundPackage, 'type' | 'name' | 'version'>>;

const NOTHING = new Uint8Array(0);
/** Marks a package whose files aren't known. Any other empty list means that the package has no files. */
export const NO_FILES: OwnedFiles = { paths: NOTHING, folders: NOTHING };

/** Whether a package's files are known. They aren't for a module compiled into a program, or if a database lacks the list. */
export function knowsFiles({ files: { paths, folders } }: Pick<FoundPackage, 'files'>): boolean {
  return paths !== NO_FILES.paths || folders !== NO_FILES.folders;
}

/** Maximum length of a name, version or other string, in UTF-16 code units. */
const MAX_TEXT = 1000;

/**
 * Maximum number of packages in a database. The largest distributions have somewhat more packages in total; a desktop has a tenth of that
 * installed.
 */
const MAX_PACKAGES = 50_000;

/** Throws TOO_LARGE if `count` packages are more than any real database has. */
export function checkCount(count: number): void {
  if (count > MAX_PACKAGES) throw new LayerscopeError('TOO_LARGE', `a database with more than ${MAX_PACKAGES} packages`);
}

/** Maximum total length of the paths listed in a database, in bytes: a desktop's take 40 MB. */
const MAX_PATH_BYTES = 96 * 1024 * 1024;

/** Collects the packages of a database. */
export class FoundPackages {
  readonly all: FoundPackage[] = [];
  #pathBytes = 0;

  /** Adds a package unless it is null. Throws TOO_LARGE for too many packages or paths. */
  add(each: FoundPackage | null): void {
    if (each === null) return;
    checkCount(this.all.length + 1);
    this.#pathBytes += each.files.paths.length;
    if (this.#pathBytes > MAX_PATH_BYTES) throw new LayerscopeError('TOO_LARGE', 'a database that lists more than 96 MiB of paths');
    this.all.push(each);
  }
}

/** Creates a package, with strings cut to a sensible length. Null without a name or version. */
export function foundPackage(type: PackageType, name: string, version: string, details: Details = {}): FoundPackage | null {
  if (name === '' || version === '') return null;
  const cut = (text: string | null | undefined): string | null => (text ? ownText(text.slice(0, MAX_TEXT)) : null);
  return {
    type,
    name: ownText(name.slice(0, MAX_TEXT)),
    arch: cut(details.arch),
    version: ownText(version.slice(0, MAX_TEXT)),
    status: cut(details.status),
    source: cut(details.source),
    sourceVersion: cut(details.sourceVersion),
    license: cut(details.license),
    statedBytes: details.statedBytes ?? null,
    files: details.files ?? NO_FILES,
  };
}

/** Whether only leftovers of the package remain: its files are gone, except perhaps for configuration. */
export function isGone({ status }: Pick<FoundPackage, 'status'>): boolean {
  return status === 'config-files' || status === 'not-installed';
}

/** Removes an epoch of 0 from a version. */
export function withoutZeroEpoch(version: string): string {
  return version.startsWith('0:') ? version.slice(2) : version;
}
