import type { PackageDifference } from '#contract';
import { grouped } from '#model';
import type { LoadedImage } from '../image/types.ts';
import { Identities } from './identities.ts';
import { type InstalledPackage, installedPackages } from './packages-of.ts';
import { pairEqual } from './pair-equal.ts';

/** An image as seen at a layer. */
interface View {
  readonly loaded: LoadedImage;
  readonly layer: number;
}

/** A package that differs, as it is on each side. */
export type PackagePair =
  | { readonly kind: 'added'; readonly before: null; readonly now: InstalledPackage }
  | { readonly kind: 'modified'; readonly before: InstalledPackage; readonly now: InstalledPackage }
  | { readonly kind: 'removed'; readonly before: InstalledPackage; readonly now: null };

/** Compares the packages of two views, as {@link pairPackages} does. Throws CANCELLED, IO. */
export async function comparePackages(a: View, b: View, { signal }: { readonly signal?: AbortSignal } = {}): Promise<PackageDifference[]> {
  const [before, now] = [await installedIn(a, signal), await installedIn(b, signal)];
  return pairPackages(before, now).map(differenceOf);
}

async function installedIn({ loaded, layer }: View, signal: AbortSignal | undefined): Promise<readonly InstalledPackage[]> {
  if (layer < 0) return [];
  return installedPackages(loaded, { layer, ...(signal === undefined ? {} : { signal }) });
}

/**
 * Pairs the packages of two views and returns those whose versions differ. Packages with the same type, name, architecture and location
 * count as the same package. If several versions are installed side by side, equal ones are paired first; the others are paired in order,
 * as upgrades. The result has the packages of the second view first, in its order, then the removed ones.
 */
export function pairPackages(before: readonly InstalledPackage[], now: readonly InstalledPackage[]): PackagePair[] {
  const identities = new Identities();
  const keyOf = (each: InstalledPackage): string => identities.of(each, each.location);
  const olds = grouped(before, keyOf);
  const partners = new Map<InstalledPackage, InstalledPackage | null>();
  for (const [key, group] of grouped(now, keyOf)) {
    const rest = pairEqual(olds.get(key) ?? [], group, ({ version }) => version);
    for (const [index, each] of rest.now.entries()) partners.set(each, rest.before[index] ?? null);
    olds.set(key, rest.before.slice(rest.now.length));
  }
  const pairs: PackagePair[] = [];
  for (const each of now) {
    const old = partners.get(each);
    if (old === null) pairs.push({ kind: 'added', before: null, now: each });
    else if (old !== undefined) pairs.push({ kind: 'modified', before: old, now: each });
  }
  const removed = new Set([...olds.values()].flat());
  for (const each of before) if (removed.has(each)) pairs.push({ kind: 'removed', before: each, now: null });
  return pairs;
}

/** Converts a pair to the form used in reports. */
export function differenceOf({ kind, before, now }: PackagePair): PackageDifference {
  const { type, name, arch, location, version, bytes, filesKnown } = now ?? before;
  return {
    kind,
    type,
    name,
    arch,
    location,
    version,
    previousVersion: kind === 'modified' ? before.version : null,
    bytes,
    previousBytes: kind === 'modified' ? before.bytes : null,
    filesKnown: filesKnown && (before?.filesKnown ?? true),
  };
}
