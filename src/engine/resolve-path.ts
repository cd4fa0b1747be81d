import { type EntryAt, lookup } from '#changes';
import { linkName } from '#format/layer';
import { isParent, joinPath, splitPath } from '#format/path';
import { displayPath, LayerscopeError, NO_ENTRY, TYPE } from '#model';
import type { LoadedImage } from './types.ts';

/** As many links as Linux follows in one path. Source: path_resolution(7). */
const MOST_LINKS = 40;

export interface ResolvedPath {
  /** Raw bytes without links in them; empty for the root. */
  readonly path: Uint8Array;
  /** Null for the root. */
  readonly entry: EntryAt | null;
}

/** Code of TYPE of what an entry is; an implied folder is a directory. */
export function entryType({ stack }: Pick<LoadedImage, 'stack'>, entry: EntryAt): number {
  return entry.member === NO_ENTRY ? TYPE.directory : (stack.layers[entry.layer]?.type[entry.member] ?? TYPE.other);
}

/**
 * Finds a path in the view of a layer as a process inside the container would: symbolic links are followed within the image,
 * `..` above the root stays there. `followLast` false: a link at the end is the answer itself.
 * Throws NOT_FOUND: nothing there, no folder on the way, too many links.
 */
export function resolveImagePath(
  loaded: Pick<LoadedImage, 'stack'>,
  layer: number,
  parts: readonly Uint8Array[],
  { followLast }: { readonly followLast: boolean },
): ResolvedPath {
  const typed = displayPath(joinPath(parts));
  const todo = [...parts].reverse();
  let done: Uint8Array[] = [];
  let entry: EntryAt | null = null;
  let links = 0;
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    if (isParent(part)) {
      done.pop();
      entry = null;
      continue;
    }
    done.push(part);
    const found = lookup(loaded.stack, layer, joinPath(done));
    if (found === null) throw new LayerscopeError('NOT_FOUND', `no ${typed} in the image as seen at layer ${layer}`);
    entry = found;
    if (entryType(loaded, found) !== TYPE.symlink || (todo.length === 0 && !followLast)) continue;
    if (++links > MOST_LINKS) throw new LayerscopeError('NOT_FOUND', `${typed}: too many symbolic links`);
    const table = loaded.stack.layers[found.layer];
    const target = table ? linkName(table, found.member) : null;
    if (target === null || target.length === 0) throw new LayerscopeError('NOT_FOUND', `${typed}: a symbolic link to nothing`);
    done.pop();
    if (target[0] === 0x2f) done = [];
    entry = null;
    todo.push(...splitPath(target).reverse());
  }
  const path = joinPath(done);
  return { path, entry: entry ?? (done.length === 0 ? null : lookup(loaded.stack, layer, path)) };
}
