import {
  foldKeyName,
  type HiveChange,
  type HiveRemnant,
  type HiveValue,
  isTextType,
  joinData,
  stringsOf,
  type ValueChange,
} from '#format/registry-hive';

/** Finds text in names and in text data, ignoring case. */
export interface HiveSearch {
  name(name: string): boolean;
  /** Whether a value's name or data contains the text. */
  value(value: HiveValue): boolean;
  /** Returns the part of a change that matches: all of it if the key's name does, null if nothing does. */
  change(change: HiveChange): HiveChange | null;
}

/** Creates a search for `text`. */
export function createHiveSearch(text: string): HiveSearch {
  const wanted = foldKeyName(text);
  const name = (each: string): boolean => foldKeyName(each).includes(wanted);
  const value = (each: HiveValue): boolean => {
    if (name(each.name)) return true;
    if (each.data === null || !isTextType(each.type)) return false;
    return stringsOf(each.type, joinData(each.data)).some(name);
  };
  const isMatch = (change: ValueChange): boolean =>
    (change.kind !== 'removed' && value(change.value)) || (change.kind !== 'added' && value(change.previous));
  return {
    name,
    value,
    change(change) {
      if (change.kind === 'removed') return name(change.path) ? change : null;
      if (name(change.key.name)) return change;
      const values = change.values.filter(isMatch);
      return values.length === 0 ? null : { ...change, values };
    },
  };
}

/** Returns the values of a key that match: all if its name does, null if nothing does. */
export function searchKey<Value extends HiveValue>(search: HiveSearch, keyName: string, values: readonly Value[]): readonly Value[] | null {
  if (search.name(keyName)) return values;
  const found = values.filter((value) => search.value(value));
  return found.length === 0 ? null : found;
}

/** Returns the part of a remnant that matches, as {@link searchKey} does for a key. */
export function searchRemnant(search: HiveSearch, remnant: HiveRemnant): HiveRemnant | null {
  if (remnant.kind === 'value') return search.value(remnant.value) ? remnant : null;
  const values = searchKey(search, remnant.key.name, remnant.values);
  return values === null ? null : { ...remnant, values };
}

/**
 * Whether a remnant belongs to a key or to one below it. `key` is a path as typed. Remnants without a known path don't belong to any key.
 */
export function isRemnantBelow(remnant: HiveRemnant, key: string): boolean {
  if (remnant.kind === 'value' || remnant.path === null) return false;
  const wanted = foldKeyName(key.replace(/^\\|\\$/g, ''));
  const path = foldKeyName(remnant.path);
  return wanted === '' || path === wanted || path.startsWith(`${wanted}\\`);
}
