// Whole images in a driver that stores them: names, config and manifests next to the layers.
import type { Archive, ArchiveImage, ArchiveRoot } from '#archive';
import type { ApplyOptions, CallOptions } from './options.ts';

export interface StoredImage {
  readonly names: readonly string[];
  readonly platform: string;
  readonly manifestDigest: string;
  readonly configDigest: string | null;
  /** Ids of its layers, lowest first. */
  readonly layers: readonly string[];
  /** Total size of its layers' blobs. */
  readonly sizeBytes: number;
  /** Why its manifest, config or a layer can't be read, in one line; null if it is complete. */
  readonly problem: string | null;
  readonly image: ArchiveImage;
  /** The index entry that it was stored under: an image, or an index of several. */
  readonly root: ArchiveRoot;
}

export interface ImageProblem {
  /** The image's name, or its digest. */
  readonly name: string;
  readonly message: string;
}

export interface ImageStore {
  /** Lists every image, in the order of the index; each platform is an image of its own. */
  list(): Promise<readonly StoredImage[]>;

  /**
   * Imports images, all or none, with blobs, config and manifest unchanged. A name that another image has moves to the new one. `roots`:
   * the archive's roots or parts of them; default: all. Throws BLOB_MISSING, DIGEST_MISMATCH, BAD_MANIFEST, leaving nothing behind.
   */
  add(
    archive: Archive,
    roots?: readonly ArchiveRoot[],
    options?: ApplyOptions & { readonly name?: string | undefined },
  ): Promise<readonly StoredImage[]>;

  /**
   * Removes a name, or, by a manifest's digest, an image with all its names. The last name takes the image with it, and the layers that
   * nothing else needs. Throws NOT_FOUND; EXISTS if one of its layers has another layer on it or is mounted.
   */
  remove(name: string, options?: CallOptions): Promise<void>;

  /** Reads everything of every image except its layers. Returns the problems, in one line each. Changes nothing. */
  verify(options?: CallOptions): Promise<readonly ImageProblem[]>;
}
