// What a column of a row group is made of, before it is compressed.
import { GrownBytes } from './grown-bytes.ts';
import { bitsFor, putRun, putRuns } from './runs.ts';

/** A column of a row group. */
export interface Chunk {
  /** Values and nulls: one for each row or, of a list, for each element. */
  readonly slots: number;
  readonly nulls: number;
  /** Levels as Parquet packs them; none where they would all be 0. */
  readonly repetition: Uint8Array;
  readonly definition: Uint8Array;
  /** The values or, with a dictionary, the dictionary's. */
  readonly plain: Uint8Array;
  readonly dictionary: { readonly count: number; readonly numbers: Uint8Array } | null;
  /** The least and the greatest value by their bytes; null if nobody is to choose files by them. */
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

/** Packs the levels of a flat column. `defined`: for each slot, 1 if it has a value. */
export function definitionOf(defined: Uint8Array, slots: number, nulls: number): Uint8Array {
  const to = new GrownBytes();
  if (nulls === 0 || nulls === slots) putRun(to, nulls === 0 ? 1 : 0, slots, 1);
  else putRuns(to, defined, slots, 1);
  return to.written;
}

/** A column without a value. */
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

/** Packs which value of a dictionary comes next; `numbers` has `count` of them. */
export function packNumbers(numbers: Uint8Array | Uint32Array, count: number, values: number): Uint8Array {
  const width = bitsFor(values - 1);
  const to = new GrownBytes();
  to.byte(width);
  if (width === 0) putRun(to, 0, count, 0);
  else putRuns(to, numbers, count, width);
  return to.written;
}
