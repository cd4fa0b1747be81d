// Reads FlatBuffers, as far as needed for a zTOC. Every offset is checked. Little-endian. Source: flatbuffers.dev, Internals.
//
//   buffer    u32: offset of the root table
//   table     i32: its vtable is at the table's position minus this number; then the fields
//   vtable    u16 bytes of the vtable, u16 bytes of the table, u16 for each field: its offset in the table, 0 for the default
//   vector    u32 count, then the elements; a string is one of bytes
//   reference u32 offset from the reference itself to a table or string
import { decodeUtf8, LayerscopeError } from '#model';

function damaged(what: string): LayerscopeError {
  return new LayerscopeError('DAMAGED', `zTOC: ${what}`);
}

/**
 * What may still be read from a buffer. References may share their targets, so the buffer's size doesn't limit the work. Therefore, each
 * reference in a vector counts, and a string counts each time it is read.
 */
export interface FlatBudget {
  references: number;
  textBytes: number;
}

interface Source {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly budget: FlatBudget;
}

/** A table in a buffer. Reading throws DAMAGED for anything outside the buffer, TOO_LARGE once the budget is used up. */
export class FlatTable {
  readonly #source: Source;
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #at: number;
  readonly #vtable: number;
  readonly #fields: number;

  /** Used by {@link rootTable} and for fields. */
  constructor(source: Source, at: number) {
    this.#source = source;
    this.#bytes = source.bytes;
    this.#view = source.view;
    this.#at = at;
    this.#need(at, 4);
    this.#vtable = at - this.#view.getInt32(at, true);
    this.#need(this.#vtable, 4);
    const length = this.#view.getUint16(this.#vtable, true);
    this.#need(this.#vtable, Math.max(4, length));
    this.#fields = (length - 4) >> 1;
  }

  /** Returns a signed 64-bit number; 0 by default. Throws DAMAGED beyond 2^53. */
  int64(field: number): number {
    const at = this.#field(field, 8);
    const value = at === 0 ? 0 : Number(this.#view.getBigInt64(at, true));
    if (!Number.isSafeInteger(value)) throw damaged('a number that is too large');
    return value;
  }

  int32(field: number): number {
    const at = this.#field(field, 4);
    return at === 0 ? 0 : this.#view.getInt32(at, true);
  }

  uint32(field: number): number {
    const at = this.#field(field, 4);
    return at === 0 ? 0 : this.#view.getUint32(at, true);
  }

  uint8(field: number, otherwise: number): number {
    const at = this.#field(field, 1);
    return at === 0 ? otherwise : (this.#bytes[at] as number);
  }

  /** Returns a string; empty by default. */
  text(field: number): string {
    return this.#decode(this.bytes(field));
  }

  /** Returns a view of a vector of bytes; empty by default. */
  bytes(field: number): Uint8Array {
    const at = this.#field(field, 4);
    return at === 0 ? new Uint8Array(0) : this.#vectorBytes(at, 1);
  }

  /** Returns a table; null by default. */
  table(field: number): FlatTable | null {
    const at = this.#field(field, 4);
    return at === 0 ? null : new FlatTable(this.#source, this.#target(at));
  }

  /** Yields the tables of a vector; none by default. */
  *tables(field: number): Generator<FlatTable> {
    for (const at of this.#references(field)) yield new FlatTable(this.#source, this.#target(at));
  }

  *texts(field: number): Generator<string> {
    for (const at of this.#references(field)) yield this.#decode(this.#vectorBytes(at, 1));
  }

  #decode(bytes: Uint8Array): string {
    this.#source.budget.textBytes -= bytes.length;
    if (this.#source.budget.textBytes < 0) throw new LayerscopeError('TOO_LARGE', 'a zTOC with too much text');
    const text = decodeUtf8(bytes);
    if (text === null) throw damaged('a string that is not UTF-8');
    return text;
  }

  /** Yields the positions of the offsets that make up a vector of references. */
  *#references(field: number): Generator<number> {
    const at = this.#field(field, 4);
    if (at === 0) return;
    const { byteOffset, length } = this.#vectorBytes(at, 4);
    const first = byteOffset - this.#bytes.byteOffset;
    for (let each = first; each < first + length; each += 4) {
      if (--this.#source.budget.references < 0) throw new LayerscopeError('TOO_LARGE', 'a zTOC with too many references');
      yield each;
    }
  }

  /** Returns the elements of the vector that the offset at `at` refers to. */
  #vectorBytes(at: number, elementBytes: number): Uint8Array {
    const start = this.#target(at);
    this.#need(start, 4);
    const length = this.#view.getUint32(start, true) * elementBytes;
    this.#need(start + 4, length);
    return this.#bytes.subarray(start + 4, start + 4 + length);
  }

  #target(at: number): number {
    return at + this.#view.getUint32(at, true);
  }

  /** Returns the position of a field; 0 if it has its default value. */
  #field(field: number, length: number): number {
    if (field >= this.#fields) return 0;
    const offset = this.#view.getUint16(this.#vtable + 4 + 2 * field, true);
    if (offset === 0) return 0;
    this.#need(this.#at + offset, length);
    return this.#at + offset;
  }

  #need(at: number, length: number): void {
    if (!(at >= 0 && length >= 0 && at + length <= this.#bytes.length)) throw damaged('it is cut off, or refers to what is outside it');
  }
}

/** Returns the root table of a buffer. All tables reached from it share the budget. Throws DAMAGED. */
export function rootTable(bytes: Uint8Array, budget: FlatBudget): FlatTable {
  if (bytes.length < 4) throw damaged('it is cut off');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new FlatTable({ bytes, view, budget }, view.getUint32(0, true));
}
