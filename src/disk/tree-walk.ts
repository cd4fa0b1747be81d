// Lists a folder that another process may be changing. Every entry is opened relative to its folder, and no link is followed, so nothing
// outside is listed or read.
import type { BigIntStats } from 'node:fs';
import { displayText, LayerscopeError, throwIfCancelled } from '#model';
import { IS_RESTRICTED, READ } from './access.ts';
import { type Attributes, readAttributes } from './extended-attributes.ts';
import { FolderPath } from './folder-path.ts';
import type { HeldEntry } from './held-entry.ts';

export type EntryKind = 'file' | 'directory' | 'symlink' | 'character' | 'block' | 'fifo';

/** The parts of an entry that a snapshot stores unchanged. Strings of raw bytes have one character for each byte. */
export interface EntryFacts {
  readonly path: string;
  readonly kind: EntryKind;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtimeNs: string;
  /** Empty if unknown, or if reading the entry changes its ctime. */
  readonly ctimeNs: string;
  readonly ino: string;
  /** A symbolic link's target as raw bytes; otherwise empty. */
  readonly target: string;
  /** A device's number as the system packs it; otherwise 0. */
  readonly device: number;
}

/** An entry of a folder. */
export interface WalkedEntry extends EntryFacts {
  /** The folder that contains the entry; null in the root. */
  readonly parent: WalkedEntry | null;
  /** Identifies the file, whichever of its names this is. */
  readonly identity: string;
  readonly links: number;
  /** Extended attributes, shared by all names of a file. Null if the system can't read them. */
  readonly attributes: Attributes | null;
}

/**
 * Number of entries whose attributes are read at once. Starting the program takes longer than reading, so there should be many, but each of
 * them uses a descriptor.
 */
const BATCH = 640;
/** Maximum length of a path, in bytes; the same as in layers. */
const MAX_PATH = 64 * 1024;
/** Maximum length of the attributes kept for further names of files, in characters. */
const MAX_KEPT = 64 * 1024 * 1024;

/** An entry whose attributes haven't been read yet. */
interface Seen {
  readonly entry: Omit<WalkedEntry, 'attributes'> & { attributes: Attributes | null };
  readonly held: HeldEntry;
}

/**
 * Yields everything below a folder: each folder before its contents, siblings sorted by their names' bytes. Skips sockets, like Docker:
 * they belong to processes, and a tar can't contain them. Throws IO if a folder is replaced meanwhile; TOO_LARGE for a path over 64 KiB.
 */
export async function* walkTree(root: string, signal?: AbortSignal): AsyncGenerator<WalkedEntry, void, undefined> {
  const known = new KnownAttributes();
  let batch: Seen[] = [];
  const flush = (): Seen[] => {
    const full = batch;
    batch = [];
    try {
      known.read(full);
    } finally {
      for (const { held } of full) held[Symbol.dispose]();
    }
    return full;
  };
  try {
    for (const seen of seenBelow(root)) {
      batch.push(seen);
      throwIfCancelled(signal);
      if (batch.length < BATCH) continue;
      for (const { entry } of flush()) yield entry;
      // Lets other work on this thread run, such as a signal to stop.
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const { entry } of flush()) yield entry;
  } finally {
    for (const { held } of batch) held[Symbol.dispose]();
  }
}

/** The caller disposes of each `held`. */
function* seenBelow(root: string): Generator<Seen, void, undefined> {
  using folders = new FolderPath(root);
  const levels: { readonly folder: WalkedEntry | null; readonly names: string[] }[] = [{ folder: null, names: folders.names().reverse() }];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const name = level.names.pop();
    if (name === undefined) {
      levels.pop();
      folders.leave();
      continue;
    }
    const seen = look(folders, level.folder, name);
    if (seen === null) continue;
    const { entry } = seen;
    yield seen;
    if (entry.kind !== 'directory') continue;
    folders.enter(name, entry.identity);
    levels.push({ folder: entry, names: folders.names().reverse() });
  }
}

/** Returns null for a socket, or if the entry was removed meanwhile. */
function look(folders: FolderPath, parent: WalkedEntry | null, name: string): Seen | null {
  const held = folders.look(name);
  if (held === null) return null;
  try {
    const kind = kindOf(held.stats);
    if (kind !== null) {
      const path = parent === null ? name : `${parent.path}/${name}`;
      if (path.length > MAX_PATH)
        throw new LayerscopeError('TOO_LARGE', `a path has more than ${MAX_PATH} bytes: ${displayText(path.slice(0, 100))}…`);
      const target = kind === 'symlink' ? folders.readLink(name) : '';
      return { entry: { ...factsOf(path, kind, held.stats), target, parent, identity: held.identity, attributes: null }, held };
    }
  } catch (error) {
    held[Symbol.dispose]();
    throw error;
  }
  held[Symbol.dispose]();
  return null;
}

/** Null for a socket. */
function kindOf(stats: BigIntStats): EntryKind | null {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFIFO()) return 'fifo';
  if (stats.isCharacterDevice()) return 'character';
  return stats.isBlockDevice() ? 'block' : null;
}

function factsOf(path: string, kind: EntryKind, stats: BigIntStats): Omit<EntryFacts, 'target'> & { readonly links: number } {
  const mode = Number(stats.mode) & 0o7777;
  // A file that denies this user access must have its mode changed and restored to be read. That changes its ctime, so its ctime is left
  // empty.
  const isOpened = IS_RESTRICTED && (mode & READ) === 0;
  return {
    path,
    kind,
    mode,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    size: kind === 'file' ? Number(stats.size) : 0,
    mtimeNs: String(stats.mtimeNs),
    ctimeNs: kind === 'file' && !isOpened ? String(stats.ctimeNs) : '',
    ino: String(stats.ino),
    links: Number(stats.nlink),
    device: kind === 'character' || kind === 'block' ? Number(stats.rdev) : 0,
  };
}

/** Reads the attributes of each file once, however many names it has. */
class KnownAttributes {
  readonly #ofFiles = new Map<string, Attributes | null>();
  #kept = 0;

  read(batch: readonly Seen[]): void {
    const unread = new Map<string, Seen>();
    for (const seen of batch) if (!this.#ofFiles.has(seen.entry.identity)) unread.set(seen.entry.identity, seen);
    const found = readAttributes([...unread.values()].map(({ held }) => held));
    const read = new Map([...unread.keys()].map((identity, index) => [identity, found[index] ?? null]));
    for (const { entry } of batch) {
      entry.attributes = read.get(entry.identity) ?? this.#ofFiles.get(entry.identity) ?? null;
    }
    for (const { entry } of batch) if (entry.kind !== 'directory' && entry.links > 1) this.#keep(entry.identity, entry.attributes);
  }

  #keep(identity: string, attributes: Attributes | null): void {
    if (this.#ofFiles.has(identity)) return;
    this.#kept += 200 + sizeOf(attributes);
    if (this.#kept > MAX_KEPT) {
      this.#ofFiles.clear();
      this.#kept = 0;
    }
    this.#ofFiles.set(identity, attributes);
  }
}

/** Returns the total length of all names and values. */
export function sizeOf(attributes: Attributes | null): number {
  let size = 0;
  for (const [name, value] of attributes ?? []) size += name.length + value.length;
  return size;
}
