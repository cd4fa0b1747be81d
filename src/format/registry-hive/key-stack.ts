// Keys in a stack of hives: what the hives have at one path, and which of these records are visible.
import type { Hive } from './hive.ts';
import { HivePass } from './hive-pass.ts';
import { foldKeyName } from './key-names.ts';
import type { HiveKey } from './key-record.ts';
import type { SecurityAt } from './security-cell.ts';
import type { HiveValue } from './value-record.ts';

/** A hive of a layer. */
export interface LayerHive {
  readonly hive: Hive;
  readonly layer: number;
}

/** What the hives in a stack have at one path: for each position in the stack, the records with this name, usually one. */
export interface StackKey {
  /** The key's folded name; empty for the root. */
  readonly folded: string;
  readonly records: ReadonlyMap<number, readonly HiveKey[]>;
}

/** Which hives in a stack are visible at a key: positions, topmost first. */
export interface Seen {
  /** Hives whose record is visible. If there are none, neither the key nor anything below it is visible. */
  readonly own: readonly number[];
  /** Hives whose subkeys are visible. */
  readonly below: readonly number[];
}

/** A value that a view shows. */
export interface ShownValue extends HiveValue {
  readonly folded: string;
  readonly layer: number;
}

/** A key that a view shows. */
export interface ShownKey {
  readonly name: string;
  /** FILETIME of the newest visible record. */
  readonly written: bigint;
  readonly className: string | null;
  readonly security: SecurityAt | null;
  /** Layers whose record is visible, topmost first. */
  readonly layers: readonly number[];
  /** Sorted by folded name. */
  readonly values: readonly ShownValue[];
}

/** Returns which records of a key are visible, among those in the hives at `positions` (topmost first). */
export function look({ records }: StackKey, positions: readonly number[]): Seen {
  const own: number[] = [];
  const below: number[] = [];
  let isOpen = true;
  for (const position of positions) {
    const record = records.get(position)?.at(-1);
    if (record === undefined) continue;
    if (record.effect === 'tombstone') break;
    below.push(position);
    if (isOpen) own.push(position);
    if (record.effect === 'supersede-local') isOpen = false;
    if (record.effect === 'supersede-tree') break;
  }
  return { own, below };
}

/** Reads keys in a stack, each record once. */
export class StackPass {
  readonly #hives: readonly LayerHive[];
  readonly #passes: readonly HivePass[];

  constructor(hives: readonly LayerHive[]) {
    this.#hives = hives;
    this.#passes = hives.map(({ hive }) => new HivePass(hive, null));
  }

  root(): StackKey {
    const records = new Map<number, readonly HiveKey[]>();
    this.#passes.forEach((pass, position) => {
      const key = pass.key(pass.hive.base.root, null);
      if (key !== null) records.set(position, [key]);
    });
    return { folded: '', records };
  }

  /** Returns the keys directly below a key in the hives at `positions`, sorted by folded name. */
  subkeys({ records }: StackKey, positions: readonly number[]): StackKey[] {
    const byName = new Map<string, Map<number, HiveKey[]>>();
    for (const position of positions) {
      const pass = this.#passes[position];
      for (const parent of records.get(position) ?? []) {
        for (const offset of pass?.subkeys(parent, '') ?? []) {
          const key = pass?.key(offset, '');
          if (!key) continue;
          const folded = foldKeyName(key.name);
          const found = byName.get(folded) ?? new Map<number, HiveKey[]>();
          byName.set(folded, found);
          const same = found.get(position);
          if (same === undefined) found.set(position, [key]);
          else same.push(key);
        }
      }
    }
    return [...byName].map(([folded, records]) => ({ folded, records })).sort(byFolded);
  }

  /** Returns the name that a key shows; `own` has at least one position. */
  nameOf({ records }: StackKey, own: readonly number[]): string {
    return records.get(own[0] ?? 0)?.at(-1)?.name ?? '';
  }

  /** Returns what a key shows; `own` has at least one position. */
  show(key: StackKey, own: readonly number[]): ShownKey {
    const records = own.map((position) => ({ position, record: key.records.get(position)?.at(-1) }));
    let written = 0n;
    let className: string | null = null;
    let isClassKnown = false;
    const values = new Map<string, ShownValue>();
    for (const { position, record } of records) {
      const pass = this.#passes[position];
      if (record === undefined || pass === undefined) continue;
      if (record.written > written) written = record.written;
      if (!isClassKnown && !record.inheritsClass) {
        className = pass.className(record, '');
        isClassKnown = true;
      }
      for (const value of pass.values(record, '')) {
        const folded = foldKeyName(value.name);
        if (!values.has(folded)) values.set(folded, { ...value, folded, layer: this.#hives[position]?.layer ?? 0 });
      }
    }
    const top = records[0];
    return {
      name: this.nameOf(key, own),
      written,
      className,
      security: (top?.record && this.#passes[top.position]?.security(top.record, '')) ?? null,
      layers: own.map((position) => this.#hives[position]?.layer ?? 0),
      values: [...values.values()].filter(({ isTombstone }) => !isTombstone).sort(byFolded),
    };
  }
}

function byFolded(a: { readonly folded: string }, b: { readonly folded: string }): number {
  return a.folded < b.folded ? -1 : a.folded > b.folded ? 1 : 0;
}

/** Returns all positions in a stack of this many hives, topmost first. */
export function allPositions(count: number): number[] {
  return Array.from({ length: count }, (_, at) => count - 1 - at);
}
