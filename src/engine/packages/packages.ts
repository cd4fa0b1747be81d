// The door to packages by layer, separate from the engine's so that other commands don't load it.
export { PACKAGE_TYPES } from '#packages';
export { comparePackages } from './compare-packages.ts';
export { bySize } from './order.ts';
export { packageLines } from './package-lines.ts';
export {
  type ImagePackages,
  type InstalledPackage,
  installedPackages,
  type LayerPackages,
  type PackageChange,
  packagesOf,
} from './packages-of.ts';
export { ownersOf } from './path-owners.ts';
