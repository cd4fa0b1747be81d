// Reads one table of an SQLite database. Numbers are big-endian.
//
//   file     pages, numbered from 1. Header in page 1: at 16 page size u16 (1: 65,536), at 20 bytes reserved in each page
//   page     at 0 (in page 1 at 100): type 13 leaf, 5 interior; at 3 number of cells u16; interior: at 8 rightmost child u32; then
//            offsets of the cells u16
//   cell     leaf: payload length varint, row id varint, payload; interior: child u32, row id varint
//   payload  a record; what doesn't fit the cell is in a chain of overflow pages: next page u32, bytes
//   record   header length varint, a type varint for each column, then the columns
//
// Source: sqlite.org/fileformat2.html.
import { encodeUtf8, LayerscopeError } from '#model';
import { textOf } from '../text.ts';
import { committedPages, type LoggedPages } from './wal.ts';

const MAGIC = encodeUtf8('SQLite format 3\0');
const LEAF = 13;
const INTERIOR = 5;
const FILE_HEADER = 100;
const MAX_DEPTH = 40;
const MAX_COLUMNS = 64;

type Value = number | string | Uint8Array | null;

function damaged(what: string): LayerscopeError {
  return new LayerscopeError('DAMAGED', `SQLite database: ${what}`);
}

export function isSqlite(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, index) => bytes[index] === byte);
}

/** A database, including the pages in its log. */
export class SqliteFile {
  readonly #bytes: Uint8Array;
  readonly #pageSize: number;
  readonly #usable: number;
  readonly #log: LoggedPages | null;
  readonly #pageCount: number;
  /** Payload bytes that may still be read. Each byte of an intact database is part of at most one payload. */
  #left: number;

