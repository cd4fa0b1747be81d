import type { Phrase } from '../language.ts';
import { formatCount } from '../numbers.ts';
import { counted, LAYERS, list } from './grammar.ts';

interface PackageCounts {
  readonly packagesA: number;
  readonly packagesB: number;
  readonly added: number;
  readonly modified: number;
  readonly removed: number;
}

const PACKAGES = { one: 'package', other: 'packages' };

/** Packages by layer. */
export const packages = {
  failed: 'Could not read the packages',
  reading: 'Reading packages…',
  none: 'No packages here',
  noneWhy:
    'Layerscope reads the databases of dpkg, rpm, apk, pacman and opkg, and npm, Python, Ruby, Go, Rust, Java, .NET, Nix and Conda packages.',
  noMatches: 'No matching package',
  found: (total: number, shown: number) => `${counted(total, PACKAGES)}${firstOnly(total, shown)}`,
  changes: (total: number, shown: number) =>
    `${counted(total, { one: 'package change', other: 'package changes' })}${firstOnly(total, shown)}`,
  /** How many packages are of one type: `12 npm`. */
  ofType: (count: number, type: string) => `${formatCount(count)} ${type}`,
  unread: (count: number) => `${counted(count, { one: 'place', other: 'places' })} could not be read completely`,
  viewTitle: (layer: number) => `Packages as seen at layer ${layer}`,
  name: 'Package',
  version: 'Version',
  files: 'Files',
  unknown: 'unknown',
  unknownWhy: 'Nothing in the image says which files belong to this package',
  listing: 'Packages in the image',
  listings: { all: 'All', layers: 'By layer' },
  allTitle: 'Packages in the whole image',
  byLayer: 'Packages by layer',
  showAllFiles: (name: string) => `${name}: show its files in the image`,
  replaces: 'Hides',
  replacesWhy: 'Bytes of the files that were replaced or removed. The layers below still contain them.',
  hiddenWhy: (size: string) => `${size} of old files, still in the layers below`,
  noChanges: 'No package changes',
  noChangesIn: (layers: number) => `No package changes in ${counted(layers, LAYERS)}`,
  /** Numbers of layers, in any order, as ranges: `0–3, 7`. */
  layerList: (layers: readonly number[]) => rangesOf([...layers].sort((a, b) => a - b)).join(', '),
  /** Bytes in all layers. */
  totals: <T>(owned: T, unowned: T): Phrase<T> => [owned, ' in packages, ', unowned, ' outside'],
  /** Explains the mark of packages whose files a layer writes again; shown after the mark. */
  writtenAgain: 'files written again, with the same version',
  unowned: 'Not owned by a package',
  unownedWhy: 'Files of this layer that no package owns',
  kinds: {
    added: 'Added',
    modified: 'Upgraded or changed: the old files are still in the layers below',
    removed: 'Removed: the files are still in the layers below',
    touched: 'Files written again: the old copies are still in the layers below',
    installed: 'Installed',
  },
  // Differences between two sides
  differencesTitle: 'Packages that differ',
  differences: ({ packagesA, packagesB, added, modified, removed }: PackageCounts) =>
    `${list([
      added === 0 ? '' : `${formatCount(added)} only in B`,
      modified === 0 ? '' : `${formatCount(modified)} in different versions`,
      removed === 0 ? '' : `${formatCount(removed)} only in A`,
    ])} (A has ${counted(packagesA, PACKAGES)}, B has ${formatCount(packagesB)})`,
  firstOnly: (shown: number) => `, showing the first ${formatCount(shown)}`,
  same: 'Same packages',
  sameButFiles: 'Same packages, but files differ: see Tree',
  sameWhy: (count: number) => `Both sides have the same ${counted(count, PACKAGES)}, in the same versions.`,
  versions: (now: string, before: string | null) => (before === null ? now : `${before} → ${now}`),
  /** The second part of `versions`, which may be on the next line. */
  becomes: (now: string) => `→ ${now}`,
  inSides: { added: 'Only in B', modified: 'Different version in A', removed: 'Only in A' },
  showInComparison: (name: string) => `${name}: show its largest file in the comparison`,
  showFiles: (name: string, layer: number) => `${name}: show its files in layer ${layer}`,
};

function rangesOf(numbers: readonly number[]): readonly string[] {
  const ranges: [first: number, last: number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`));
}

function firstOnly(total: number, shown: number): string {
  return total > shown ? `, showing the first ${formatCount(shown)}` : '';
}
