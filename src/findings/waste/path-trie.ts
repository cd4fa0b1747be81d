// A catalogue of paths as a state machine over names: the state of a node in a tree of paths follows from its parent's state and its own
// name. Most names aren't in any pattern and cost one lookup in a table of hashes.
//
// If a name doesn't continue its parent's pattern, it may begin one that applies in any folder. If it does both, the continued pattern
// wins, unless the name only matches its `*`.

import { hashName, type LayerTable } from '#format/layer';

/** The state of a node that isn't in any pattern. */
export const NOWHERE = 0;
/** The state of a layer's root. */
export const AT_ROOT = 1;
/** The id of a name that isn't in any pattern. */
export const ANY_NAME = 0;
const HASHES = 4096;

export class PathTrie {
  /** By the lowest bits of a name's hash: 1 if a pattern contains a name whose hash ends in them. */
  readonly hashes = new Uint8Array(HASHES);
  readonly mask = HASHES - 1;
  readonly #byHash = new Map<number, { readonly bytes: Uint8Array; readonly id: number }[]>();
  /** By state: the next state, by name id. Patterns that apply in any folder start in {@link NOWHERE}. */
  readonly #next: Map<number, number>[] = [new Map(), new Map()];
  /** By state: 1 + the index of the pattern that ends there; 0 if none does. */
  readonly #found: number[] = [0, 0];

  /** `patterns`: see CataloguePath. */
  constructor(patterns: readonly string[]) {
    const ids = new Map<string, number>([['*', ANY_NAME]]);
    patterns.forEach((pattern, index) => {
      let state = pattern.startsWith('/') ? AT_ROOT : NOWHERE;
      for (const name of pattern.split('/').filter((each) => each !== '')) {
        const id = ids.get(name) ?? this.#addName(name, ids.size);
        ids.set(name, id);
        const next = this.#next[state] as Map<number, number>;
        state = next.get(id) ?? this.#addState();
        next.set(id, state);
      }
      this.#found[state] = index + 1;
    });
  }

  #addName(name: string, id: number): number {
    const bytes = new TextEncoder().encode(name);
    const hash = hashName(bytes, 0, bytes.length);
    this.hashes[hash & this.mask] = 1;
    this.#byHash.set(hash, [...(this.#byHash.get(hash) ?? []), { bytes, id }]);
    return id;
  }

  #addState(): number {
    this.#found.push(0);
    return this.#next.push(new Map()) - 1;
  }

  /** Returns the id of a node's name; {@link ANY_NAME} if no pattern contains it. Only needed if {@link hashes} has its hash. */
  nameOf(table: LayerTable, node: number): number {
    const known = this.#byHash.get(table.nodeHash[node] as number);
    return known?.find(({ bytes }) => isNamed(table, node, bytes))?.id ?? ANY_NAME;
  }

  /** Returns the state of a node with this name whose parent is in `state`. */
  step(state: number, name: number): number {
    const next = this.#next[state] as Map<number, number>;
    if (name === ANY_NAME) return next.get(ANY_NAME) ?? NOWHERE;
    return next.get(name) ?? this.#next[NOWHERE]?.get(name) ?? next.get(ANY_NAME) ?? NOWHERE;
  }

  /** Returns the index of the pattern that matches a node in this state; -1 if none does. */
  foundIn(state: number): number {
    return (this.#found[state] as number) - 1;
  }
}

function isNamed({ nodeNames, nodeNameStart }: LayerTable, node: number, name: Uint8Array): boolean {
  const start = nodeNameStart[node] as number;
  if ((nodeNameStart[node + 1] as number) - start !== name.length) return false;
  for (let i = 0; i < name.length; i++) if (nodeNames[start + i] !== name[i]) return false;
  return true;
}
