import type { Archive, ArchiveImage, ArchiveReader, IndexedLayer } from '#archive';
import type { Stack } from '#changes';
import type { ImageRef } from '#contract';
import type { Finding, ImageReport } from '#model';

/** An image whose layers were read. */
export interface LoadedImage {
  readonly reader: ArchiveReader;
  readonly archive: Archive;
  readonly image: ArchiveImage;
  readonly layers: readonly (IndexedLayer | null)[];
  readonly stack: Stack;
  /** As in `inspect --json`. */
  readonly report: ImageReport;
  /** Findings about this image's layers and stack, with `image` and `layer` set. */
  readonly findings: readonly Finding[];
}

/** A path, as raw bytes, in the view of a layer. */
export interface EntryOf extends ImageRef {
  readonly layer: number;
  readonly path: Uint8Array;
}
