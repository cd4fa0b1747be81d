/**
 * A catalog of images as the window shows it. Strings come from files that anybody may have written. They are shortened, but not escaped.
 */

/** An open catalog: everything about it except its rows. */
export interface CatalogSummary {
  /** Unique in this process. */
  readonly catalogId: string;
  /** The folder's name. */
  readonly title: string;
  readonly folder: string;
  /** Number of distinct images; one with several names counts once. */
  readonly images: number;
  readonly layers: number;
  /** Total size of the layers as stored, counting each once. */
  readonly layerBytes: number;
  /** Total size of the layers of all images, as if none were shared. */
  readonly unsharedBytes: number;
  /** Total number of visible files in the images for which it is known. */
  readonly files: number;
  /** Number of images whose packages are known. */
  readonly packagedImages: number;
  /** When an image was last added or indexed again, in milliseconds since 1970; null if unknown. */
  readonly indexed: number | null;
  /** Number of images that couldn't be indexed, and of files in the catalog that can't be read. */
  readonly problems: number;
}

/** A place where an image was found, with its name there. */
export interface CatalogPlace {
  /** The file or folder, or the name as it was typed. */
  readonly source: string;
  /** Null if the image has no name there. */
  readonly reference: string | null;
  readonly repository: string | null;
  readonly tag: string | null;
}

/** Number of findings by severity. */
export interface SeverityCounts {
  readonly error: number;
  readonly warning: number;
  readonly note: number;
}

/** An image of a catalog. Its number is its index in the list, in which images with the same layers are next to each other. */
export interface CatalogImage {
  /** Digest of the image's config or, without one, of its manifest; if there is neither, a digest computed from its layers. */
  readonly id: string;
  readonly digest: string | null;
  /** Where the image is; at least one place. */
  readonly places: readonly CatalogPlace[];
  readonly platform: string | null;
  /** Milliseconds since 1970; null if the config doesn't state it. */
  readonly created: number | null;
  /** Total size of the layers as stored; null if unknown. */
  readonly blobBytes: number | null;
  /** Total size of the visible files; null if unknown. */
  readonly finalBytes: number | null;
  /** Total size of files that are stored but hidden; null if unknown. */
  readonly wastedBytes: number | null;
  /** Number of visible files; null if they aren't listed. */
  readonly files: number | null;
  readonly hasPackages: boolean;
  /** Numbers of the image's layers, lowest first. */
  readonly layers: readonly number[];
  /** Null if the image's findings can't be read. */
  readonly findings: SeverityCounts | null;
}

/** A layer of a catalog. Its number is its index in the list, which is sorted by number of images, then by size, largest first. */
export interface CatalogLayer {
  /** The diffID. */
  readonly layer: string;
  /** Digest of the layer's blob. If there are several copies of the layer, this is the digest of the copy that was read first. */
  readonly digest: string | null;
  /** Size of the blob. */
  readonly bytes: number;
  readonly createdBy: string | null;
}

/** Something that is missing from a catalog, and why. */
export interface CatalogProblem {
  /** The image, or the catalog's file. */
  readonly subject: string;
  /** The code of an error or finding. */
  readonly code: string;
  readonly message: string;
}

/** A page of a list. */
export interface CatalogPage<T> {
  readonly total: number;
  readonly rows: readonly T[];
}

/** Where a search continues: the number of a file, and a part of it. */
export interface CatalogCursor {
  readonly file: number;
  readonly part: number;
}

/** A match: a path, a package or a digest. */
export interface CatalogHit {
  readonly kind: 'entry' | 'whiteout' | 'opaque' | 'package' | 'image' | 'layer';
  /** The path, package or digest. */
  readonly name: string;
  /** Type of the entry or package. */
  readonly type: string | null;
  readonly version: string | null;
  readonly bytes: number | null;
  /** Checksum of a file's content. */
  readonly content: string | null;
  /** Number of the layer; null if it isn't known. */
  readonly layer: number | null;
  /** Number of the image; null: every image with the layer. */
  readonly image: number | null;
}

/** Matches from one part of a search. */
export interface CatalogSearchPart {
  readonly hits: readonly CatalogHit[];
  /** Null after the last part. */
  readonly next: CatalogCursor | null;
  /** Total number of files to search. */
  readonly files: number;
  /** Whether matches were left out because the part had too many. */
  readonly isCut: boolean;
  readonly problems: readonly CatalogProblem[];
}
