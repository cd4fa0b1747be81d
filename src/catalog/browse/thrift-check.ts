// Walks a structure of Thrift's compact protocol without keeping anything, before hyparquet parses it: hyparquet reads numbers of any
// length, lists of any size and structures of any depth. Source: thrift-compact-protocol.md of Apache Thrift.
import { LayerscopeError } from '#model';
import { MOST_NESTING } from './bounds.ts';

const BOOLS = [1, 2] as const;
const BYTE = 3;
const NUMBERS = [4, 5, 6] as const;
const DOUBLE = 7;
const BINARY = 8;
const LISTS = [9, 10] as const;
const STRUCT = 12;
/** Maximum length of a number: 64 bits take at most ten bytes. */
const MOST_NUMBER_BYTES = 10;

/** Checks the structure at the beginning of `bytes`. Returns its length. Throws DAMAGED, or TOO_LARGE for more than `mostValues`. */
export function checkThrift(bytes: Uint8Array, mostValues: number): number {
  const walk = new Walk(bytes, mostValues);
  walk.struct(0);
  return walk.at;
}

class Walk {
  at = 0;
  readonly #bytes: Uint8Array;
  #left: number;

  constructor(bytes: Uint8Array, mostValues: number) {
    this.#bytes = bytes;
    this.#left = mostValues;
  }

  struct(depth: number): void {
    if (depth > MOST_NESTING) throw new LayerscopeError('TOO_LARGE', 'its description is nested too deeply');
    for (let head = this.#byte(); (head & 0x0f) !== 0; head = this.#byte()) {
      if (head >> 4 === 0) this.#number();
      this.#value(head & 0x0f, depth, false);
    }
  }

  #value(type: number, depth: number, isElement: boolean): void {
    if (this.#left-- <= 0) throw new LayerscopeError('TOO_LARGE', 'its description has too many values');
    if (isOneOf(BOOLS, type)) {
      if (isElement) this.#skip(1);
    } else if (type === BYTE) this.#skip(1);
    else if (isOneOf(NUMBERS, type)) this.#number();
    else if (type === DOUBLE) this.#skip(8);
    else if (type === BINARY) this.#skip(this.#number());
    else if (isOneOf(LISTS, type)) this.#list(depth);
    else if (type === STRUCT) this.struct(depth + 1);
    else throw damaged();
  }

  #list(depth: number): void {
    if (depth > MOST_NESTING) throw new LayerscopeError('TOO_LARGE', 'its description is nested too deeply');
    const head = this.#byte();
    const count = head >> 4 === 15 ? this.#number() : head >> 4;
    if (count > this.#left) throw new LayerscopeError('TOO_LARGE', 'its description has too many values');
    for (let index = 0; index < count; index++) this.#value(head & 0x0f, depth + 1, true);
  }

  /** Reads a number. The result is exact for lengths; larger numbers may exceed what a JavaScript number holds. */
  #number(): number {
    let value = 0;
    for (let index = 0; index < MOST_NUMBER_BYTES; index++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** (7 * index);
      if ((byte & 0x80) === 0) return value;
    }
    throw damaged();
  }

  #skip(count: number): void {
    this.at += count;
    if (this.at > this.#bytes.length) throw damaged();
  }

  #byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw damaged();
    return byte;
  }
}

function isOneOf(types: readonly number[], type: number): boolean {
  return types.includes(type);
}

function damaged(): LayerscopeError {
  return new LayerscopeError('DAMAGED', 'its description can’t be read');
}
