import type { PackageDifference } from '#contract';
import type { LoadedImage } from '../image/types.ts';
import { type InstalledPackage, packagesOf } from './packages-of.ts';

/** An image as seen at a layer. */
interface View {
  readonly loaded: LoadedImage;
  readonly layer: number;
}

/**
 * Compares the packages of two views. A package is the same one if type, name, architecture and location are. Sorted as `packages` sorts.
 * Throws CANCELLED, IO.
 */
export async function comparePackages(a: View, b: View, { signal }: { readonly signal?: AbortSignal } = {}): Promise<PackageDifference[]> {
  const [before, now] = [await installedIn(a, signal), await installedIn(b, signal)];
  const differences: PackageDifference[] = [];
  for (const [key, { type, name, version, bytes }] of now) {
    const previousVersion = before.get(key)?.version ?? null;
    if (previousVersion === version) continue;
    differences.push({ kind: previousVersion === null ? 'added' : 'modified', type, name, version, previousVersion, bytes });
  }
  for (const [key, { type, name, version, bytes }] of before)
    if (!now.has(key)) differences.push({ kind: 'removed', type, name, version, previousVersion: null, bytes });
  return differences;
}

async function installedIn({ loaded, layer }: View, signal: AbortSignal | undefined): Promise<Map<string, InstalledPackage>> {
  if (layer < 0) return new Map();
  const { installed } = await packagesOf(loaded, { layer, ...(signal === undefined ? {} : { signal }) });
  return new Map(installed().map((each) => [JSON.stringify([each.type, each.name, each.arch, each.location]), each]));
}
