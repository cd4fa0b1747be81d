// Image operations of a driver that stores images: names, config and manifests alongside the layers.
import type { Archive, ArchiveImage, ArchiveRoot } from '#archive';
import type { ApplyOptions, CallOptions } from './options.ts';

export interface StoredImage {
  readonly names: readonly string[];
  readonly platform: string;
  readonly manifestDigest: string;
  readonly configDigest: string | null;
  /** Ids of the image's layers, lowest first. */
  readonly layers: readonly string[];
  /** Total size of the layers' blobs. */
  readonly sizeBytes: number;
  /** Why the manifest, the config or a layer can't be read, in one line; null if the image is complete. */
  readonly problem: string | null;
  readonly image: ArchiveImage;
  /** The entry of index.json that the image was stored under. It refers to the image itself or to an index of several images. */
  readonly root: ArchiveRoot;
}

export interface ImageProblem {
  /** The image's name, or its digest. */
  readonly name: string;
  readonly message: string;
}

export interface ImageStore {
  /** Lists all images, in the order of the index; each platform is a separate image. */
  list(): Promise<readonly StoredImage[]>;

  /**
   * Imports images atomically, with blobs, config and manifest unchanged. If another image has one of the names, the name moves to the new
   * image. `roots`: the archive's roots or parts of them; default: all. Throws BLOB_MISSING, DIGEST_MISMATCH, BAD_MANIFEST, leaving nothing
   * behind.
   */
  add(
    archive: Archive,
    roots?: readonly ArchiveRoot[],
    options?: ApplyOptions & { readonly name?: string | undefined },
  ): Promise<readonly StoredImage[]>;

  /**
   * Removes a name or, given a manifest's digest, an image with all its names. Removing the last name also removes the image, and the
   * layers that nothing else needs. Throws NOT_FOUND; EXISTS if one of its layers is mounted or has another layer on it.
   */
  remove(name: string, options?: CallOptions): Promise<void>;

  /**
   * Reads all blobs of the images except their layers, and checks the cached tables of the layers. Returns the problems, one line each.
   * Changes nothing.
   */
  verify(options?: CallOptions): Promise<readonly ImageProblem[]>;
}
