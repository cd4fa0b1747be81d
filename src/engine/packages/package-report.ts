import type { PackageRow, PackagesReport } from '#contract';
import { bySize } from './order.ts';
import type { ImagePackages, InstalledPackage, PackageChange } from './packages-of.ts';
import { hasText } from './text-filter.ts';

/** Which of an image's packages to return. */
export interface PackagesWanted {
  /** What layers did to packages, or the packages as seen at the top layer that was read. */
  readonly of: { readonly what: 'changes'; readonly from: number; readonly to: number } | { readonly what: 'view' };
  /** Only packages that contain this text are returned, ignoring case; see {@link hasText}. */
  readonly text: string;
  readonly start: number;
  readonly count: number;
}

const KIND_ORDER: readonly PackageRow['kind'][] = ['added', 'modified', 'removed', 'touched', 'installed'];

/** Returns a page of an image's packages for the window. Changes of the newest layer come first, as in the window's list of layers. */
export function packagesReport(packages: ImagePackages, { of, text, start, count }: PackagesWanted): PackagesReport {
  const wanted = text.toLowerCase();
  const layers = of.what === 'view' ? [] : packages.layers.slice(of.from, of.to + 1).reverse();
  const entries: Entry[] =
    of.what === 'view'
      ? packages.installed().map((each) => ({ ...each, kind: 'installed' as const }))
      : layers.flatMap(({ layer, changes }) => changes.map((change) => ({ layer, ...change })));
  const matching = entries.filter((each) => hasText(each, [each.version], wanted));
  const byLayer = of.what === 'view' ? () => 0 : (a: Entry, b: Entry): number => b.layer - a.layer;
  matching.sort((a, b) => byLayer(a, b) || KIND_ORDER.indexOf(a.kind) - KIND_ORDER.indexOf(b.kind) || bySize(a, b));
  return {
    layers: layers.map(({ layer, packages: number, bytes, unownedBytes, changes }) => {
      const count = (kind: PackageRow['kind']): number => changes.filter((change) => change.kind === kind).length;
      const counts = { added: count('added'), modified: count('modified'), removed: count('removed') };
      return { layer, packages: number, ...counts, bytes, unownedBytes };
    }),
    total: matching.length,
    rows: matching.slice(start, start + count).map((each) => rowOf(packages, each)),
    problems: packages.problems.length,
  };
}

type Entry = (PackageChange & { readonly layer: number }) | (InstalledPackage & { readonly kind: 'installed' });

/**
 * Returns the path that a package's row leads to: an npm package's own folder, any other package's largest file. The location of an npm
 * package is a `node_modules` folder, which contains the package's own folder or that of its scope, as in `@babel/core`.
 */
export function leadsTo({ type, location }: Pick<PackageRow, 'type' | 'location'>, largest: string | null): string | null {
  if (type !== 'npm' || !largest?.startsWith(`${location}/`)) return largest;
  const [first = '', second] = largest.slice(location.length + 1).split('/');
  return `${location}/${first.startsWith('@') ? `${first}/${second}` : first}`;
}

function rowOf(packages: ImagePackages, each: Entry): PackageRow {
  const { layer, kind, type, name, arch, version, location, files, bytes, filesKnown, largest } = each;
  const before = 'previous' in each ? each.previous?.version : undefined;
  return {
    layer,
    kind,
    type,
    name,
    arch,
    version,
    previousVersion: before === undefined || before === version ? null : before,
    location,
    files,
    bytes,
    filesKnown,
    hiddenBytes: ('hiddenBytes' in each ? each.hiddenBytes : null) ?? null,
    path: leadsTo(each, packages.pathOf(largest)),
  };
}
