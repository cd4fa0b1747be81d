// What deleted keys and values left behind. A freed cell keeps its bytes until it is used again, and adjacent free cells are joined, so a
// record may begin anywhere in a free cell where a cell could begin. It counts as a remnant if its own size and name fit into the free
// space. What it refers to is read only if that space is free too: otherwise other records have taken its place.
import { BASE_BLOCK_BYTES } from './base-block.ts';
import { letters, NO_CELL } from './cell.ts';
import { type DataPieces, residentData } from './data.ts';
import type { Hive } from './hive.ts';
import { keyPath, MAX_DEPTH, MAX_PATH_UNITS } from './key-names.ts';
import { type HiveKey, KEY_HEAD, parseKey } from './key-record.ts';
import { Damage } from './problems.ts';
import { type HiveValue, parseValue, VALUE_HEAD } from './value-record.ts';
import { walkHive } from './walk-hive.ts';

/** A deleted key. */
interface KeyRemnant {
  readonly kind: 'key';
  readonly offset: number;
  /** Null if one of the keys above it is neither in the hive nor a remnant. */
  readonly path: string | null;
  readonly key: HiveKey;
  /** The values that the key's list still leads to. */
  readonly values: readonly HiveValue[];
}

/** A deleted value that isn't in the list of any key's remnant. */
interface ValueRemnant {
  readonly kind: 'value';
  readonly offset: number;
  readonly value: HiveValue;
}

export type HiveRemnant = KeyRemnant | ValueRemnant;

export interface HiveRemnants {
  /** In file order. */
  readonly remnants: readonly HiveRemnant[];
  /** Whether there are more remnants than are listed. */
  readonly isCut: boolean;
}

const MAX_REMNANTS = 100_000;
const BIN_SIGNATURE = 0x6e69_6268;
const BIN_HEAD = 32;
const BIN_STEP = 4096;
const CELL_HEAD = 4;
const CELL_STEP = 8;
const KEY = letters('nk');
const VALUE = letters('vk');
const BIG_DATA = letters('db');
const SEGMENT = 16_344;
/** The valid flags of a value. Any other flag is a sign that the bytes are something else. */
const VALUE_FLAGS = 3;
const MAX_KEY_NAME_BYTES = 512;

/** Finds what deleted keys and values left in the free cells of a hive. */
export function findRemnants(hive: Hive): HiveRemnants {
  return new RemnantSearch(hive).find();
}

interface FreeCell {
  /** Position of the cell, which begins with its size. */
  readonly at: number;
  /** Position where the cell ends. */
  readonly end: number;
}

class RemnantSearch {
  readonly #hive: Hive;
  readonly #free: FreeCell[];
  readonly #keys = new Map<number, HiveKey>();
  readonly #values = new Map<number, HiveValue>();
  readonly #paths = new Map<number, string | null>();
  /** Limit on the total size of the data and lists that are read, because those of hostile records may overlap. */
  #allowance: number;

  constructor(hive: Hive) {
    this.#hive = hive;
    this.#free = freeCells(hive);
    this.#allowance = 2 * hive.bytes.length;
  }

