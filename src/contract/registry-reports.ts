// Outputs of the operations on the registry of Windows images. Names, paths and strings are as in the hive and may contain any character:
// escape them for display.

/** A value of a key, with its data in words. */
interface RegistryValue {
  /** Empty for the default value. */
  readonly name: string;
  readonly type: string;
  readonly text: string;
  /** The layer that the value comes from. */
  readonly layer: number;
}

/** A value that a layer changed. */
export interface RegistryValueChange {
  readonly kind: 'added' | 'modified' | 'removed';
  readonly name: string;
  /** Null if the value was removed. */
  readonly now: { readonly type: string; readonly text: string } | null;
  /** Null if the value was added. */
  readonly before: { readonly type: string; readonly text: string } | null;
}

/** A hive file in a layer. */
export interface RegistryHive {
  readonly kind: 'hive';
  readonly layer: number;
  readonly hive: string;
  /** Path in the layer, escaped. */
  readonly file: string;
  readonly role: 'base' | 'delta';
  readonly keys: number;
  readonly values: number;
  readonly problems: number;
  readonly dirty: boolean;
  readonly recovered: boolean;
}

/** A hive that was compared and differs. */
export interface RegistryCompared {
  readonly kind: 'compared';
  readonly hive: string;
  /** Which sides have the hive. */
  readonly in: 'a' | 'b' | 'both';
}

/** A key that a layer changed, or that differs between the sides of a comparison. */
export interface RegistryChange {
  readonly kind: 'added' | 'modified' | 'removed';
  /** In a comparison, the layer at which B is seen or, for a removed key, the layer at which A is seen. */
  readonly layer: number;
  readonly hive: string;
  readonly path: string;
  /**
   * Whether the image, or each compared side that has the hive, contains the hive's base. If not, only what layers set is known, not what
   * they changed.
   */
  readonly hasBase: boolean;
  /** Number of keys and values removed with the key; null unless it was removed. */
  readonly hidden: { readonly keys: number; readonly values: number } | null;
  readonly securityDiffers: boolean;
  readonly classDiffers: boolean;
  readonly values: readonly RegistryValueChange[];
  /** Number of changed values that are not in `values`. */
  readonly moreValues: number;
}

/** A hive file that can't be read. */
interface RegistryUnreadable {
  readonly kind: 'unreadable';
  /** In a comparison, the side that the file belongs to. */
  readonly side?: 'a' | 'b';
  readonly layer: number;
  readonly file: string;
  readonly message: string;
}

export type RegistryItem = RegistryHive | RegistryCompared | RegistryChange | RegistryUnreadable;

/**
 * A page of registry changes: for each layer its hives, each followed by its changes. In a comparison: the compared hives, each followed by
 * its differences.
 */
export interface RegistryChangesPage {
  /** Number of items in all pages. */
  readonly total: number;
  /** Whether these are all changes; otherwise the last ones were left out. */
  readonly complete: boolean;
  readonly items: readonly RegistryItem[];
}

/** A key as seen at a layer, and a page of the keys below it. */
export interface RegistryKeyReport {
  readonly path: string;
  /** FILETIME, 100 ns since 1601, as decimal text. */
  readonly written: string;
  readonly className: string | null;
  /** The security descriptor described in words, line by line; empty if it can't be read. */
  readonly security: readonly string[];
  /** Layers whose records make up the key, topmost first. */
  readonly layers: readonly number[];
  /** Values, starting with the requested one (default: the first). */
  readonly values: readonly RegistryValue[];
  /** Number of values after these. */
  readonly moreValues: number;
  /** Number of keys below. */
  readonly total: number;
  readonly subkeys: readonly { readonly name: string; readonly path: string; readonly hasSubkeys: boolean }[];
}

/** Keys that match a search by name or by one of their values. */
export interface RegistrySearchReport {
  /** Whether these are all matches. */
  readonly complete: boolean;
  /** `value`: name of the first matching value; null if the key's own name matches. */
  readonly matches: readonly { readonly hive: string; readonly path: string; readonly value: string | null }[];
}
