import { type EntryAt, lookup, resolveEntry } from '#changes';
import { linkName } from '#format/layer';
import { isParent, joinPath, splitPath } from '#format/path';
import { displayPath, LayerscopeError, NO_ENTRY, TYPE } from '#model';
import type { LoadedImage } from '../image/types.ts';
import { type Hop, hopsInWords, loopInWords, missingInWords, typeInWords } from './link-words.ts';

/** Linux follows this many links in one path. Source: path_resolution(7). */
const MOST_LINKS = 40;

/** Where a path leads. */
export interface ResolvedPath {
  /** Path with all links resolved, raw bytes; empty for the root. */
  readonly path: Uint8Array;
  /** Null for the root. */
  readonly entry: EntryAt | null;
  /** Describes the links followed at the end of the path: `a is a link to b`; null if there were none. */
  readonly via: string | null;
}

/** Returns an entry's code of TYPE; an implied folder is a directory. */
export function entryType({ stack }: Pick<LoadedImage, 'stack'>, entry: EntryAt): number {
  return entry.member === NO_ENTRY ? TYPE.directory : (stack.layers[entry.layer]?.type[entry.member] ?? TYPE.other);
}

type Loaded = Pick<LoadedImage, 'stack'>;

/** A symbolic link's target, raw bytes. */
function targetOf({ stack }: Loaded, { layer, member }: EntryAt): Uint8Array {
  const table = stack.layers[layer];
  return (table ? linkName(table, member) : null) ?? new Uint8Array();
}

/** Explains why nothing can be below a path: `a/b is a file, not a directory`; null if it is a folder or doesn't exist. */
function obstacleAt(loaded: Loaded, layer: number, path: Uint8Array): string | null {
  const entry = path.length === 0 ? null : lookup(loaded.stack, layer, path);
  const type = entry === null ? TYPE.directory : entryType(loaded, resolveEntry(loaded.stack, entry) ?? entry);
  return type === TYPE.directory ? null : `${displayPath(path)} is ${typeInWords(type)}, not a directory`;
}

/**
 * Resolves a path in the view of a layer as a process inside the container would: symbolic links are followed within the image, and
 * `..` at the root stays there. If `followLast` is false, a link at the end is returned itself.
 * Throws NOT_FOUND, naming the links followed, if the path doesn't exist, a parent isn't a folder, or there are a loop or too many links.
 */
export function resolveImagePath(
  loaded: Loaded,
  layer: number,
  parts: readonly Uint8Array[],
  { followLast }: { readonly followLast: boolean },
): ResolvedPath {
  const typed = displayPath(joinPath(parts));
  const fail = (message: string): never => {
    throw new LayerscopeError('NOT_FOUND', message);
  };
  const todo = [...parts].reverse();
  let done: Uint8Array[] = [];
  let entry: EntryAt | null = null;
  let hops: Hop[] = [];
  let followed = 0;
  for (let left = todo.length, part = todo.pop(); part !== undefined; left = todo.length, part = todo.pop()) {
    // Drop links whose targets end before this component.
    hops = hops.filter(({ behind }) => behind < left);
    entry = null;
    if (isParent(part)) {
      done.pop();
      continue;
    }
    done.push(part);
    const path = joinPath(done);
    const found = lookup(loaded.stack, layer, path);
    if (found === null) {
      const ahead = todo.slice(hops.at(-1)?.behind ?? 0).reverse();
      const missing = displayPath(joinPath([...done, ...ahead]));
      return fail(missingInWords({ typed, missing, layer, hops, obstacle: obstacleAt(loaded, layer, joinPath(done.slice(0, -1))) }));
    }
    entry = found;
    // A hard link to a symbolic link is another name of it.
    const named = resolveEntry(loaded.stack, found) ?? found;
    if (entryType(loaded, named) !== TYPE.symlink || (todo.length === 0 && !followLast)) continue;
    const target = targetOf(loaded, named);
    const hop = { path: displayPath(path), target: displayPath(target), behind: todo.length };
    // Meeting a link again while following its own target means a loop.
    const loop = hops.findIndex((each) => each.path === hop.path);
    if (loop >= 0) fail(loopInWords(typed, hops.slice(loop)));
    hops.push(hop);
    if (target.length === 0) fail(hopsInWords(typed, hops));
    if (++followed > MOST_LINKS) fail(`${typed}: more than ${MOST_LINKS} symbolic links on the way, which is more than Linux follows`);
    entry = null;
    done.pop();
    if (target[0] === 0x2f) done = [];
    todo.push(...splitPath(target).reverse());
  }
  const path = joinPath(done);
  const end = entry ?? (done.length === 0 ? null : lookup(loaded.stack, layer, path));
  return { path, entry: end, via: hops.length === 0 ? null : hopsInWords(typed, hops) };
}
