/** What the window shows about images in engines and registries before it opens one. Strings are safe to show. */

/** Engines whose images can be listed. */
export type ListedEngine = 'docker' | 'podman' | 'containerd';

/** An image in an engine. */
export interface NamedImage {
  /** The engine's name for the image, or the start of the image's id. */
  readonly name: string;
  /** The name that opens the image, such as `docker:app:1`. */
  readonly reference: string;
  /** As reported by the engine; null if unknown. */
  readonly sizeBytes: number | null;
  /** ISO 8601; null if unknown. */
  readonly created: string | null;
  /** Such as `linux/amd64`; null if unknown. */
  readonly platform: string | null;
}

/** Why the images in a folder or behind an API can't be listed. */
export interface SourceProblem {
  /** A folder or an address; empty if neither exists. */
  readonly place: string;
  readonly code: string;
  readonly message: string;
}

/** The images of an engine, from its folders on disk and its API. */
export interface EngineListing {
  /** Sorted by name, unnamed images last; an image has one entry per name. */
  readonly images: readonly NamedImage[];
  /** Number of images; `images` may have fewer. */
  readonly total: number;
  /** Folders and addresses that could be listed. */
  readonly places: readonly string[];
  readonly problems: readonly SourceProblem[];
}

/** The source that has an image, and the image's platforms. */
export interface ImageLook {
  /** Such as `docker (/var/lib/docker)` or `registry`. */
  readonly source: string;
  /** Platforms to choose from, the default first; empty if there is no choice. */
  readonly platforms: readonly string[];
}
