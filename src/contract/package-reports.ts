// What the host reports about the packages of an image.

/** One layer, in packages; see `packages --json`. */
export interface PackageLayerReport {
  readonly layer: number;
  /** Number of packages seen at the layer. */
  readonly packages: number;
  /** Numbers of packages that the layer adds, changes and removes, whether they match or not. */
  readonly added: number;
  readonly modified: number;
  readonly removed: number;
  readonly bytes: number;
  /** Bytes of files that no package owns. */
  readonly unownedBytes: number;
}

/** What a layer did to a package, or a package as seen at a layer. Texts are as in the database. */
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
  /** As escapePath prints it. */
  readonly location: string;
  readonly files: number;
  readonly bytes: number;
  /** Whether it is known which files are the package's. If not, `files` and `bytes` are 0 for want of a list. */
  readonly filesKnown: boolean;
  /** Of a modified or touched package: bytes of its files in the layers below that the layer replaces or removes; otherwise null. */
  readonly hiddenBytes: number | null;
  /**
   * As escapePath prints it: the folder that has all of its files, as for npm, else its largest file among those counted; null if it has
   * none.
   */
  readonly path: string | null;
}

/** A page of packages. */
export interface PackagesReport {
  /** Empty for a view. */
  readonly layers: readonly PackageLayerReport[];
  /** Number of rows that match. */
  readonly total: number;
  /** By layer; within one added, modified, removed, touched, the most bytes first, and last those whose files aren't known. */
  readonly rows: readonly PackageRow[];
  /** Number of places that could not be read, or not completely. */
  readonly problems: number;
}

/** A package that two views have in different versions, or that only one of them has. Texts are as in the database. */
export interface PackageDifference {
  readonly kind: 'added' | 'modified' | 'removed';
  readonly type: string;
  readonly name: string;
  readonly arch: string | null;
  /** As escapePath prints it. */
  readonly location: string;
  /** In the second view, or in the first if the package was removed. */
  readonly version: string;
  /** In the first view, for a modified package; otherwise null. */
  readonly previousVersion: string | null;
  /** Visible bytes of the package, in the view that has `version`. */
  readonly bytes: number;
  /** Visible bytes in the first view, for a modified package; otherwise null. */
  readonly previousBytes: number | null;
  /** Whether it is known, in each view that has the package, which files are its. If not, the bytes are 0 for want of a list. */
  readonly filesKnown: boolean;
}

/** A page of the packages in which two views differ. */
export interface PackageDifferencesReport {
  /** Number of packages in each view. */
  readonly packagesA: number;
  readonly packagesB: number;
  /** Numbers of differences, whether they match or not. */
  readonly added: number;
  readonly modified: number;
  readonly removed: number;
  /** Number of rows that match. */
  readonly total: number;
  /**
   * Added, modified, removed; the most bytes first, and last those whose files aren't known. `path`: the package's folder or largest file,
   * as in {@link PackageRow}, in the view that has `version`.
   */
  readonly rows: readonly (PackageDifference & { readonly path: string | null })[];
  /** Number of places in either view that could not be read, or not completely. */
  readonly problems: number;
}
