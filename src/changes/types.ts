import type { LayerTable } from '#format/layer';
import type { Finding, ImageTotals, WasteCause } from '#model';

/** Facts about one layer of a stack, as in the JSON of `inspect` (cli.md). */
export interface LayerSummary {
  readonly entries: number;
  readonly fileBytes: number;
  readonly added: number;
  readonly modified: number;
  readonly removed: number;
}

/**
 * Layers applied one on another, lowest first. Built once per image; views and change lists are made from it on demand. A layer that
 * couldn't be read is null and treated as empty.
 */
export interface Stack {
  readonly layers: readonly (LayerTable | null)[];
  readonly caseInsensitive: boolean;
  readonly summaries: readonly LayerSummary[];
  readonly totals: ImageTotals;
  /** Codes: whiteout-without-target, dangling-hardlink, case-collision, reserved-name; all with `layer` and `path`. */
  readonly findings: readonly Finding[];
}

/** An entry of a layer's table. */
export interface EntryAt {
  readonly layer: number;
  /** NO_ENTRY for an implied folder. */
  readonly member: number;
}

/** A path with bytes that the image contains but hides. */
interface WastedFile {
  readonly path: Uint8Array;
  /** Bytes of the path's bodies that no visible name shows any more. */
  readonly wastedBytes: number;
  /** Layers that wrote the file, lowest first. */
  readonly layers: readonly number[];
  /** The layer that last hid one of the path's bodies. */
  readonly hiddenBy: number;
  readonly cause: WasteCause;
}

/** Hidden bytes that have the same cause. */
interface WasteGroup {
  readonly cause: WasteCause;
  readonly bytes: number;
  readonly files: number;
}

/** Hidden bytes of a stack by file and by cause. */
export interface Waste {
  /** Most wasteful first. */
  readonly files: readonly WastedFile[];
  /** The causes that occur, most bytes first. Their bytes add up to `wastedBytes`. */
  readonly groups: readonly WasteGroup[];
}
