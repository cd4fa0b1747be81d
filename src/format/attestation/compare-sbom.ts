// Compares what an SBOM lists with the packages that are really in the image.
import { type PackageName, parsePackageUrl } from './package-url.ts';
import type { SbomPackage } from './sbom.ts';

export type { PackageName } from './package-url.ts';

/** A package with different versions in the SBOM and in the image. */
interface OtherVersion {
  readonly type: string;
  readonly name: string;
  /** Versions that only the SBOM lists. */
  readonly stated: readonly string[];
  /** Versions that are only in the image. */
  readonly found: readonly string[];
}

/** How an SBOM differs from an image. Lists are sorted by type and name. */
export interface SbomDifferences {
  readonly onlyStated: readonly PackageName[];
  readonly onlyFound: readonly PackageName[];
  readonly otherVersion: readonly OtherVersion[];
  /** Number of packages in both, counting each version once. */
  readonly same: number;
  /**
   * Number of packages in the SBOM that can't be compared, because they have no package URL or their type was not searched for in the
   * image.
   */
  readonly notCompared: number;
}

interface Versions {
  readonly stated: Map<string, PackageName>;
  readonly found: Map<string, PackageName>;
}

/**
 * Compares an SBOM's packages with an image's. `types`: the package types that were searched for in the image; others can't be compared.
 * Architectures are ignored, because SBOMs often omit them.
 */
export function compareSbom(stated: readonly SbomPackage[], found: readonly PackageName[], types: ReadonlySet<string>): SbomDifferences {
  const packages = new Map<string, Versions>();
  const versionsOf = ({ type, name }: PackageName): Versions => {
    const key = `${type} ${comparedName(type, name)}`;
    const known = packages.get(key) ?? { stated: new Map(), found: new Map() };
    packages.set(key, known);
    return known;
  };
  let notCompared = 0;
  for (const { purl } of stated) {
    const each = purl === null ? null : parsePackageUrl(purl);
    if (each === null || !types.has(each.type)) notCompared++;
    else versionsOf(each).stated.set(comparedVersion(each), each);
  }
  for (const each of found) versionsOf(each).found.set(comparedVersion(each), each);
  return { ...differences(packages), notCompared };
}

function differences(packages: ReadonlyMap<string, Versions>): Omit<SbomDifferences, 'notCompared'> {
  const onlyStated: PackageName[] = [];
  const onlyFound: PackageName[] = [];
  const otherVersion: OtherVersion[] = [];
  let same = 0;
  for (const [, { stated, found }] of [...packages].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const missing = [...stated].flatMap(([version, each]) => (found.has(version) ? [] : [each]));
    const more = [...found].flatMap(([version, each]) => (stated.has(version) ? [] : [each]));
    same += stated.size - missing.length;
    const [first] = more;
    if (first !== undefined && missing.length > 0)
      otherVersion.push({ type: first.type, name: first.name, stated: missing.map(shownVersion), found: more.map(shownVersion) });
    else {
      // Pushed one by one, because a package may have more versions than a call can take arguments.
      for (const each of missing) onlyStated.push(each);
      for (const each of more) onlyFound.push(each);
    }
  }
  return { onlyStated, onlyFound, otherVersion, same };
}

function shownVersion({ version }: PackageName): string {
  return version ?? '';
}

/** Python package names are case-insensitive, and all separators in them are equivalent. Source: PEP 503. */
function comparedName(type: string, name: string): string {
  if (type === 'pypi') return name.toLowerCase().replace(/[-_.]{1,99}/g, '-');
  return type === 'npm' ? name.toLowerCase() : name;
}

/** Go's versions begin with `v` in the module file, but not in every SBOM; an epoch of 0 is often omitted. */
function comparedVersion({ type, version }: PackageName): string {
  const text = version ?? '';
  if (type === 'golang') return text.replace(/^v/, '');
  return type === 'deb' || type === 'rpm' ? text.replace(/^0:/, '') : text;
}
