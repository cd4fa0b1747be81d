// Converts a layer's table to columns of `entries`. Bytes are copied from table to column without an object per entry, because layers have
// millions of entries.
import { FLAG, type LayerTable, linkName, type MemberMeta, NO_NODE, nodePath } from '#format/layer';
import { ENTRY_TYPES, encodeUtf8, TYPE } from '#model';
import { DistinctNumbers } from './distinct-numbers.ts';
import { EntryPaths, putEscaped } from './entry-paths.ts';
import { type Bounds, type Chunk, definitionOf, NO_BYTES, nullChunk, packNumbers, type RowGroup } from './parquet/chunks.ts';
import { GrownBytes } from './parquet/grown-bytes.ts';
import { GROUP_ROWS } from './row-groups.ts';

/** A group ends after this many bytes of paths and link targets. */
const GROUP_TEXT_BYTES = 32 * 1024 * 1024;
/** Maximum size of a path used as a bound. */
const MOST_BOUND_BYTES = 1024;
/** Largest time, in seconds, whose microseconds fit in 64 bits. */
const MOST_SECONDS = 9_000_000_000_000;
/** Largest time, in seconds, whose microseconds a JavaScript number can hold exactly. */
const MOST_EXACT_SECONDS = 9_000_000_000;

const KINDS = ['entry', 'whiteout', 'opaque'] as const;
const [WHITEOUT, OPAQUE] = [1, 2] as const;
const HEX = encodeUtf8('0123456789abcdef');

/** Totals of a layer, counted while its rows are made. */
export interface EntryCounts {
  rows: number;
  files: number;
}

/**
 * Yields a layer's rows, in tar order, as columns of `entries`. Members that a later one replaces, and members that only `raw` shows, are
 * left out: the rest is what an engine unpacks. Adds to `counts`.
 */
export function* entryGroups(layer: string, table: LayerTable, counts: EntryCounts): Generator<RowGroup> {
  const paths = new EntryPaths(table);
  for (let member = 0; member < table.memberCount; ) {
    const group = new EntryGroup(table, paths, Math.min(GROUP_ROWS, table.memberCount - member));
    for (; member < table.memberCount && !group.isFull; member++) if (isShown(table, member)) group.add(member);
    counts.rows += group.rows;
    counts.files += group.files;
    if (group.rows > 0) yield { rows: group.rows, chunks: group.chunks(layer) };
  }
}

/** Whether a member is neither raw-only nor replaced by a later member of the same layer. */
function isShown(table: LayerTable, member: number): boolean {
  const flags = table.flags[member] as number;
  return (flags & (FLAG.rawOnly | FLAG.superseded)) === 0 && table.node[member] !== NO_NODE;
}

/** A column of strings that is null in many rows. */
class SparseTexts {
  readonly plain = new GrownBytes();
  readonly #defined: Uint8Array;
  #count = 0;

  constructor(room: number) {
    this.#defined = new Uint8Array(room);
  }

  /** Begins a row's string. The caller ends it with `plain.endText`. */
  begin(row: number): number {
    this.#defined[row] = 1;
    this.#count++;
    return this.plain.beginText();
  }

  chunk(rows: number): Chunk {
    return chunkOf(this.#defined, rows, this.#count, { plain: this.plain.written });
  }
}

interface Values {
  readonly plain: Uint8Array;
  readonly dictionary?: Chunk['dictionary'];
  readonly bounds?: Bounds | null;
}

/** `defined`: 1 for each slot with a value; needn't be filled in if all slots have one. */
function chunkOf(defined: Uint8Array, slots: number, count: number, { plain, dictionary = null, bounds = null }: Values): Chunk {
  if (count === 0) return nullChunk(slots);
  const nulls = slots - count;
  return { slots, nulls, repetition: NO_BYTES, definition: definitionOf(defined, slots, nulls), plain, dictionary, bounds };
}

/** Encodes strings given by their codes, as a dictionary of those that occur. */
function codedTexts(codes: Uint8Array, count: number, texts: readonly string[]): Values {
  const numbers = new Int8Array(texts.length).fill(-1);
  const packed = new Uint8Array(count);
  const plain = new GrownBytes();
  let used = 0;
  for (let at = 0; at < count; at++) {
    const code = Math.min(codes[at] as number, texts.length - 1);
    if (numbers[code] === -1) {
      numbers[code] = used++;
      plain.text(texts[code] as string);
    }
    packed[at] = numbers[code] as number;
  }
  return { plain: plain.written, dictionary: { count: used, numbers: packNumbers(packed, count, used) } };
}

/** Encodes numbers, as a dictionary if they repeat. */
function repeatedLongs(values: Float64Array, count: number): Values {
  const distinct = new DistinctNumbers(count >> 1);
  const numbers = new Uint32Array(count);
  const plain = new GrownBytes(8 * Math.min(count, 4096));
  for (let at = 0; at < count; at++) {
    const number = distinct.of(values[at] as number);
    if (number < 0) {
      for (let index = 0; index < count; index++) plain.int64(values[index] as number);
      return { plain: plain.written };
    }
    numbers[at] = number;
  }
  for (let index = 0; index < distinct.count; index++) plain.int64(distinct.values[index] as number);
  return { plain: plain.written, dictionary: { count: distinct.count, numbers: packNumbers(numbers, count, distinct.count) } };
}

/** Builds the rows of one group. */
class EntryGroup {
  rows = 0;
  files = 0;
  /** Number of rows that are entries; other rows have nulls in the columns from `type` on. */
  #entries = 0;
  readonly #table: LayerTable;
  readonly #source: EntryPaths;
  readonly #isEntry: Uint8Array;
  readonly #kinds: Uint8Array;
  readonly #types: Uint8Array;
  readonly #sizes: Float64Array;
  readonly #metas: Uint32Array;
  readonly #micros: Float64Array;
  /** Whether some times exceed what a number can hold exactly. */
  #hasFarTimes = false;
  readonly #members: Uint32Array;
  readonly #paths = new GrownBytes();
  readonly #pathBytes: SparseTexts;
  readonly #links: SparseTexts;
  readonly #contents: SparseTexts;
  /** Where the least and the greatest path begin and end in `#paths`. */
  #least = 0;
  #leastEnd = 0;
  #greatest = 0;
  #greatestEnd = 0;

