// What the host reports about one path in an image.

/** An entry's metadata as seen at a layer. */
export interface EntryAttributes {
  readonly layer: number;
  readonly type: string;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly uname: string;
  readonly gname: string;
  /** Formatted by formatTimestamp. */
  readonly mtime: string;
  readonly linkname: string | null;
  /** Extended and Windows attributes: printable text or hex, with lines of explanation if the value isn't self-explanatory. */
  readonly attributes: readonly {
    readonly name: string;
    readonly value: string;
    readonly encoding: 'text' | 'hex';
    readonly meaning: readonly string[];
  }[];
  /** Alternate data streams, which Windows layers store as separate entries: names as displayPath prints them, sizes in bytes. */
  readonly streams: readonly { readonly name: string; readonly size: number }[];
  /** Whether the entry is an implied folder. */
  readonly implied: boolean;
}

/** A path as seen at a layer and at the layer below, with its history in all layers. */
export interface EntryDetails {
  readonly path: string;
  /** As seen at the requested layer; null if the path no longer exists there. */
  readonly now: EntryAttributes | null;
  /** As seen at the layer below; null if the path didn't exist. */
  readonly before: EntryAttributes | null;
  /** Layers that touch the path, lowest first. */
  readonly history: readonly { readonly layer: number; readonly kind: 'added' | 'modified' | 'removed'; readonly size: number }[];
}

/**
 * Totals of a folder and everything below it, as seen at a layer. Hard-linked files are counted once. `hiddenBytes` is the size of files
 * that later layers remove or overwrite, if requested; `bytes` and `files` never include them.
 */
export interface FolderReport {
  readonly bytes: number;
  readonly hiddenBytes?: number;
  readonly files: number;
  readonly folders: number;
  /** The biggest files, at most ten, biggest first; `path` as escapePath prints it. */
  readonly biggest: readonly { readonly path: string; readonly bytes: number; readonly hiddenBytes?: number; readonly layer: number }[];
  /** Layers that wrote the files, lowest first. */
  readonly layers: readonly { readonly layer: number; readonly files: number; readonly bytes: number; readonly hiddenBytes?: number }[];
  /** By file extension, in lower case (empty: none); at most ten, most bytes first. */
  readonly types: readonly { readonly extension: string; readonly files: number; readonly bytes: number; readonly hiddenBytes?: number }[];
}

/** An entry's tar header, decoded and raw. Offsets are in bytes of the layer's tar. */
export interface RawHeader {
  readonly index: number;
  readonly offset: number;
  readonly bodyOffset: number;
  readonly format: string;
  readonly typeflag: string;
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  readonly pax: readonly { readonly name: string; readonly value: string; readonly encoding: 'text' | 'hex' }[];
  readonly sparse: readonly (readonly [number, number])[];
  /** The member's raw header blocks, at most 8,192 bytes. */
  readonly bytes: Uint8Array;
}

/** Part of a file's bytes. */
export interface ContentPage {
  readonly offset: number;
  readonly totalBytes: number;
  readonly bytes: Uint8Array;
}
