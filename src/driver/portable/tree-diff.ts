// Finds what changed in a folder since its snapshot was taken.
import { type Attributes, type ChangedEntry, sizeOf, type WalkedEntry, walkTree } from '#disk';
import { LayerscopeError } from '#model';
import type { DriverChange } from '../driver.ts';
import { compareWalked, type SnapshotEntry, sumOf } from './snapshot.ts';

/** A path that differs from the snapshot. */
export interface TreeChange extends ChangedEntry {
  readonly kind: DriverChange['kind'];
}

/** Maximum length of the paths and attributes of changes kept in memory, in characters. */
const MAX_KEPT = 512 * 1024 * 1024;

/**
 * Whether an entry has changed. Ignores the times of folders, which change with their content. If a file's content was changed and its size
 * and time were then restored, its ctime still differs, because programs can't set the ctime.
 */
function differs(before: SnapshotEntry, now: WalkedEntry): boolean {
  if (before.kind !== now.kind || before.mode !== now.mode || before.uid !== now.uid || before.gid !== now.gid) return true;
  if (before.device !== now.device) return true;
  if (before.attributesSum !== null && now.attributes !== null && before.attributesSum !== sumOf(now.attributes)) return true;
  if (now.kind === 'directory') return false;
  if (before.ctimeNs !== '' && now.ctimeNs !== '' && before.ctimeNs !== now.ctimeNs) return true;
  return before.size !== now.size || before.mtimeNs !== now.mtimeNs || before.target !== now.target || before.ino !== now.ino;
}

/**
 * Returns what differs from a snapshot, in the byte order of paths. A removed folder is listed without its content. `snapshot`: in the
 * order of a walk. Throws TOO_LARGE if the changes don't fit in memory, and what reading the snapshot and walking the folder throw.
 */
export async function treeChanges(
  root: string,
  snapshot: Iterable<SnapshotEntry> | AsyncIterable<SnapshotEntry>,
  signal?: AbortSignal,
): Promise<TreeChange[]> {
  const changes = new ChangeList();
  const known = entriesOf(snapshot);
  try {
    let before = await nextOf(known);
    for await (const now of walkTree(root, signal)) {
      for (; before !== null && compareWalked(before.path, now.path) < 0; before = await nextOf(known)) changes.remove(before.path);
      if (before?.path !== now.path) changes.add('added', now);
      else {
        if (differs(before, now)) changes.add('modified', now);
        before = await nextOf(known);
      }
      changes.passed(now);
    }
    for (; before !== null; before = await nextOf(known)) changes.remove(before.path);
  } finally {
    await known.return();
  }
  return changes.sorted();
}

async function* entriesOf(
  snapshot: Iterable<SnapshotEntry> | AsyncIterable<SnapshotEntry>,
): AsyncGenerator<SnapshotEntry, void, undefined> {
  yield* snapshot;
}

async function nextOf(entries: AsyncGenerator<SnapshotEntry, void, undefined>): Promise<SnapshotEntry | null> {
  const { done, value } = await entries.next();
  return done === true ? null : value;
}

class ChangeList {
  readonly #found: TreeChange[] = [];
  readonly #counted = new Set<Attributes>();
  #kept = 0;
  /** The innermost folder that later paths may still be in; null: the root. */
  #folder: WalkedEntry | null = null;

  add(kind: TreeChange['kind'], entry: WalkedEntry): void {
    if (entry.attributes !== null && !this.#counted.has(entry.attributes)) {
      this.#counted.add(entry.attributes);
      this.#keep(sizeOf(entry.attributes));
    }
    this.#keep(entry.path.length);
    this.#found.push({ kind, entry, path: entry.path, folder: entry.parent });
  }

  /** Call this after each entry of the walk. */
  passed(entry: WalkedEntry): void {
    this.#folder = entry.kind === 'directory' ? entry : entry.parent;
  }

  /** Adds a removed path. Call this, in the order of the walk, as soon as the walk is past the place where the path would have been. */
  remove(path: string): void {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    while (this.#folder !== null && this.#folder.path.length > parent.length) this.#folder = this.#folder.parent;
    // The path was removed with its folder, or the folder was replaced by something else. Either change already covers it.
    if (parent !== (this.#folder?.path ?? '')) return;
    this.#keep(path.length);
    this.#found.push({ kind: 'removed', entry: null, path, folder: this.#folder });
  }

  #keep(length: number): void {
    this.#kept += length;
    if (this.#kept > MAX_KEPT)
      throw new LayerscopeError('TOO_LARGE', `the working copy: its changes have more than ${MAX_KEPT} bytes of paths and attributes`);
  }

  sorted(): TreeChange[] {
    return this.#found.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  }
}