  constructor(table: LayerTable, paths: EntryPaths, room: number) {
    this.#table = table;
    this.#source = paths;
    this.#isEntry = new Uint8Array(room);
    this.#kinds = new Uint8Array(room);
    this.#types = new Uint8Array(room);
    this.#sizes = new Float64Array(room);
    this.#metas = new Uint32Array(room);
    this.#micros = new Float64Array(room);
    this.#members = new Uint32Array(room);
    this.#pathBytes = new SparseTexts(room);
    this.#links = new SparseTexts(room);
    this.#contents = new SparseTexts(room);
  }

  get isFull(): boolean {
    const textBytes = this.#paths.length + this.#pathBytes.plain.length + this.#links.plain.length;
    return this.rows === this.#kinds.length || textBytes >= GROUP_TEXT_BYTES;
  }

  add(member: number): void {
    const table = this.#table;
    const flags = table.flags[member] as number;
    const row = this.rows++;
    this.#addPath(row, table.node[member] as number);
    if ((flags & (FLAG.whiteout | FLAG.opaque)) !== 0) {
      this.#kinds[row] = (flags & FLAG.whiteout) !== 0 ? WHITEOUT : OPAQUE;
      return;
    }
    const entry = this.#entries++;
    const type = table.type[member] as number;
    this.#isEntry[row] = 1;
    this.#types[entry] = type;
    this.#sizes[entry] = table.size[member] as number;
    this.#metas[entry] = table.meta[member] as number;
    this.#members[entry] = member;
    this.#micros[entry] = this.#microsOf(member);
    const link = linkName(table, member);
    if (link !== null) {
      const start = this.#links.begin(row);
      putEscaped(this.#links.plain, link);
      this.#links.plain.endText(start);
    }
    if (type !== TYPE.file) return;
    this.files++;
    this.#addContent(row, member);
  }

  #addPath(row: number, node: number): void {
    const paths = this.#paths;
    const start = paths.beginText();
    const isEscaped = this.#source.put(paths, node);
    paths.endText(start);
    const end = paths.length;
    const bytes = paths.room(0);
    if (row === 0 || isBefore(bytes, start, end, this.#least, this.#leastEnd)) [this.#least, this.#leastEnd] = [start, end];
    if (row === 0 || isBefore(bytes, this.#greatest, this.#greatestEnd, start, end)) [this.#greatest, this.#greatestEnd] = [start, end];
    if (!isEscaped) return;
    const rawStart = this.#pathBytes.begin(row);
    this.#pathBytes.plain.put(nodePath(this.#table, node));
    this.#pathBytes.plain.endText(rawStart);
  }

  /** Writes the checksum of a body as 16 hex digits, high word first. */
  #addContent(row: number, member: number): void {
    const { bodySums } = this.#table;
    const low = bodySums[2 * member] ?? 0;
    const high = bodySums[2 * member + 1] ?? 0;
    if (low === 0 && high === 0) return;
    const { plain } = this.#contents;
    const start = this.#contents.begin(row);
    const bytes = plain.room(16);
    for (let digit = 0; digit < 8; digit++) {
      bytes[start + digit] = HEX[(high >>> (28 - 4 * digit)) & 0xf] as number;
      bytes[start + 8 + digit] = HEX[(low >>> (28 - 4 * digit)) & 0xf] as number;
    }
    plain.length += 16;
    plain.endText(start);
  }

  #microsOf(member: number): number {
    const seconds = Math.trunc(this.#table.mtimeSeconds[member] as number);
    if (Math.abs(seconds) > MOST_EXACT_SECONDS) this.#hasFarTimes = true;
    return seconds * 1_000_000 + Math.trunc((this.#table.mtimeNanos[member] ?? 0) / 1000);
  }

  /** Returns the columns in the order of the table. */
  chunks(layer: string): Chunk[] {
    const { rows } = this;
    const ofEntries = (values: Values): Chunk => chunkOf(this.#isEntry, rows, this.#entries, values);
    const layerName = new GrownBytes();
    layerName.text(layer);
    const only = { count: 1, numbers: packNumbers(NO_BYTES, rows, 1) };
    const layerText = layerName.written.subarray(4);
    return [
      chunkOf(NO_BYTES, rows, rows, { plain: layerName.written, dictionary: only, bounds: { min: layerText, max: layerText } }),
      chunkOf(NO_BYTES, rows, rows, { plain: this.#paths.written, bounds: this.#bounds() }),
      this.#pathBytes.chunk(rows),
      chunkOf(NO_BYTES, rows, rows, codedTexts(this.#kinds, rows, KINDS)),
      ofEntries(codedTexts(this.#types, this.#entries, ENTRY_TYPES)),
      ofEntries(repeatedLongs(this.#sizes, this.#entries)),
      ofEntries(
        this.#ofMetas(
          ({ mode }) => mode & 0o7777,
          (to, value) => to.int32(value),
        ),
      ),
      ofEntries(
        this.#ofMetas(
          ({ uid }) => whole(uid),
          (to, value) => to.int64(value),
        ),
      ),
      ofEntries(
        this.#ofMetas(
          ({ gid }) => whole(gid),
          (to, value) => to.int64(value),
        ),
      ),
      ofEntries(this.#hasFarTimes ? this.#farTimes() : repeatedLongs(this.#micros, this.#entries)),
      this.#links.chunk(rows),
      this.#contents.chunk(rows),
    ];
  }

  #bounds(): Bounds | null {
    const { written } = this.#paths;
    const min = written.subarray(this.#least, this.#leastEnd);
    const max = written.subarray(this.#greatest, this.#greatestEnd);
    return Math.max(min.length, max.length) > MOST_BOUND_BYTES ? null : { min, max };
  }

  /** Encodes one number from each member's metadata: as a dictionary, unless looking numbers up takes too long. */
  #ofMetas(numberOf: (meta: MemberMeta) => number, put: (to: GrownBytes, value: number) => void): Values {
    const { metas } = this.#table;
    const plain = new GrownBytes();
    const distinct = new DistinctNumbers(Math.min(metas.length, this.#entries));
    const known = new Int32Array(metas.length).fill(-1);
    const numbers = new Uint32Array(this.#entries);
    for (let entry = 0; entry < this.#entries; entry++) {
      const meta = this.#metas[entry] as number;
      if (known[meta] === -1) known[meta] = distinct.of(numberOf(metas[meta] as MemberMeta));
      if (known[meta] === -1) {
        for (const each of this.#metas.subarray(0, this.#entries)) put(plain, numberOf(metas[each] as MemberMeta));
        return { plain: plain.written };
      }
      numbers[entry] = known[meta] as number;
    }
    for (let index = 0; index < distinct.count; index++) put(plain, distinct.values[index] as number);
    return { plain: plain.written, dictionary: { count: distinct.count, numbers: packNumbers(numbers, this.#entries, distinct.count) } };
  }

  #farTimes(): Values {
    const plain = new GrownBytes();
    for (const member of this.#members.subarray(0, this.#entries)) {
      const seconds = Math.max(-MOST_SECONDS, Math.min(MOST_SECONDS, this.#table.mtimeSeconds[member] as number));
      const micros = Math.trunc((this.#table.mtimeNanos[member] ?? 0) / 1000);
      plain.bigInt64(BigInt(Math.trunc(seconds)) * 1_000_000n + BigInt(micros));
    }
    return { plain: plain.written };
  }
}

/** Whether the first of two strings is less than the second, by their bytes. */
function isBefore(bytes: Uint8Array, start: number, end: number, otherStart: number, otherEnd: number): boolean {
  const common = Math.min(end - start, otherEnd - otherStart);
  for (let index = 0; index < common; index++) {
    const difference = (bytes[start + index] as number) - (bytes[otherStart + index] as number);
    if (difference !== 0) return difference < 0;
  }
  return end - start < otherEnd - otherStart;
}

/** Returns a uid or gid as an integer that a JavaScript number can hold exactly. Headers may state any number. */
function whole(value: number): number {
  return Math.trunc(Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value)));
}
