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
  /** As `inspect --json` has it. */
  readonly report: ImageReport;
  /** Of this image's layers and stack, with `image` and `layer`. */
  readonly findings: readonly Finding[];
}

/** A path in the view of a layer; raw bytes. */
export interface EntryOf extends ImageRef {
  readonly layer: number;
  readonly path: Uint8Array;
}
