import type { PackageRow, PackagesReport } from '#contract';
import { bySize } from './order.ts';
import type { ImagePackages, InstalledPackage, PackageChange } from './packages-of.ts';
import { hasText } from './text-filter.ts';

/** Which of an image's packages are wanted. */
export interface PackagesWanted {
  /** What layers did to packages, or the packages as seen at the top of those that were read. */
  readonly of: { readonly what: 'changes'; readonly from: number; readonly to: number } | { readonly what: 'view' };
  /** Only packages that have it, ignoring case: {@link hasText}. */
  readonly text: string;
  readonly start: number;
  readonly count: number;
}

const KIND_ORDER: readonly PackageRow['kind'][] = ['added', 'modified', 'removed', 'touched', 'installed'];

/** A page of an image's packages for the window, the newest layer first, as in the chain. */
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
 * Where a package's row leads: to its folder if all of its files are in that one, as those of npm's are; else to its largest file. npm's
 * are located in a folder `node_modules`, and have their own in it, or in that of their scope: `@babel/core`.
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
