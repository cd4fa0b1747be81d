/** A catalog of images as the window shows it. Texts come from files that anybody may have written: they are cut, not escaped. */

/** An open catalog: everything about it except its rows. */
export interface CatalogSummary {
  /** Unique in this process. */
  readonly catalogId: string;
  /** The folder's name. */
  readonly title: string;
  readonly folder: string;
  /** Different images; one that has several names counts once. */
  readonly images: number;
  readonly layers: number;
  /** Bytes of the layers, each once, as stored. */
  readonly layerBytes: number;
  /** Bytes of the layers of all images, as if none were shared. */
  readonly unsharedBytes: number;
  /** Files that the images show, summed over the images of which it is known. */
  readonly files: number;
  /** Images of which packages are known. */
  readonly packagedImages: number;
  /** When an image was last added or indexed again, in milliseconds since 1970; null if the folder doesn't say. */
  readonly indexed: number | null;
  /** Images that couldn't be indexed, and files of the catalog that can't be read. */
  readonly problems: number;
}

/** A name of an image in a place. */
export interface CatalogPlace {
  /** The file or folder, or the name as it was typed. */
  readonly source: string;
  /** Null if the image has no name there. */
  readonly reference: string | null;
  readonly repository: string | null;
  readonly tag: string | null;
}

/** Findings by severity. */
export interface SeverityCounts {
  readonly error: number;
  readonly warning: number;
  readonly note: number;
}

/** An image of a catalog. Its number is its place in the list, in which images on the same layers are neighbours. */
export interface CatalogImage {
  /** Digest of its config or, without one, of its manifest, or one made of its layers. */
  readonly id: string;
  readonly digest: string | null;
  /** Where it is; at least one. */
  readonly places: readonly CatalogPlace[];
  readonly platform: string | null;
  /** Milliseconds since 1970; null if the config doesn't say. */
  readonly created: number | null;
  /** Bytes as stored, of the files that it shows, and of those that it contains but hides; null if unknown. */
  readonly blobBytes: number | null;
  readonly finalBytes: number | null;
  readonly wastedBytes: number | null;
  /** Files that it shows; null if they aren't listed. */
  readonly files: number | null;
  readonly hasPackages: boolean;
  /** Numbers of its layers, lowest first. */
  readonly layers: readonly number[];
  /** Null if its findings can't be read. */
  readonly findings: SeverityCounts | null;
}

/** A layer of a catalog. Its number is its place in the list: those of most images first, of these the biggest. */
export interface CatalogLayer {
  /** The diffID. */
  readonly layer: string;
  /** The blob's digest in the copy that was read first. */
  readonly digest: string | null;
  /** As stored. */
  readonly bytes: number;
  readonly createdBy: string | null;
}

/** What is missing in a catalog, and why. */
export interface CatalogProblem {
  /** The image or the file of the catalog. */
  readonly subject: string;
  /** The code of an error or a finding. */
  readonly code: string;
  readonly message: string;
}

/** A page of a list. */
export interface CatalogPage<T> {
  readonly total: number;
  readonly rows: readonly T[];
}

/** Where a search continues: a file by its number, and a part of it. */
export interface CatalogCursor {
  readonly file: number;
  readonly part: number;
}

/** A path or a package that was found, or a digest. */
export interface CatalogHit {
  readonly kind: 'entry' | 'whiteout' | 'opaque' | 'package' | 'image' | 'layer';
  /** Path, package or digest. */
  readonly name: string;
  /** Type of an entry or a package. */
  readonly type: string | null;
  readonly version: string | null;
  readonly bytes: number | null;
  /** The checksum of a file's content. */
  readonly content: string | null;
  /** Number of the layer; null if it isn't known. */
  readonly layer: number | null;
  /** Number of the image; null: all images that have the layer. */
  readonly image: number | null;
}

/** What a part of a search found. */
export interface CatalogSearchPart {
  readonly hits: readonly CatalogHit[];
  /** Null after the last part. */
  readonly next: CatalogCursor | null;
  /** Files that are searched in all. */
  readonly files: number;
  /** Whether hits were left out, because the part had too many. */
  readonly isCut: boolean;
  readonly problems: readonly CatalogProblem[];
}
