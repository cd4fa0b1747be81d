import { foldKeyPath, keyPath, MAX_DEPTH, MAX_PATH_UNITS, restOfPath } from './key-names.ts';
import { allPositions, type LayerHive, look, type ShownKey, type StackKey, StackPass } from './key-stack.ts';

export type { LayerHive, ShownKey, ShownValue } from './key-stack.ts';

/** A key in a view. */
export interface ViewKey {
  readonly path: string;
  /** Number of names in its path. */
  readonly depth: number;
  readonly key: ShownKey;
}

interface Level {
  readonly keys: readonly StackKey[];
  readonly positions: readonly number[];
  readonly parent: string | null;
  /** Folded path from this level's parent to the requested key; empty if the parent is that key or is below it. */
  readonly rest: string;
  next: number;
}

/**
 * Yields the keys that a stack of hives, lowest first, shows: a parent before its subkeys, which are sorted by their folded names. `from`:
 * a typed path; only the key there and those below it are yielded. Keys that can't be read are left out.
 */
export function* walkView(hives: readonly LayerHive[], from = ''): Generator<ViewKey, void, void> {
  const pass = new StackPass(hives);
  const wanted = foldKeyPath(from);
  const levels: Level[] = [{ keys: [pass.root()], positions: allPositions(hives.length), parent: null, rest: wanted, next: 0 }];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const key = level.keys[level.next++];
    if (key === undefined) {
      levels.pop();
      continue;
    }
    const depth = levels.length - 1;
    const rest = depth === 0 ? wanted : restOfPath(level.rest, key.folded);
    if (rest === null) continue;
    const seen = look(key, level.positions);
    if (seen.own.length === 0) continue;
    const isWanted = rest === '';
    const name = isWanted ? '' : pass.nameOf(key, seen.own);
    const shown = isWanted ? pass.show(key, seen.own) : null;
    const path = keyPath(level.parent, depth, shown?.name ?? name);
    if (depth > MAX_DEPTH || path.length > MAX_PATH_UNITS) continue;
    if (shown !== null) yield { path, depth, key: shown };
    levels.push({ keys: pass.subkeys(key, seen.below), positions: seen.below, parent: path, rest, next: 0 });
  }
}

/** A direct subkey in a view. */
export interface ViewSubkey {
  readonly name: string;
  /** Whether there may be keys below it. They aren't looked up, so all of them may be hidden. */
  readonly hasSubkeys: boolean;
}

interface PathStep {
  readonly key: StackKey;
  readonly positions: readonly number[];
  readonly parent: string | null;
  readonly depth: number;
  /** Folded path of the requested key, relative to this key's parent. */
  readonly rest: string;
}

/** Returns the key at a typed path, with its direct subkeys; null if the view doesn't have it. */
export function viewKeyAt(hives: readonly LayerHive[], path: string): (ViewKey & { readonly subkeys: readonly ViewSubkey[] }) | null {
  const pass = new StackPass(hives);
  const todo: PathStep[] = [{ key: pass.root(), positions: allPositions(hives.length), parent: null, depth: 0, rest: foldKeyPath(path) }];
  for (let item = todo.pop(); item !== undefined; item = todo.pop()) {
    const { key, positions, parent, depth } = item;
    const rest = depth === 0 ? item.rest : restOfPath(item.rest, key.folded);
    const seen = look(key, positions);
    if (rest === null || seen.own.length === 0 || depth > MAX_DEPTH) continue;
    const own = keyPath(parent, depth, pass.nameOf(key, seen.own));
    const below = pass.subkeys(key, seen.below);
    if (rest === '') return { path: own, depth, key: pass.show(key, seen.own), subkeys: shownSubkeys(pass, below, seen.below) };
    for (const each of below.reverse()) todo.push({ key: each, positions: seen.below, parent: own, depth: depth + 1, rest });
  }
  return null;
}

function shownSubkeys(pass: StackPass, keys: readonly StackKey[], positions: readonly number[]): ViewSubkey[] {
  const shown: ViewSubkey[] = [];
  for (const key of keys) {
    const { own, below } = look(key, positions);
    if (own.length === 0) continue;
    const hasSubkeys = below.some((position) => key.records.get(position)?.some(({ subkeyCount }) => subkeyCount > 0));
    shown.push({ name: pass.nameOf(key, own), hasSubkeys });
  }
  return shown;
}
