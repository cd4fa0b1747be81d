import { displayText, LayerscopeError } from '#model';
import { checkBins, type Hive } from './hive.ts';
import { HivePass } from './hive-pass.ts';
import { foldKeyName, foldKeyPath, keyPath, MAX_DEPTH, MAX_PATH_UNITS, restOfPath } from './key-names.ts';
import type { HiveKey } from './key-record.ts';
import type { ProblemList } from './problems.ts';
import type { SecurityAt } from './security-cell.ts';
import type { HiveValue } from './value-record.ts';

/** A key with its contents. */
export interface WalkedKey {
  readonly path: string;
  /** Number of names in its path. */
  readonly depth: number;
  readonly key: HiveKey;
  readonly className: string | null;
  readonly security: SecurityAt | null;
  readonly values: readonly HiveValue[];
}

/** A key to start at, found by {@link findKeys}. */
export interface KeyAt {
  readonly offset: number;
  /** Path of the key's parent; null for the root. */
  readonly parent: string | null;
  readonly depth: number;
}

interface Level {
  readonly parent: string | null;
  readonly offsets: readonly number[];
  next: number;
}

/**
 * Yields all keys of a hive, each before its subkeys, in the hive's own order. With `from`, yields only those keys and the keys below them.
 * Each key is read only once, even if a damaged hive has cycles or thousands of keys that share subkeys. Damage to keys is added to
 * `problems`; after a walk of the whole hive, damage to bins and cells is added too.
 */
export function* walkHive(hive: Hive, problems: ProblemList | null, from?: readonly KeyAt[]): Generator<WalkedKey, void, void> {
  const pass = new HivePass(hive, problems);
  for (const start of from ?? [{ offset: hive.base.root, parent: null, depth: 0 }]) yield* walkFrom(pass, start);
  if (from === undefined && problems !== null) checkBins(hive, problems);
}

function* walkFrom(pass: HivePass, { offset, parent, depth }: KeyAt): Generator<WalkedKey, void, void> {
  const levels: Level[] = [{ parent, offsets: [offset], next: 0 }];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const at = level.offsets[level.next++];
    if (at === undefined) {
      levels.pop();
      continue;
    }
    if (pass.isHopeless) return;
    const key = pass.key(at, level.parent);
    if (key === null) continue;
    const keyDepth = depth + levels.length - 1;
    const path = keyPath(level.parent, keyDepth, key.name);
    if (keyDepth > MAX_DEPTH || path.length > MAX_PATH_UNITS) {
      pass.report(level.parent, 'key-damaged', 'a key is nested too deep or has too long a path');
      continue;
    }
    yield {
      path,
      depth: keyDepth,
      key,
      className: pass.className(key, path),
      security: pass.security(key, path),
      values: pass.values(key, path),
    };
    const offsets = pass.subkeys(key, path);
    if (offsets.length > 0) levels.push({ parent: path, offsets, next: 0 });
  }
}

/** Finds a key by its path as printed, ignoring case. A damaged hive may have several. Throws NOT_FOUND if there is none. */
export function findKeys(hive: Hive, path: string): readonly KeyAt[] {
  const pass = new HivePass(hive, null);
  const root: KeyAt = { offset: hive.base.root, parent: null, depth: 0 };
  const found: KeyAt[] = [];
  const todo: { readonly at: KeyAt; readonly rest: string }[] = [{ at: root, rest: foldKeyPath(path) }];
  for (let item = todo.pop(); item !== undefined; item = todo.pop()) {
    const { at } = item;
    if (item.rest === '' && at.depth === 0) return [root];
    const key = pass.key(at.offset, at.parent);
    if (key === null || at.depth > MAX_DEPTH) continue;
    const rest = at.depth === 0 ? item.rest : restOfPath(item.rest, foldKeyName(key.name));
    if (rest === '') found.push(at);
    if (rest === '' || rest === null) continue;
    const own = keyPath(at.parent, at.depth, key.name);
    for (const offset of pass.subkeys(key, own).reverse()) todo.push({ at: { offset, parent: own, depth: at.depth + 1 }, rest });
  }
  if (found.length === 0) throw new LayerscopeError('NOT_FOUND', `the hive has no key ${displayText(path)}`);
  return found;
}
