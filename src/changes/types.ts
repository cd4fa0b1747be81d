import type { LayerTable } from '#format/layer';
import type { Finding, ImageTotals } from '#model';

/** What `inspect` says of one layer of a stack, as cli.md's JSON defines it. */
export interface LayerSummary {
  readonly entries: number;
  readonly fileBytes: number;
  readonly added: number;
  readonly modified: number;
  readonly removed: number;
}

/**
 * Layers applied one on another, the lowest first. Built once for an image; views and change lists are made from it on demand.
 * A layer that couldn't be read is null and treated as empty.
 */
export interface Stack {
  readonly layers: readonly (LayerTable | null)[];
  readonly caseInsensitive: boolean;
  readonly summaries: readonly LayerSummary[];
  readonly totals: ImageTotals;
  /** whiteout-without-target, dangling-hardlink, case-collision, reserved-name: with `layer` and `path`. */
  readonly findings: readonly Finding[];
}

/** An entry of a layer's table. */
export interface EntryAt {
  readonly layer: number;
  /** NO_ENTRY for an implied folder. */
  readonly member: number;
}

/** A path with bytes that the image contains but no longer shows. */
export interface WastedFile {
  readonly path: Uint8Array;
  /** Bytes of its bodies that no visible name has any more. */
  readonly wastedBytes: number;
  /** Layers that wrote the file, the lowest first. */
  readonly layers: readonly number[];
}
