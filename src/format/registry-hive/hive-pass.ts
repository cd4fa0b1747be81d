import { NO_CELL, readCell } from './cell.ts';
import type { Hive } from './hive.ts';
import { type HiveKey, keyBytes, keyCell, parseKey } from './key-record.ts';
import { Damage, type HiveProblemCode, hex, type ProblemList } from './problems.ts';
import { readSecurity, type SecurityAt } from './security-cell.ts';
import { readSubkeyList } from './subkey-list.ts';
import { utf16Text } from './text.ts';
import { type HiveValue, readValue } from './value-record.ts';

/** Cells begin at multiples of this number. */
const CELL_STEP = 8;
const LIST_ELEMENT = 4;
const EXTRA_ALLOWANCE = 65_536;

/**
 * Reads each key of a hive at most once. In a sound hive, only security descriptors are shared; in a hostile one, a million keys may share
 * one long name or value. So a pass may read at most about twice the stored bytes; anything beyond that counts as damaged.
 */
export class HivePass {
  readonly hive: Hive;
  readonly #problems: ProblemList | null;
  readonly #seen: Uint8Array;
  readonly #security = new Map<number, SecurityAt | Damage>();
  #allowance: number;

  /** `problems`: where damage is reported; null if it doesn't matter. */
  constructor(hive: Hive, problems: ProblemList | null) {
    this.hive = hive;
    this.#problems = problems;
    this.#seen = new Uint8Array(Math.ceil(hive.end / CELL_STEP / 8) + 1);
    this.#allowance = 2 * hive.storedBytes + EXTRA_ALLOWANCE;
  }

  /** Whether there are so many problems that reading should stop. */
  get isHopeless(): boolean {
    return this.#problems?.isFull === true;
  }

  report(path: string | null, code: HiveProblemCode, message: string): void {
    this.#problems?.add(path, code, message);
  }

  readonly #take = (bytes: number): boolean => {
    this.#allowance -= bytes;
    return this.#allowance >= 0;
  };

  /** Returns the key at an offset; null if it is damaged or was read before. `parent`: path of its parent, null for the root. */
  key(offset: number, parent: string | null): HiveKey | null {
    const cell = offset % CELL_STEP === 0 ? keyCell(this.hive, offset) : new Damage(`key ${hex(offset)} is between two cells`);
    if (cell instanceof Damage) {
      this.report(parent, 'key-damaged', cell.reason);
      return null;
    }
    const index = offset / CELL_STEP;
    const bit = 1 << (index & 7);
    const octet = this.#seen[index >> 3] as number;
    if ((octet & bit) !== 0) {
      this.report(parent, 'key-twice', `key ${hex(offset)} is in the hive twice`);
      return null;
    }
    this.#seen[index >> 3] = octet | bit;
    if (this.#take(keyBytes(this.hive, cell))) return parseKey(this.hive, offset, cell);
    this.report(parent, 'key-damaged', `key ${hex(offset)}: keys have more bytes than the hive`);
    return null;
  }

  /** Returns a key's class name; null if it has none. */
  className(key: HiveKey, path: string): string | null {
    if (key.classBytes === 0 || key.classAt === NO_CELL) return null;
    const cell = readCell(this.hive, key.classAt, key.classBytes);
    if (!(cell instanceof Damage) && this.#take(key.classBytes))
      return utf16Text(this.hive.bytes.subarray(cell.at, cell.at + key.classBytes));
    this.report(path, 'class-damaged', cell instanceof Damage ? cell.reason : 'class names have more bytes than the hive');
    return null;
  }

  security(key: HiveKey, path: string): SecurityAt | null {
    let found = this.#security.get(key.security);
    if (found === undefined) {
      found = readSecurity(this.hive, key.security);
      if (!(found instanceof Damage) && !this.#take(found.bytes.length)) found = new Damage('descriptors have more bytes than the hive');
      this.#security.set(key.security, found);
    }
    if (!(found instanceof Damage)) return found;
    this.report(path, 'security-damaged', found.reason);
    return null;
  }

  /** Returns a key's values, in their order in the hive. */
  values(key: HiveKey, path: string): HiveValue[] {
    const values: HiveValue[] = [];
    if (key.valueCount === 0) return values;
    const list = readCell(this.hive, key.valueList);
    if (list instanceof Damage) {
      this.report(path, 'values-damaged', list.reason);
      return values;
    }
    const room = Math.floor(list.length / LIST_ELEMENT);
    if (key.valueCount > room)
      this.report(path, 'values-damaged', `the key states ${key.valueCount} values, its list has room for ${room}`);
    const count = Math.min(key.valueCount, room);
    if (!this.#take(count * LIST_ELEMENT)) {
      this.report(path, 'values-damaged', 'lists have more elements than the hive has bytes for');
      return values;
    }
    for (let index = 0; index < count && !this.isHopeless; index++) {
      const value = readValue(this.hive, this.hive.view.getUint32(list.at + index * LIST_ELEMENT, true), this.#take);
      if (value instanceof Damage) {
        this.report(path, 'value-damaged', value.reason);
        continue;
      }
      if (value.damage !== null) this.report(path, 'data-damaged', value.damage);
      values.push(value);
    }
    return values;
  }

  /** Returns the offsets of a key's subkeys, in their order in the hive. */
  subkeys(key: HiveKey, path: string): number[] {
    if (key.subkeyCount === 0) return [];
    const offsets = readSubkeyList(this.hive, key.subkeyList, {
      take: (elements) => this.#take(elements * LIST_ELEMENT),
      onDamage: (reason) => this.report(path, 'list-damaged', reason),
    });
    if (offsets.length !== key.subkeyCount)
      this.report(path, 'count-differs', `the list has ${offsets.length} subkeys, the key states ${key.subkeyCount}`);
    return offsets;
  }
}
