// What the host reports about an image's packages.

/** A layer's packages, in numbers; see `packages --json`. */
export interface PackageLayerReport {
  readonly layer: number;
  /** Number of packages seen at the layer. */
  readonly packages: number;
  /** Numbers of packages that the layer adds, changes and removes, regardless of the filter. */
  readonly added: number;
  readonly modified: number;
  readonly removed: number;
  readonly bytes: number;
  /** Bytes of files that no package owns. */
  readonly unownedBytes: number;
}

/** A layer's change to a package, or a package as seen at a layer. Strings are as in the database. */
export interface PackageRow {
  /** For an installed package, the layer that introduced its version. */
  readonly layer: number;
  readonly kind: 'added' | 'modified' | 'removed' | 'touched' | 'installed';
  readonly type: string;
  readonly name: string;
  readonly arch: string | null;
  readonly version: string;
  /** Set for a modified package whose version changed. */
  readonly previousVersion: string | null;
  /** As printed by escapePath. */
  readonly location: string;
  readonly files: number;
  readonly bytes: number;
  /** Whether the package's files are known. If not, `files` and `bytes` are 0. */
  readonly filesKnown: boolean;
  /** For a modified or touched package: size of its files in the layers below that the layer replaces or removes; otherwise null. */
  readonly hiddenBytes: number | null;
  /**
   * As printed by escapePath: the folder with all of the package's files, as for npm, or else the largest of the files that `files` counts;
   * null if there are none.
   */
  readonly path: string | null;
}

/** A page of packages. */
export interface PackagesReport {
  /** Empty if the rows are the packages seen at one layer. */
  readonly layers: readonly PackageLayerReport[];
  /** Number of rows that match the filter. */
  readonly total: number;
  /**
   * Sorted by layer; within a layer added, modified, removed, then touched, each with the most bytes first and packages with unknown files
   * last.
   */
  readonly rows: readonly PackageRow[];
  /** Number of places that couldn't be read or were read only in part. */
  readonly problems: number;
}

/** A package that two views have in different versions, or that only one of them has. Strings are as in the database. */
export interface PackageDifference {
  readonly kind: 'added' | 'modified' | 'removed';
  readonly type: string;
  readonly name: string;
  readonly arch: string | null;
  /** As printed by escapePath. */
  readonly location: string;
  /** In the second view, or in the first if the package was removed. */
  readonly version: string;
  /** In the first view, for a modified package; otherwise null. */
  readonly previousVersion: string | null;
  /** Size of the package's visible files, in the view that has `version`. */
  readonly bytes: number;
  /** Size of the package's visible files in the first view, if it was modified; otherwise null. */
  readonly previousBytes: number | null;
  /** Whether the package's files are known in each view that has it. If not, the bytes are 0. */
  readonly filesKnown: boolean;
}

/** A page of the packages that differ between two views. */
export interface PackageDifferencesReport {
  /** Number of packages in each view. */
  readonly packagesA: number;
  readonly packagesB: number;
  /** Numbers of differences, regardless of the filter. */
  readonly added: number;
  readonly modified: number;
  readonly removed: number;
  /** Number of rows that match the filter. */
  readonly total: number;
  /**
   * Added, modified, then removed, each with the most bytes first and packages with unknown files last. `path`: the package's folder or
   * largest file, as in {@link PackageRow}, in the view that has `version`.
   */
  readonly rows: readonly (PackageDifference & { readonly path: string | null })[];
  /** Number of places, in both views together, that couldn't be read or were read only in part. */
  readonly problems: number;
}
