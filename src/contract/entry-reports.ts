// What the host tells of one path of an image.

export interface EntryAttributes {
  readonly layer: number;
  readonly type: string;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly uname: string;
  readonly gname: string;
  /** As formatTimestamp gives it. */
  readonly mtime: string;
  readonly linkname: string | null;
  /** Extended and Windows attributes: printable text, else hex; and what they say, in lines, where that isn't what they show. */
  readonly attributes: readonly {
    readonly name: string;
    readonly value: string;
    readonly encoding: 'text' | 'hex';
    readonly meaning: readonly string[];
  }[];
  /** Alternate streams, which Windows layers have as entries beside it: names as displayPath prints them, sizes in bytes. */
  readonly streams: readonly { readonly name: string; readonly size: number }[];
  /** No entry brings it: a folder that others imply. */
  readonly implied: boolean;
}

export interface EntryDetails {
  readonly path: string;
  /** As seen at the layer asked for; null where it isn't there any more. */
  readonly now: EntryAttributes | null;
  /** In the view below the layer asked for. */
  readonly before: EntryAttributes | null;
  /** Layers that touch the path, the lowest first. */
  readonly history: readonly { readonly layer: number; readonly kind: 'added' | 'modified' | 'removed'; readonly size: number }[];
}

export interface RawHeader {
  readonly index: number;
  readonly offset: number;
  readonly bodyOffset: number;
  readonly format: string;
  readonly typeflag: string;
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  readonly pax: readonly { readonly name: string; readonly value: string; readonly encoding: 'text' | 'hex' }[];
  readonly sparse: readonly (readonly [number, number])[];
  /** The member's header blocks as they stand, at most 8,192 bytes. */
  readonly bytes: Uint8Array;
}

export interface ContentPage {
  readonly offset: number;
  readonly totalBytes: number;
  readonly bytes: Uint8Array;
}
