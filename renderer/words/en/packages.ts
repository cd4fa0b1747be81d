import type { Phrase } from '../language.ts';
import { formatCount } from '../numbers.ts';
import { counted } from './grammar.ts';

const PACKAGES = { one: 'package', other: 'packages' };

/** Packages by layer. */
export const packages = {
  failed: 'Could not read the packages',
  reading: 'Reading packages…',
  none: 'No packages here',
  noneWhy:
    'Layerscope reads the databases of dpkg, rpm, apk, pacman and opkg, and packages of npm, Python, Ruby, Go, Rust, Java, .NET, Nix and Conda.',
  noMatches: 'No matching package',
  found: (total: number, shown: number) => `${counted(total, PACKAGES)}${firstOnly(total, shown)}`,
  changes: (total: number, shown: number) =>
    `${counted(total, { one: 'package change', other: 'package changes' })}${firstOnly(total, shown)}`,
  more: 'Show more',
  unread: (count: number) => `${counted(count, { one: 'place', other: 'places' })} could not be read completely`,
  viewTitle: (layer: number) => `Packages as seen at layer ${layer}`,
  name: 'Package',
  version: 'Version',
  files: 'Files',
  was: (version: string) => ` was ${version}`,
  hiddenBelow: <T>(size: T): Phrase<T> => [' · ', size, ' below'],
  hiddenWhy: (size: string) => `${size} of the old files are still in the layers below`,
  noChanges: 'No package changes',
  /** Bytes of all layers. */
  totals: <T>(owned: T, unowned: T): Phrase<T> => [owned, ' in packages, ', unowned, ' not owned by a package'],
  unowned: 'Not owned by a package',
  unownedWhy: 'Files of this layer that no package owns',
  kinds: {
    added: 'Added',
    modified: 'Upgraded or changed: the old files are still in the layers below',
    removed: 'Removed: the files are still in the layers below',
    touched: 'Files written again: the old copies are still in the layers below',
    installed: 'Installed',
  },
  showFiles: (name: string, layer: number) => `${name}: show its files in layer ${layer}`,
  layerSums: <T>(size: T, count: number): Phrase<T> => (count === 0 ? [size] : [size, ` · ${counted(count, PACKAGES)}`]),
};

function firstOnly(total: number, shown: number): string {
  return total > shown ? `, showing the first ${formatCount(shown)}` : '';
}
