// SQLite's write-ahead log: pages that are newer than the database's. Numbers are big-endian.
//
//   header  magic 377F0682 or 377F0683 (its checksums are big-endian), version, page size, sequence, two salts, two checksums
//   frame   page number, size of the database in pages if the frame ends a transaction (else 0), the salts, two checksums, the page
//
// A frame is part of the database if its salts and checksums match, and if it ends a transaction or a later frame does. Source:
// sqlite.org/fileformat2.html#walformat.
const HEADER = 32;
const FRAME = 24;
const MAGIC = 0x377f0682;

/** The committed pages of a log. */
export interface LoggedPages {
  /** Pages by number, as views. */
  readonly pages: ReadonlyMap<number, Uint8Array>;
  /** Size of the database after the last transaction, in pages. */
  readonly pageCount: number;
}

/** Reads the committed pages of a log; null if it has none for this page size. */
export function committedPages(log: Uint8Array, pageSize: number): LoggedPages | null {
  if (log.length < HEADER) return null;
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  const magic = view.getUint32(0);
  if ((magic & ~1) >>> 0 !== MAGIC || view.getUint32(8) !== pageSize) return null;
  const sum = new WalSum(view, (magic & 1) === 0);
  sum.add(0, 24);
  if (!sum.equals(24)) return null;
  const pages = new Map<number, Uint8Array>();
  let open = new Map<number, Uint8Array>();
  let pageCount = 0;
  for (let at = HEADER; at + FRAME + pageSize <= log.length; at += FRAME + pageSize) {
    if (view.getUint32(at + 8) !== view.getUint32(16) || view.getUint32(at + 12) !== view.getUint32(20)) break;
    sum.add(at, 8);
    sum.add(at + FRAME, pageSize);
    if (!sum.equals(at + 16)) break;
    open.set(view.getUint32(at), log.subarray(at + FRAME, at + FRAME + pageSize));
    const committed = view.getUint32(at + 4);
    if (committed === 0) continue;
    for (const [number, page] of open) pages.set(number, page);
    open = new Map();
    pageCount = committed;
  }
  return pageCount === 0 ? null : { pages, pageCount };
}

class WalSum {
  readonly #view: DataView;
  readonly #littleEndian: boolean;
  #first = 0;
  #second = 0;

  constructor(view: DataView, littleEndian: boolean) {
    this.#view = view;
    this.#littleEndian = littleEndian;
  }

  /** Adds `length` bytes, a multiple of 8. */
  add(start: number, length: number): void {
    for (let at = start; at + 8 <= start + length; at += 8) {
      this.#first = (this.#first + this.#view.getUint32(at, this.#littleEndian) + this.#second) >>> 0;
      this.#second = (this.#second + this.#view.getUint32(at + 4, this.#littleEndian) + this.#first) >>> 0;
    }
  }

  equals(at: number): boolean {
    return this.#view.getUint32(at) === this.#first && this.#view.getUint32(at + 4) === this.#second;
  }
}
