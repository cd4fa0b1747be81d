// Finds what a layer changed in a hive, by comparing the view with the layer to the view without it. Keys that the upper hives don't
// mention are the same in both, so comparing a small delta over a large hive only takes time in proportion to the delta.
import { isSameData } from './data.ts';
import { keyPath, MAX_DEPTH, MAX_PATH_UNITS } from './key-names.ts';
import { allPositions, type LayerHive, look, type Seen, type ShownKey, type ShownValue, type StackKey, StackPass } from './key-stack.ts';
import type { SecurityAt } from './security-cell.ts';

/** A value that differs between two views. */
export type ValueChange =
  | { readonly kind: 'added'; readonly value: ShownValue }
  | { readonly kind: 'modified'; readonly value: ShownValue; readonly previous: ShownValue }
  | { readonly kind: 'removed'; readonly previous: ShownValue };

/** A key that differs between two views. */
export type HiveChange =
  | { readonly kind: 'added'; readonly path: string; readonly key: ShownKey; readonly values: readonly ValueChange[] }
  | {
      readonly kind: 'modified';
      readonly path: string;
      readonly key: ShownKey;
      readonly previous: ShownKey;
      readonly values: readonly ValueChange[];
    }
  /** `hidden`: the number of keys below the removed one, which disappear too, and the number of values in all these keys. */
  | { readonly kind: 'removed'; readonly path: string; readonly hidden: { readonly keys: number; readonly values: number } };

interface Level {
  readonly keys: readonly StackKey[];
  readonly now: Side;
  readonly before: Side;
  next: number;
}

/** A parent key as it is in one of the views. */
interface Side {
  readonly positions: readonly number[];
  readonly path: string | null;
}

/**
 * Compares the views of two stacks, each with its lowest hive first. The stacks may have hives in common. Yields changes sorted by folded
 * path, a parent before its subkeys. A changed time alone isn't a change. A removed key is listed without its subkeys.
 */
export function* viewChanges(before: readonly LayerHive[], now: readonly LayerHive[]): Generator<HiveChange, void, void> {
  for (const change of viewSteps(before, now)) if (change !== null) yield change;
}

/**
 * Yields what {@link viewChanges} does, and null after each compared key that doesn't differ. Without the nulls, a comparison of two large
 * hives with few differences could hardly be interrupted.
 */
export function* viewSteps(before: readonly LayerHive[], now: readonly LayerHive[]): Generator<HiveChange | null, void, void> {
  const hives = [...before, ...now.filter((each) => !before.includes(each))];
  const pass = new StackPass(hives);
  const positionsOf = (stack: readonly LayerHive[]): number[] =>
    allPositions(stack.length).map((at) => hives.indexOf(stack[at] as LayerHive));
  const levels: Level[] = [
    {
      keys: [pass.root()],
      now: { positions: positionsOf(now), path: null },
      before: { positions: positionsOf(before), path: null },
      next: 0,
    },
  ];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const key = level.keys[level.next++];
    if (key === undefined) {
      levels.pop();
      continue;
    }
    const depth = levels.length - 1;
    if (depth > MAX_DEPTH) continue;
    const seenNow = look(key, level.now.positions);
    const seenBefore = look(key, level.before.positions);
    if (isSamePositions(seenNow.own, seenBefore.own) && isSamePositions(seenNow.below, seenBefore.below)) continue;
    const shownNow = seenNow.own.length === 0 ? null : pass.show(key, seenNow.own);
    const shownBefore = seenBefore.own.length === 0 ? null : pass.show(key, seenBefore.own);
    const pathNow = shownNow === null ? null : keyPath(level.now.path, depth, shownNow.name);
    const pathBefore = shownBefore === null ? null : keyPath(level.before.path, depth, shownBefore.name);
    if ((pathNow?.length ?? 0) > MAX_PATH_UNITS || (pathBefore?.length ?? 0) > MAX_PATH_UNITS) continue;
    if (shownNow === null || pathNow === null) {
      if (shownBefore !== null && pathBefore !== null && depth > 0)
        yield { kind: 'removed', path: pathBefore, hidden: hiddenWith(pass, key, seenBefore, shownBefore) };
      continue;
    }
    yield changeOf(pathNow, shownNow, shownBefore);
    const nowBelow = seenNow.below;
    const beforeBelow = shownBefore === null ? [] : seenBefore.below;
    levels.push({
      keys: pass.subkeys(key, [...new Set([...nowBelow, ...beforeBelow])]),
      now: { positions: nowBelow, path: pathNow },
      before: { positions: beforeBelow, path: pathBefore },
      next: 0,
    });
  }
}

function isSamePositions(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((position, at) => position === b[at]);
}

function changeOf(path: string, key: ShownKey, previous: ShownKey | null): HiveChange | null {
  if (previous === null) return { kind: 'added', path, key, values: key.values.map((value) => ({ kind: 'added', value })) };
  const values = valueChanges(previous.values, key.values);
  if (values.length === 0 && previous.className === key.className && isSameSecurity(previous.security, key.security)) return null;
  return { kind: 'modified', path, key, previous, values };
}

/** Compares a key's values in two views, both sorted by folded name. */
function valueChanges(before: readonly ShownValue[], now: readonly ShownValue[]): ValueChange[] {
  const changes: ValueChange[] = [];
  for (let a = 0, b = 0; a < before.length || b < now.length; ) {
    const previous = before[a];
    const value = now[b];
    if (previous !== undefined && (value === undefined || previous.folded < value.folded)) {
      changes.push({ kind: 'removed', previous });
      a++;
    } else if (value !== undefined && (previous === undefined || value.folded < previous.folded)) {
      changes.push({ kind: 'added', value });
      b++;
    } else if (value !== undefined && previous !== undefined) {
      if (!isSameValue(previous, value)) changes.push({ kind: 'modified', value, previous });
      a++;
      b++;
    }
  }
  return changes;
}

function isSameValue(a: ShownValue, b: ShownValue): boolean {
  if (a.type !== b.type || a.size !== b.size) return false;
  return a.data === null || b.data === null ? a.data === b.data : isSameData(a.data, b.data);
}

function isSameSecurity(a: SecurityAt | null, b: SecurityAt | null): boolean {
  return a === null || b === null ? a === b : isSameData([a.bytes], [b.bytes]);
}

/** Counts the keys that a view has below `top`, and the values of all of them and of `top`. */
function hiddenWith(pass: StackPass, top: StackKey, seen: Seen, shown: ShownKey): { readonly keys: number; readonly values: number } {
  let keys = 0;
  let values = shown.values.length;
  const todo: { readonly key: StackKey; readonly below: readonly number[]; readonly depth: number }[] = [
    { key: top, below: seen.below, depth: 0 },
  ];
  for (let parent = todo.pop(); parent !== undefined; parent = todo.pop()) {
    if (parent.depth >= MAX_DEPTH) continue;
    for (const key of pass.subkeys(parent.key, parent.below)) {
      const { own, below } = look(key, parent.below);
      if (own.length === 0) continue;
      keys++;
      values += pass.show(key, own).values.length;
      todo.push({ key, below, depth: parent.depth + 1 });
    }
  }
  return { keys, values };
}
