// Whole images, of drivers that keep them: names, config and manifests beside the layers.
import type { Archive, ArchiveImage, ArchiveRoot } from '#archive';
import type { ApplyOptions, CallOptions } from './options.ts';

export interface StoredImage {
  readonly names: readonly string[];
  readonly platform: string;
  readonly manifestDigest: string;
  readonly configDigest: string | null;
  /** Ids of its layers, the lowest first. */
  readonly layers: readonly string[];
  /** Of its layers' blobs. */
  readonly sizeBytes: number;
  /** Its manifest, config or a layer can't be read: why, in one line; null where all is there. */
  readonly problem: string | null;
  readonly image: ArchiveImage;
  /** What it was stored as: an image, or an index of several. */
  readonly root: ArchiveRoot;
}

export interface ImageProblem {
  /** The image's name, or its digest. */
  readonly name: string;
  readonly message: string;
}

export interface ImageStore {
  /** Every image, in the order of the index; each platform of one is an image of its own. */
  list(): Promise<readonly StoredImage[]>;

  /**
   * Takes images in, all or none, with blobs, config and manifest as they are. A name that another image has goes over to the new one.
   * `roots`: of the archive's own, or parts of them; default: all. BLOB_MISSING, DIGEST_MISMATCH, BAD_MANIFEST; nothing is left of a failure.
   */
  add(
    archive: Archive,
    roots?: readonly ArchiveRoot[],
    options?: ApplyOptions & { readonly name?: string | undefined },
  ): Promise<readonly StoredImage[]>;

  /**
   * Takes a name away, or, by a manifest's digest, an image with all its names; with the last of them the image goes, and layers that
   * nothing else needs. NOT_FOUND; EXISTS where a layer stands on one of its layers, or it is mounted.
   */
  remove(name: string, options?: CallOptions): Promise<void>;

  /** Reads everything of every image that is no layer: what is wrong, in one line each. Changes nothing. */
  verify(options?: CallOptions): Promise<readonly ImageProblem[]>;
}
