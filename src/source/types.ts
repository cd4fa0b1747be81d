import type { Archive, ArchiveReader, Progress } from '#archive';
import type { EngineKind, ImageWord } from '#format/reference';
import type { SourceKind } from '#model';

/** An image in a source's list. Strings are unchanged: escape them for display. */
export interface ListedImage {
  /** Full or short names, as stored by the source; empty for an image without a name. */
  readonly names: readonly string[];
  /** Digest of the config, or of the manifest if the source uses that. Sufficient to open the image. */
  readonly id: string;
  /** Digest of the manifest or index; null if unknown. */
  readonly digest: string | null;
  /** As counted by the source; null if unknown. */
  readonly sizeBytes: number | null;
  /** ISO 8601; null if unknown. */
  readonly created: string | null;
  /** `linux/amd64`; null if unknown. */
  readonly platform: string | null;
  /** The image's namespace; containerd only. */
  readonly namespace?: string;
}

export interface SourceOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface OpenSourceOptions extends SourceOptions {
  /** Reads the source's images. The archive returned by `open` lives no longer than the reader. */
  readonly reader: ArchiveReader;
  /** `os/arch[/variant]`, chosen before anything is fetched. */
  readonly platform?: string | undefined;
  /** Whether only the layers' listings are needed, not file contents. Defaults to false. */
  readonly isForListing?: boolean;
  /** Whether an engine's images may be read from its folders on this machine. Defaults to true. */
  readonly folders?: boolean;
  /**
   * For sources on the disk: opens the image through its engine if layers can't be read from the disk; null if no engine has it. Throws
   * what
   * `open` throws.
   */
  readonly instead?: (options: SourceOptions) => Promise<Archive | null>;
  /** Called at once with a line that the user should see while waiting. The text is safe to print. */
  readonly onNote?: ((text: string) => void) | undefined;
}

/** Image words that name an image of a source, not a file or the store. */
export type SourceWord = Exclude<ImageWord, { readonly kind: 'store' | 'file' }>;

/**
 * A place that may have images: a folder of an engine, a socket, a registry. Creating a source neither opens nor contacts anything.
 *
 * Messages of a source's errors contain only the reason, such as `no such image` or `permission denied`; a caller that tries several
 * sources prefixes the place. After most errors, such as NOT_FOUND, the next source is tried.
 */
export interface ImageSource {
  readonly kind: SourceKind;
  /** The engine whose scheme selects this source; null for containerd and registries. */
  readonly engine: EngineKind | null;
  /** For messages: `/var/lib/docker`, `unix:///var/run/docker.sock`. Contains no secrets. Empty if there is no fixed place (registries). */
  readonly place: string;
  /** Whether this source may have an image of that name. Doesn't contact anything. */
  answers(word: SourceWord): boolean;
  /**
   * Lists the images, in no particular order. Null for sources that can't be listed, such as registries. Throws NOT_FOUND, PERMISSION,
   * DAMAGED, IO, CANCELLED.
   */
  list: ((options: SourceOptions) => Promise<readonly ListedImage[]>) | null;
  /**
   * Returns the platforms of an image to choose from, such as `linux/amd64`, the default first; empty if there is no choice. Doesn't read
   * any layers. Throws NOT_FOUND if the source doesn't have the image, and what `open` throws.
   */
  platforms(word: SourceWord, options: OpenSourceOptions): Promise<readonly string[]>;
  /**
   * Opens an image; the caller disposes of it before the reader. Throws NOT_FOUND if the source doesn't have the image; USAGE if the start
   * of an id matches two.
   */
  open(word: SourceWord, options: OpenSourceOptions): Promise<Archive>;
}

/** What sources depend on besides the image word. Passed in, so that tests don't need global state. */
export interface SourceEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly platform: NodeJS.Platform;
  /** Whether opening connections is forbidden. */
  readonly offline: boolean;
  /** Returns the system's proxies for an address, as results of a PAC file; used if the environment names none. */
  readonly systemProxy?: (address: string) => Promise<string>;
  /** Registries that may be contacted without TLS, in addition to those named in settings; hosts with their ports. */
  readonly plainHttp?: readonly string[];
  /** Token servers that may get a registry's credentials although they don't belong to it. */
  readonly realms?: readonly string[];
}
