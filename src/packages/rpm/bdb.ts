// The hash tables of Berkeley DB, in which rpm stored packages until 4.16. Numbers are in the byte order of the machine that wrote them.
//
//   first page     at 12 magic 061561, at 20 page size u32, at 32 last page u32
//   hash page      at 20 number of items u16, at 25 type 2 or 13; from 26 offsets of the items u16, keys and values alternately
//   value          type 1: bytes up to the item before it; type 3: at 4 first overflow page u32, at 8 length u32
//   overflow page  at 16 next page u32, at 22 bytes used u16 (in the last page), from 26 bytes
//
// Source: Berkeley DB, src/dbinc/db_page.h.
import { LayerscopeError } from '#model';

const MAGIC = 0x061561;
const HASH_PAGES: readonly number[] = [2, 13];
const PAGE_HEADER = 26;
const INLINE = 1;
const OVERFLOW = 3;

function damaged(what: string): LayerscopeError {
  return new LayerscopeError('DAMAGED', `Berkeley DB: ${what}`);
}

export function isBdb(bytes: Uint8Array): boolean {
  if (bytes.length < 72) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint32(12, true) === MAGIC || view.getUint32(12) === MAGIC;
}

/** Yields the values of a hash table that are long enough to be headers. Throws DAMAGED. */
export function* bdbBlobs(bytes: Uint8Array): Generator<Uint8Array> {
  const file = new HashFile(bytes);
  for (let number = 1; number <= file.lastPage; number++) yield* file.values(number);
}

class HashFile {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #little: boolean;
  readonly #pageSize: number;
  readonly lastPage: number;
  /** Bytes that may still be returned. Each byte of an intact file is part of at most one value. */
  #left: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#little = this.#view.getUint32(12, true) === MAGIC;
    this.#pageSize = this.#u32(20);
    if (this.#pageSize < 512 || this.#pageSize > 65_536) throw damaged(`pages of ${this.#pageSize} bytes`);
    this.lastPage = Math.min(this.#u32(32), Math.floor(bytes.length / this.#pageSize) - 1);
    this.#left = bytes.length;
  }

  #u16(at: number): number {
    return this.#view.getUint16(at, this.#little);
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, this.#little);
  }

  /** Yields the values on a page; nothing if it isn't a hash page. */
  *values(number: number): Generator<Uint8Array> {
    const page = number * this.#pageSize;
    if (!HASH_PAGES.includes(this.#bytes[page + 25] as number)) return;
    const items = this.#u16(page + 20);
    if (PAGE_HEADER + 2 * items > this.#pageSize) throw damaged(`page ${number} has more items than fit`);
    for (let item = 1; item < items; item += 2) {
      const start = this.#u16(page + PAGE_HEADER + 2 * item);
      const end = this.#u16(page + PAGE_HEADER + 2 * (item - 1));
      if (start >= this.#pageSize) throw damaged(`page ${number} has an item outside it`);
      const type = this.#bytes[page + start];
      // Short values are skipped: rpm's counter of packages is a four-byte number.
      if (type === INLINE && end <= this.#pageSize && end - start > 16) yield this.#take(page + start + 1, end - start - 1);
      if (type === OVERFLOW && start + 12 <= this.#pageSize) yield this.#overflow(this.#u32(page + start + 4), this.#u32(page + start + 8));
    }
  }

  #take(start: number, length: number): Uint8Array {
    this.#left -= length;
    if (this.#left < 0) throw damaged('its values are larger than the file');
    return this.#bytes.subarray(start, start + length);
  }

  #overflow(first: number, length: number): Uint8Array {
    if (length > this.#left) throw damaged('its values are larger than the file');
    const value = new Uint8Array(length);
    let next = first;
    for (let at = 0; at < length; ) {
      if (next === 0 || next > this.lastPage) throw damaged(`page ${next} is outside the file`);
      const page = next * this.#pageSize;
      next = this.#u32(page + 16);
      const used = next === 0 ? this.#u16(page + 22) : this.#pageSize - PAGE_HEADER;
      const count = Math.min(used, this.#pageSize - PAGE_HEADER, length - at);
      if (count === 0) throw damaged('an overflow page is empty');
      value.set(this.#take(page + PAGE_HEADER, count), at);
      at += count;
    }
    return value;
  }
}
