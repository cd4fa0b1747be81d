import type { GrownBytes } from './grown-bytes.ts';

const TRUE = 1;
const FALSE = 2;
const I32 = 5;
const I64 = 6;
const BINARY = 8;
const LIST = 9;
const STRUCT = 12;

/** Writes the fields of a struct in Thrift's compact protocol, in the order of their ids. */
export class ThriftStruct {
  readonly #to: GrownBytes;
  #last = 0;

  private constructor(to: GrownBytes) {
    this.#to = to;
  }

  static write(to: GrownBytes, fields: (struct: ThriftStruct) => void): void {
    fields(new ThriftStruct(to));
    to.byte(0);
  }

  i32(id: number, value: number): void {
    this.#field(id, I32);
    this.#zigzag(value);
  }

  i64(id: number, value: number): void {
    this.#field(id, I64);
    this.#zigzag(value);
  }

  flag(id: number, value: boolean): void {
    this.#field(id, value ? TRUE : FALSE);
  }

  binary(id: number, value: Uint8Array): void {
    this.#field(id, BINARY);
    this.#binary(value);
  }

  text(id: number, value: string): void {
    this.binary(id, Buffer.from(value));
  }

  struct(id: number, fields: (struct: ThriftStruct) => void): void {
    this.#field(id, STRUCT);
    ThriftStruct.write(this.#to, fields);
  }

  structs<T>(id: number, items: readonly T[], fields: (struct: ThriftStruct, item: T) => void): void {
    this.#list(id, STRUCT, items.length);
    for (const item of items) ThriftStruct.write(this.#to, (struct) => fields(struct, item));
  }

  i32s(id: number, items: readonly number[]): void {
    this.#list(id, I32, items.length);
    for (const item of items) this.#zigzag(item);
  }

  texts(id: number, items: readonly string[]): void {
    this.#list(id, BINARY, items.length);
    for (const item of items) this.#binary(Buffer.from(item));
  }

  /** Writes the short form of a field's header: in Parquet, every id is at most 15 more than the one before. */
  #field(id: number, type: number): void {
    this.#to.byte(((id - this.#last) << 4) | type);
    this.#last = id;
  }

  #list(id: number, type: number, count: number): void {
    this.#field(id, LIST);
    this.#to.byte((Math.min(count, 15) << 4) | type);
    if (count >= 15) this.#to.varint(count);
  }

  #binary(bytes: Uint8Array): void {
    this.#to.varint(bytes.length);
    this.#to.put(bytes);
  }

  #zigzag(value: number): void {
    this.#to.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }
}
