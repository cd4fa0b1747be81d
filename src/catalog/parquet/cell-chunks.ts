// Makes chunks from JavaScript values, for tables with few rows.
import type { Cell, Column } from '#catalog/layout';
import { type Bounds, type Chunk, definitionOf, NO_BYTES, nullChunk, packNumbers } from './chunks.ts';
import { GrownBytes } from './grown-bytes.ts';
import { bitsFor, putRuns } from './runs.ts';

/** Maximum size of a value used as a bound. Longer ones help readers little. */
const MOST_BOUND_BYTES = 1024;

/** Returns the chunks of a column: one, or two for a map. `isBounded`: whether readers select files by its values. */
export function cellChunks({ type }: Column, cells: readonly Cell[], isBounded: boolean): Chunk[] {
  if (type === 'texts') return [listChunk(cells, (cell) => [...(cell as readonly string[])])];
  if (type !== 'textMap') return [flatChunk(type, cells, isBounded)];
  const keys = listChunk(cells, (cell) => [...(cell as ReadonlyMap<string, string>).keys()], LEVELS.key);
  return [keys, listChunk(cells, (cell) => [...(cell as ReadonlyMap<string, string>).values()])];
}

type FlatType = Exclude<Column['type'], 'texts' | 'textMap'>;

/** Definition levels of an element and of a key that have a value. A key's is lower by one, because keys can't be null. */
const LEVELS = { element: 3, key: 2 } as const;

function flatChunk(type: FlatType, cells: readonly Cell[], isBounded: boolean): Chunk {
  const values = cells.filter((cell) => cell !== null);
  if (values.length === 0) return nullChunk(cells.length);
  const nulls = cells.length - values.length;
  const defined = nulls === 0 ? NO_BYTES : Uint8Array.from(cells, (cell) => (cell === null ? 0 : 1));
  const levels = { slots: cells.length, nulls, repetition: NO_BYTES, definition: definitionOf(defined, cells.length, nulls) };
  if (type === 'flag' || type === 'bytes') return { ...levels, plain: plainOf(type, values), dictionary: null, bounds: null };
  const numbers = new Map<Cell, number>();
  for (const value of values) if (!numbers.has(value)) numbers.set(value, numbers.size);
  const different = [...numbers.keys()];
  const repeat = 2 * different.length <= values.length;
  const indexes = Uint32Array.from(repeat ? values : [], (value) => numbers.get(value) as number);
  return {
    ...levels,
    plain: plainOf(type, repeat ? different : values),
    dictionary: repeat ? { count: different.length, numbers: packNumbers(indexes, indexes.length, different.length) } : null,
    bounds: isBounded && type === 'text' ? boundsOf(different as readonly string[]) : null,
  };
}

function boundsOf(texts: readonly string[]): Bounds | null {
  let min: Buffer | null = null;
  let max: Buffer | null = null;
  for (const text of texts) {
    const bytes = Buffer.from(text);
    if (min === null || bytes.compare(min) < 0) min = bytes;
    if (max === null || bytes.compare(max) > 0) max = bytes;
  }
  return min === null || max === null || min.length > MOST_BOUND_BYTES || max.length > MOST_BOUND_BYTES ? null : { min, max };
}

function plainOf(type: FlatType, values: readonly Cell[]): Uint8Array {
  const to = new GrownBytes();
  if (type === 'flag') {
    for (let at = 0; at < values.length; at += 8)
      to.byte(values.slice(at, at + 8).reduce<number>((sum, value, bit) => sum + (value ? 1 << bit : 0), 0));
    return to.written;
  }
  for (const value of values) {
    if (type === 'text') to.text(value as string);
    else if (type === 'int') to.int32(value as number);
    else if (type !== 'bytes') to.bigInt64(value as bigint);
    else {
      to.int32((value as Uint8Array).length);
      to.put(value as Uint8Array);
    }
  }
  return to.written;
}

/** Encodes lists of strings, one list or null per row. */
function listChunk(cells: readonly Cell[], textsOf: (cell: Cell) => readonly string[], level: number = LEVELS.element): Chunk {
  const definition: number[] = [];
  const repetition: number[] = [];
  const to = new GrownBytes();
  for (const cell of cells) {
    const texts = cell === null ? [] : textsOf(cell);
    if (texts.length === 0) {
      definition.push(cell === null ? 0 : 1);
      repetition.push(0);
    }
    for (const [index, text] of texts.entries()) {
      definition.push(level);
      repetition.push(index === 0 ? 0 : 1);
      to.text(text);
    }
  }
  return {
    slots: definition.length,
    nulls: definition.filter((each) => each < level).length,
    repetition: packed(repetition, 1),
    definition: packed(definition, level),
    plain: to.written,
    dictionary: null,
    bounds: null,
  };
}

function packed(levels: readonly number[], most: number): Uint8Array {
  const to = new GrownBytes();
  putRuns(to, Uint8Array.from(levels), levels.length, bitsFor(most));
  return to.written;
}
