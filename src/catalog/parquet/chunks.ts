// The parts of a column of a row group, before compression.
import { GrownBytes } from './grown-bytes.ts';
import { bitsFor, putRun, putRuns } from './runs.ts';

/** A column of a row group. */
export interface Chunk {
  /** Number of values and nulls: one per row or, for a list, one per element. */
  readonly slots: number;
  readonly nulls: number;
  /** Levels, encoded; empty if all would be 0. */
  readonly repetition: Uint8Array;
  readonly definition: Uint8Array;
  /** The values or, if there is a dictionary, the dictionary's values. */
  readonly plain: Uint8Array;
  readonly dictionary: { readonly count: number; readonly numbers: Uint8Array } | null;
  /** The least and the greatest value, by their bytes; null if readers needn't select files by them. */
  readonly bounds: Bounds | null;
}

export interface Bounds {
  readonly min: Uint8Array;
  readonly max: Uint8Array;
}

export interface RowGroup {
  readonly rows: number;
  /** One for each flat column, two for a map. */
  readonly chunks: readonly Chunk[];
}

export const NO_BYTES = new Uint8Array(0);

/** Encodes the definition levels of a flat column. `defined`: 1 for each slot that has a value. */
export function definitionOf(defined: Uint8Array, slots: number, nulls: number): Uint8Array {
  const to = new GrownBytes();
  if (nulls === 0 || nulls === slots) putRun(to, nulls === 0 ? 1 : 0, slots, 1);
  else putRuns(to, defined, slots, 1);
  return to.written;
}

/** Returns a column without values. */
export function nullChunk(slots: number): Chunk {
  return {
    slots,
    nulls: slots,
    repetition: NO_BYTES,
    definition: definitionOf(NO_BYTES, slots, slots),
    plain: NO_BYTES,
    dictionary: null,
    bounds: null,
  };
}

/** Encodes `count` indexes into a dictionary of `values` entries. */
export function packNumbers(numbers: Uint8Array | Uint32Array, count: number, values: number): Uint8Array {
  const width = bitsFor(values - 1);
  const to = new GrownBytes();
  to.byte(width);
  if (width === 0) putRun(to, 0, count, 0);
  else putRuns(to, numbers, count, width);
  return to.written;
}