  find(): HiveRemnants {
    let isCut = false;
    for (const { at, end } of this.#free) {
      for (let record = at; record + CELL_HEAD < end; ) {
        if (this.#keys.size + this.#values.size >= MAX_REMNANTS) {
          isCut = true;
          break;
        }
        record += this.#take(record, end);
      }
    }
    this.#findParents();
    const attached = new Set<number>();
    const remnants: HiveRemnant[] = [];
    for (const [offset, key] of this.#keys) {
      const values = this.#valuesOf(key, attached);
      remnants.push({ kind: 'key', offset, path: this.#pathOf(offset), key, values });
    }
    for (const [offset, value] of this.#values) if (!attached.has(offset)) remnants.push({ kind: 'value', offset, value });
    return { remnants: remnants.sort((a, b) => a.offset - b.offset), isCut };
  }

  /** Keeps the record in the cell at a position, if there is one. Returns how far to advance. */
  #take(at: number, end: number): number {
    const { view } = this.#hive;
    const record = at + CELL_HEAD;
    const room = end - record;
    const offset = at - BASE_BLOCK_BYTES;
    const signature = room >= VALUE_HEAD ? view.getUint16(record, true) : 0;
    // In a free cell that was joined from several, the size of the first one covers all of them.
    const size = Math.abs(view.getInt32(at, true));
    if ((signature !== KEY && signature !== VALUE) || size % CELL_STEP !== 0 || size > end - at) return CELL_STEP;
    const isKey = signature === KEY;
    const nameBytes = isKey && room < KEY_HEAD ? 0 : view.getUint16(record + (isKey ? 72 : 2), true);
    const bytes = (isKey ? KEY_HEAD : VALUE_HEAD) + nameBytes;
    if (bytes > room || bytes + CELL_HEAD > size) return CELL_STEP;
    if (isKey) {
      const counts = Math.max(view.getUint32(record + 20, true), view.getUint32(record + 36, true));
      if (nameBytes === 0 || nameBytes > MAX_KEY_NAME_BYTES || counts * 4 > this.#hive.bytes.length) return CELL_STEP;
      this.#keys.set(offset, parseKey(this.#hive, offset, { at: record, length: room }));
    } else {
      if ((view.getUint16(record + 16, true) & ~VALUE_FLAGS) !== 0) return CELL_STEP;
      this.#values.set(
        offset,
        parseValue(this.#hive, record, nameBytes, (stated, length) => this.#data(record, stated, length)),
      );
    }
    return Math.ceil((CELL_HEAD + bytes) / CELL_STEP) * CELL_STEP;
  }

  /** Returns the data of the value at a position, from its own four bytes or from a free cell. */
  #data(record: number, stated: number, size: number): DataPieces | Damage {
    if (stated !== size) return residentData(this.#hive, record + 8, size);
    if (size === 0) return [];
    return this.#cellData(this.#hive.view.getUint32(record + 8, true), size);
  }

  #cellData(offset: number, size: number): DataPieces | Damage {
    const { view, bytes } = this.#hive;
    const room = this.#roomAt(offset);
    const start = BASE_BLOCK_BYTES + offset + CELL_HEAD;
    if (room >= size && (size <= SEGMENT || view.getUint16(start, true) !== BIG_DATA)) {
      this.#allowance -= size;
      return this.#allowance < 0 ? GONE : [bytes.subarray(start, start + size)];
    }
    if (size <= SEGMENT || room < 8 || view.getUint16(start, true) !== BIG_DATA) return GONE;
    const count = view.getUint16(start + 2, true);
    const list = view.getUint32(start + 4, true);
    if (count !== Math.ceil(size / SEGMENT) || this.#roomAt(list) < 4 * count) return GONE;
    this.#allowance -= size;
    if (this.#allowance < 0) return GONE;
    const pieces: Uint8Array[] = [];
    for (let index = 0; index < count; index++) {
      const segment = view.getUint32(BASE_BLOCK_BYTES + list + CELL_HEAD + 4 * index, true);
      const length = Math.min(SEGMENT, size - index * SEGMENT);
      if (this.#roomAt(segment) < length) return GONE;
      const from = BASE_BLOCK_BYTES + segment + CELL_HEAD;
      pieces.push(bytes.subarray(from, from + length));
    }
    return pieces;
  }

  /**
   * Returns the number of free bytes that follow the size field of the cell at `offset`; 0 if the cell is in use, or if no cell can be
   * there.
   */
  #roomAt(offset: number): number {
    if (offset === NO_CELL || offset % CELL_STEP !== 0) return 0;
    const at = BASE_BLOCK_BYTES + offset;
    let low = 0;
    let high = this.#free.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#free[middle] as FreeCell).at <= at) low = middle + 1;
      else high = middle;
    }
    const cell = this.#free[low - 1];
    return cell === undefined || at + CELL_HEAD > cell.end ? 0 : cell.end - at - CELL_HEAD;
  }

  #valuesOf(key: HiveKey, attached: Set<number>): HiveValue[] {
    const values: HiveValue[] = [];
    const room = Math.floor(this.#roomAt(key.valueList) / 4);
    const count = Math.min(key.valueCount, room);
    this.#allowance -= 4 * count;
    if (this.#allowance < 0) return values;
    for (let index = 0; index < count; index++) {
      const offset = this.#hive.view.getUint32(BASE_BLOCK_BYTES + key.valueList + CELL_HEAD + 4 * index, true);
      const value = this.#values.get(offset);
      if (value === undefined || attached.has(offset)) continue;
      attached.add(offset);
      values.push(value);
    }
    return values;
  }

  /** Looks up the paths of the existing keys that remnants were below. */
  #findParents(): void {
    const wanted = new Set<number>();
    for (const { parent } of this.#keys.values()) if (!this.#keys.has(parent)) wanted.add(parent);
    if (wanted.size === 0) return;
    for (const { path, key } of walkHive(this.#hive, null)) if (wanted.has(key.offset)) this.#paths.set(key.offset, path);
  }

  #pathOf(offset: number): string | null {
    const names: { readonly offset: number; readonly name: string }[] = [];
    let at = offset;
    for (let key = this.#keys.get(at); !this.#paths.has(at) && key !== undefined; key = this.#keys.get(at)) {
      if (names.length > MAX_DEPTH || names.some((each) => each.offset === at)) break;
      names.push({ offset: at, name: key.name });
      at = key.parent;
    }
    let path = this.#paths.get(at) ?? null;
    for (const { offset: own, name } of names.reverse()) {
      if (path !== null) path = keyPath(path, path === '' ? 1 : 2, name);
      if (path !== null && path.length > MAX_PATH_UNITS) path = null;
      this.#paths.set(own, path);
    }
    return this.#paths.get(offset) ?? null;
  }
}

const GONE = new Damage('overwritten since it was deleted');

/** Returns the free cells of a hive, in order. Skips the rest of a damaged bin. */
function freeCells({ view, end }: Hive): FreeCell[] {
  const cells: FreeCell[] = [];
  for (let bin = BASE_BLOCK_BYTES; bin + BIN_HEAD <= end; ) {
    const size = view.getUint32(bin + 8, true);
    const isBin = view.getUint32(bin, true) === BIN_SIGNATURE && size >= BIN_STEP && size % BIN_STEP === 0 && bin + size <= end;
    if (!isBin) {
      bin += BIN_STEP;
      continue;
    }
    const binEnd = bin + size;
    for (let at = bin + BIN_HEAD; at + CELL_HEAD <= binEnd; ) {
      const length = view.getInt32(at, true);
      const whole = Math.abs(length);
      if (whole < CELL_STEP || whole % CELL_STEP !== 0 || at + whole > binEnd) break;
      if (length > 0) cells.push({ at, end: at + whole });
      at += whole;
    }
    bin = binEnd;
  }
  return cells;
}