  /** `log`: the database's write-ahead log. Throws DAMAGED. */
  constructor(bytes: Uint8Array, log: Uint8Array | null) {
    if (!isSqlite(bytes) || bytes.length < FILE_HEADER) throw damaged('it has no header');
    const stated = ((bytes[16] as number) << 8) | (bytes[17] as number);
    this.#pageSize = stated === 1 ? 65_536 : stated;
    if (this.#pageSize < 512 || (this.#pageSize & (this.#pageSize - 1)) !== 0) throw damaged(`pages of ${this.#pageSize} bytes`);
    this.#usable = this.#pageSize - (bytes[20] as number);
    if (this.#usable < 480) throw damaged('its pages have no room');
    this.#bytes = bytes;
    this.#log = log === null ? null : committedPages(log, this.#pageSize);
    this.#pageCount = this.#log?.pageCount ?? Math.floor(bytes.length / this.#pageSize);
    this.#left = bytes.length + (log?.length ?? 0);
  }

  /** Yields the values of each row of a table; nothing if there is no such table. Throws DAMAGED. */
  *table(name: string): Generator<readonly Value[]> {
    for (const columns of this.#rows(1)) {
      if (columns[0] !== 'table' || columns[1] !== name) continue;
      if (typeof columns[3] !== 'number') throw damaged(`the table ${name} has no root`);
      yield* this.#rows(columns[3]);
      return;
    }
  }

  #page(number: number): Uint8Array {
    if (!(number >= 1 && number <= this.#pageCount)) throw damaged(`page ${number} is outside the file`);
    const page = this.#log?.pages.get(number) ?? this.#bytes.subarray((number - 1) * this.#pageSize, number * this.#pageSize);
    if (page.length < this.#pageSize) throw damaged(`page ${number} is cut off`);
    return page;
  }

  *#rows(root: number): Generator<readonly Value[]> {
    const seen = new Set<number>();
    // Pages to visit, the next one last.
    const todo: { readonly number: number; readonly depth: number }[] = [{ number: root, depth: 0 }];
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      const { number, depth } = next;
      if (seen.has(number)) throw damaged(`page ${number} is used twice`);
      if (depth > MAX_DEPTH) throw damaged('its pages are nested too deeply');
      seen.add(number);
      const cells = new Cells(this.#page(number), number === 1 ? FILE_HEADER : 0);
      if (cells.type === INTERIOR) {
        const children = cells.children();
        for (let at = children.length - 1; at >= 0; at--) todo.push({ number: children[at] as number, depth: depth + 1 });
        continue;
      }
      if (cells.type !== LEAF) throw damaged(`page ${number} is not part of a table`);
      for (const offset of cells.offsets()) yield record(this.#payload(cells.page, offset));
    }
  }

  /** Returns the payload of a leaf's cell, including its overflow pages. */
  #payload(page: Uint8Array, offset: number): Uint8Array {
    const length = varint(page, offset);
    const start = varint(page, length.end).end;
    const total = length.value;
    this.#left -= total;
    if (this.#left < 0) throw damaged('its rows are larger than the file');
    const usable = this.#usable;
    const most = usable - 35;
    if (total <= most) {
      if (start + total > usable) throw damaged('a row is cut off');
      return page.subarray(start, start + total);
    }
    const least = Math.floor(((usable - 12) * 32) / 255) - 23;
    const fitting = least + ((total - least) % (usable - 4));
    const local = fitting <= most ? fitting : least;
    if (start + local + 4 > usable) throw damaged('a row is cut off');
    const payload = new Uint8Array(total);
    payload.set(page.subarray(start, start + local));
    let next = u32(page, start + local);
    for (let at = local; at < total; ) {
      const overflow = this.#page(next);
      const piece = overflow.subarray(4, Math.min(usable, 4 + total - at));
      payload.set(piece, at);
      at += piece.length;
      next = u32(overflow, 0);
    }
    return payload;
  }
}

class Cells {
  readonly page: Uint8Array;
  readonly type: number;
  readonly #count: number;
  readonly #first: number;
  readonly #header: number;

  constructor(page: Uint8Array, header: number) {
    this.page = page;
    this.#header = header;
    this.type = page[header] as number;
    this.#count = u16(page, header + 3);
    this.#first = header + (this.type === INTERIOR ? 12 : 8);
    if (this.#first + 2 * this.#count > page.length) throw damaged('a page has more cells than fit');
  }

  *offsets(): Generator<number> {
    for (let cell = 0; cell < this.#count; cell++) yield u16(this.page, this.#first + 2 * cell);
  }

  children(): number[] {
    const children: number[] = [];
    for (const offset of this.offsets()) {
      if (offset + 4 > this.page.length) throw damaged('a page has a cell outside it');
      children.push(u32(this.page, offset));
    }
    children.push(u32(this.page, this.#header + 8));
    return children;
  }
}

function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

function u32(bytes: Uint8Array, at: number): number {
  return u16(bytes, at) * 0x1_0000 + u16(bytes, at + 2);
}

/** Reads a varint of up to nine bytes. Throws DAMAGED if it is cut off or exceeds 2^53. */
function varint(bytes: Uint8Array, at: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let index = 0; index < 9; index++) {
    const byte = bytes[at + index];
    if (byte === undefined) break;
    value = index === 8 ? value * 256 + byte : value * 128 + (byte & 0x7f);
    if (!Number.isSafeInteger(value)) break;
    if (index === 8 || byte < 0x80) return { value, end: at + index + 1 };
  }
  throw damaged('a number is cut off or too large');
}

/** Number of bytes in a column's value, by type, for types below 12. */
const WIDTHS = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0] as const;

function record(payload: Uint8Array): Value[] {
  const header = varint(payload, 0);
  if (header.value > payload.length) throw damaged('a row is cut off');
  const values: Value[] = [];
  let data = header.value;
  for (let at = header.end; at < header.value && values.length < MAX_COLUMNS; ) {
    const type = varint(payload, at);
    at = type.end;
    const width = type.value < 12 ? (WIDTHS[type.value] ?? 0) : Math.floor((type.value - 12) / 2);
    if (data + width > payload.length) throw damaged('a row is cut off');
    values.push(columnValue(type.value, payload.subarray(data, data + width)));
    data += width;
  }
  return values;
}

function columnValue(type: number, bytes: Uint8Array): Value {
  if (type >= 12) return type % 2 === 0 ? bytes : textOf(bytes);
  if (type === 8 || type === 9) return type - 8;
  if (type === 0 || type > 6) return null;
  let value = (bytes[0] as number) >= 0x80 ? -1 : 0;
  for (const byte of bytes) value = value * 256 + byte;
  return value;
}
