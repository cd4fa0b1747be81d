import type { PackageOwner } from '#contract';
import type { ErrorCode } from '#model';
import type { FoundPackage, Site } from '#packages';

/** A package as seen at a layer. */
export interface Installed {
  readonly found: FoundPackage;
  /** The place that describes the package. */
  readonly site: Site;
  /** Made of type, name, architecture and location, so that it is equal for the same package in every view; see Identities. */
  readonly identity: string;
  /** The layer that introduced this version. */
  since: number;
}

/** Describes a package as the owner of a path. */
export function ownerIn({ found: { type, name, arch, version }, site: { location } }: Installed): PackageOwner {
  return { type, name, arch, version, location };
}

/** What a layer did to a package. `before` is the package as seen at the layer below. */
export type Difference =
  | { readonly kind: 'added'; readonly now: Installed }
  | { readonly kind: 'modified'; readonly now: Installed; readonly before: Installed }
  | { readonly kind: 'removed'; readonly before: Installed; readonly status: string | null };

/** A place that couldn't be read, or was read only in part. */
export interface PackageProblem {
  readonly layer: number;
  /** Escaped; empty if the problem concerns the whole layer. */
  readonly path: string;
  readonly code: ErrorCode;
  readonly message: string;
}
