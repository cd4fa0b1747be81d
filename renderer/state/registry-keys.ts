// Builds a tree of rows from the host's lists of registry keys, which give each key's path and are in any order.
import type { RegistryChange } from '#contract';

/** A key, by hive and path; the path of a hive's root is empty. */
export interface KeyAt {
  readonly hive: string;
  readonly path: string;
}

/** A key in a tree, with the known keys below it. */
export interface KeyNode extends KeyAt {
  readonly id: string;
  /** The last part of the path, or the hive's name. */
  readonly name: string;
  readonly children: KeyNode[];
  /** Whether it has keys below it, known or not. */
  hasSubkeys: boolean;
  /** Changes to the key itself, oldest layer first. */
  readonly changes: RegistryChange[];
  /**
   * The matching value of a key that a search found; null if the key's own name matches; undefined for a key that is shown only because
   * there are matching keys below it.
   */
  found?: string | null;
  /** The layer that removed the key, which is then shown as it was below that layer; absent if it wasn't removed. */
  removedIn?: number;
}

/** Keys by row number, depth first, with sums over each key and the keys below it. */
export interface KeyTree {
  readonly nodes: readonly KeyNode[];
  readonly parent: Int32Array;
  /** For each row, the number of the first row after it and everything below it. */
  readonly end: Uint32Array;
  /** Number of changed values. */
  readonly values: Uint32Array;
  /** Number of changed keys, by kind. */
  readonly added: Uint32Array;
  readonly modified: Uint32Array;
  readonly removed: Uint32Array;
  rowOf(id: string): number;
}

/** Returns a key's identity. Windows compares key names ignoring case. */
export function keyId({ hive, path }: KeyAt): string {
  return `${hive}\\${path}`.toLowerCase();
}

export function keyNode(at: KeyAt, hasSubkeys: boolean): KeyNode {
  const { hive, path } = at;
  const name = path === '' ? hive : path.slice(path.lastIndexOf('\\') + 1);
  return { hive, path, id: keyId(at), name, children: [], hasSubkeys, changes: [] };
}

/** Returns the keys above a key, from its hive down, without the key itself. */
export function keysAbove({ hive, path }: KeyAt): KeyAt[] {
  const above: KeyAt[] = path === '' ? [] : [{ hive, path: '' }];
  for (let at = path.indexOf('\\'); at >= 0; at = path.indexOf('\\', at + 1)) above.push({ hive, path: path.slice(0, at) });
  return above;
}

/** Collects keys, and the keys above them. */
export class KeyForest {
  readonly roots: KeyNode[] = [];
  readonly #known = new Map<string, KeyNode>();

  /** Returns a key's node, which is created if it is new. */
  add(at: KeyAt): KeyNode {
    const known = this.#known.get(keyId(at));
    if (known !== undefined) return known;
    const node = keyNode(at, false);
    this.#known.set(node.id, node);
    if (at.path === '') this.roots.push(node);
    else {
      const above = this.add({ hive: at.hive, path: at.path.slice(0, Math.max(0, at.path.lastIndexOf('\\'))) });
      above.children.push(node);
      above.hasSubkeys = true;
    }
    return node;
  }

  /** Sorts the keys below each key by name, as in a hive. */
  sort(): void {
    for (const { children } of this.#known.values()) {
      if (children.length > 1) children.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
    }
  }
}

/** Numbers the known keys depth first, and sums up their changes. */
export function keyTree(roots: readonly KeyNode[]): KeyTree {
  const nodes: KeyNode[] = [];
  const above: number[] = [];
  const rows = new Map<string, number>();
  const waiting = roots.map((node) => ({ node, up: -1 })).reverse();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const row = nodes.length;
    nodes.push(next.node);
    above.push(next.up);
    rows.set(next.node.id, row);
    for (let at = next.node.children.length - 1; at >= 0; at--) waiting.push({ node: next.node.children[at] as KeyNode, up: row });
  }
  const parent = Int32Array.from(above);
  const end = Uint32Array.from(nodes, (_, row) => row + 1);
  const values = new Uint32Array(nodes.length);
  const added = new Uint32Array(nodes.length);
  const modified = new Uint32Array(nodes.length);
  const removed = new Uint32Array(nodes.length);
  const kinds = { added, modified, removed };
  for (let row = nodes.length - 1; row >= 0; row--) {
    for (const change of (nodes[row] as KeyNode).changes) {
      values[row] = (values[row] as number) + change.values.length + change.moreValues + (change.hidden?.values ?? 0);
      kinds[change.kind][row] = (kinds[change.kind][row] as number) + 1;
    }
    const up = parent[row] as number;
    if (up < 0) continue;
    end[up] = Math.max(end[up] as number, end[row] as number);
    for (const sum of [values, added, modified, removed]) sum[up] = (sum[up] as number) + (sum[row] as number);
  }
  return { nodes, parent, end, values, added, modified, removed, rowOf: (id) => rows.get(id) ?? -1 };
}

