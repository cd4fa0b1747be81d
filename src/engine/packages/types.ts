import type { PackageOwner } from '#contract';
import type { ErrorCode } from '#model';
import type { FoundPackage, Site } from '#packages';

/** A package as seen at a layer. */
export interface Installed {
  readonly found: FoundPackage;
  /** The place that describes it. */
  readonly site: Site;
  /** The same for the same package in every view: type, name, architecture and location; see Identities. */
  readonly identity: string;
  /** The layer that introduced this version. */
  since: number;
}

/** A package as the owner of a path. */
export function ownerIn({ found: { type, name, arch, version }, site: { location } }: Installed): PackageOwner {
  return { type, name, arch, version, location };
}

/** What a layer did to a package. `before`: as seen at the layer below. */
export type Difference =
  | { readonly kind: 'added'; readonly now: Installed }
  | { readonly kind: 'modified'; readonly now: Installed; readonly before: Installed }
  | { readonly kind: 'removed'; readonly before: Installed; readonly status: string | null };

/** A place that could not be read, or not completely. */
export interface PackageProblem {
  readonly layer: number;
  /** Escaped; empty if the layer as a whole is meant. */
  readonly path: string;
  readonly code: ErrorCode;
  readonly message: string;
}