/** Returns the visible rows, top to bottom. */
export function keysInSight({ nodes, end }: KeyTree, isOpen: (id: string) => boolean): Uint32Array {
  const rows: number[] = [];
  for (let row = 0; row < nodes.length; ) {
    rows.push(row);
    row = isOpen((nodes[row] as KeyNode).id) ? row + 1 : (end[row] as number);
  }
  return Uint32Array.from(rows);
}

/** Combines the changes to a key or value, oldest first, into a single kind of change from before the first to after the last. */
export function sumOfChanges(changes: readonly { readonly kind: RegistryChange['kind'] }[]): RegistryChange['kind'] | null {
  const last = changes.at(-1)?.kind;
  if (last === undefined || last === 'removed') return last ?? null;
  return changes[0]?.kind === 'added' ? 'added' : 'modified';
}

/** Returns the keys that no longer exist after all changes, by the id of the key above them. */
export function removedKeys({ nodes, parent }: KeyTree): ReadonlyMap<string, readonly KeyNode[]> {
  const removed = new Map<string, KeyNode[]>();
  for (const [row, { hive, path, changes }] of nodes.entries()) {
    const last = changes.at(-1);
    const above = nodes[parent[row] as number];
    if (last?.kind !== 'removed' || above === undefined) continue;
    const node: KeyNode = { ...keyNode({ hive, path }, (last.hidden?.keys ?? 0) > 0), removedIn: last.layer };
    removed.set(above.id, [...(removed.get(above.id) ?? []), node]);
  }
  return removed;
}

/** What layers did to a key's values: the kind of change by case-folded name, and the values that no longer exist. */
export interface ChangedValues {
  readonly kinds: ReadonlyMap<string, RegistryChange['kind']>;
  /** For each modified value whose earlier data is known, its type and text before the changes, by case-folded name. */
  readonly before: ReadonlyMap<string, { readonly type: string; readonly text: string }>;
  readonly removed: readonly { readonly name: string; readonly type: string; readonly text: string; readonly layer: number }[];
}

/** Combines a key's changes, oldest first, into what they did to its values. Without the base hive, the previous values aren't known. */
export function changedValues(changes: readonly RegistryChange[]): ChangedValues {
  const byName = new Map<string, (RegistryChange['values'][number] & { readonly layer: number })[]>();
  for (const { layer, hasBase, values } of changes) {
    if (!hasBase) continue;
    for (const value of values) {
      const name = value.name.toLowerCase();
      byName.set(name, [...(byName.get(name) ?? []), { ...value, layer }]);
    }
  }
  const kinds = new Map<string, RegistryChange['kind']>();
  const before = new Map<string, { type: string; text: string }>();
  const removed: { name: string; type: string; text: string; layer: number }[] = [];
  for (const [name, all] of byName) {
    const kind = sumOfChanges(all);
    const last = all.at(-1);
    if (kind !== null) kinds.set(name, kind);
    const first = all[0]?.before ?? null;
    if (kind === 'modified' && first !== null) before.set(name, first);
    if (last?.kind === 'removed' && last.before !== null) removed.push({ name: last.name, ...last.before, layer: last.layer });
  }
  return { kinds, before, removed };
}

/** Numbers of values and keys that changed. */
export interface RegistrySums {
  readonly values: number;
  readonly keys: number;
}

/** Returns how much changed in all hives of a tree. */
export function registrySums({ parent, values, added, modified, removed }: KeyTree): RegistrySums {
  const sums = { values: 0, keys: 0 };
  for (const [row, above] of parent.entries()) {
    if (above >= 0) continue;
    sums.values += values[row] as number;
    sums.keys += (added[row] as number) + (modified[row] as number) + (removed[row] as number);
  }
  return sums;
}

/** Maximum number of rows shown by default. */
const FIRST_ROWS = 200;

/**
 * Returns the keys that are open by default: those above the topmost keys with changed values, level by level, unless there are too many.
 */
export function openAtFirst(roots: readonly KeyNode[]): ReadonlySet<string> {
  const open = new Set<string>();
  let inSight = roots.length;
  let level = roots;
  while (level.length > 0) {
    const unchanged = level.filter(({ changes, children }) => children.length > 0 && changes.every(({ values }) => values.length === 0));
    const below = unchanged.flatMap(({ children }) => children);
    inSight += below.length;
    if (inSight > FIRST_ROWS && level !== roots) break;
    for (const { id } of unchanged) open.add(id);
    level = below;
  }
  return open;
}
