import { type EntryAt, lookup, pathVersions, resolveEntry } from '#changes';
import { linkName } from '#format/layer';
import { isParent, joinPath, parseImagePath, splitPath } from '#format/path';
import {
  decodeUtf8,
  displayPath,
  displayText,
  encodeUtf8,
  imagePathOfWindows,
  LayerscopeError,
  NO_ENTRY,
  shownPath,
  TYPE,
  windowsTarget,
} from '#model';
import type { LoadedImage } from '../image/types.ts';
import { type Hop, hopsInWords, loopInWords, missingInWords, typeInWords } from './link-words.ts';

/** Maximum number of links followed in one path, as on Linux. Source: path_resolution(7). */
const MOST_LINKS = 40;

/** What a path resolves to. */
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

/** Parses a path typed by a user: as printed or, in a Windows image, also as the container sees it (`C:\Windows` for `Files/Windows`). */
export function typedPath({ stack }: Loaded, text: string): { readonly parts: readonly Uint8Array[]; readonly endsInSlash: boolean } {
  const onDrive = stack.caseInsensitive ? imagePathOfWindows(text) : null;
  if (onDrive === null) return parseImagePath(text);
  return { parts: onDrive.map((part) => encodeUtf8(part)), endsInSlash: /[\\/]$/.test(text) };
}

/** Returns the components of a link's target, and whether they start at the root; null if the target is outside a Windows image. */
function leadsTo({ stack }: Loaded, target: Uint8Array): { readonly isAbsolute: boolean; readonly parts: readonly Uint8Array[] } | null {
  const text = stack.caseInsensitive ? decodeUtf8(target) : null;
  if (text === null) return { isAbsolute: target[0] === 0x2f, parts: splitPath(target) };
  const found = windowsTarget(text);
  return found === null ? null : { isAbsolute: found.isAbsolute, parts: found.parts.map((part) => encodeUtf8(part)) };
}

/** Returns a symbolic link's target as raw bytes. */
function targetOf({ stack }: Loaded, { layer, member }: EntryAt): Uint8Array {
  const table = stack.layers[layer];
  return (table ? linkName(table, member) : null) ?? new Uint8Array();
}

function shown({ stack }: Loaded, path: Uint8Array): string {
  return shownPath(path, stack.caseInsensitive);
}

/** Formats a link's target for messages. Targets in Windows images have backslashes. */
function shownTarget({ stack }: Loaded, target: Uint8Array): string {
  const text = stack.caseInsensitive ? decodeUtf8(target) : null;
  return text === null ? displayPath(target) : displayText(text);
}

/** Explains why nothing can be below a path: `a/b is a file, not a directory`; null if it is a folder or doesn't exist. */
function obstacleAt(loaded: Loaded, layer: number, path: Uint8Array): string | null {
  const entry = path.length === 0 ? null : lookup(loaded.stack, layer, path);
  const type = entry === null ? TYPE.directory : entryType(loaded, resolveEntry(loaded.stack, entry) ?? entry);
  return type === TYPE.directory ? null : `${shown(loaded, path)} is ${typeInWords(type)}, not a directory`;
}

/**
 * Describes what other layers do to a path that is missing from a layer's view: a layer removed it, or a higher one adds it. Null if no
 * layer has the path.
 */
function elsewhereInWords({ stack }: Loaded, layer: number, path: Uint8Array): string | null {
  const versions = pathVersions(stack, path);
  const below = versions.findLast((version) => version.layer <= layer);
  if (below?.kind === 'removed') return `layer ${below.layer} removed it; as seen at layer ${below.layer - 1} it is still there`;
  const above = versions.find((version) => version.layer > layer);
  return above === undefined ? null : `layer ${above.layer} adds it`;
}

/**
 * Resolves a path in the view of a layer as a process inside the container would: symbolic links are followed within the image, and `..` at
 * the root stays there. If `followLast` is false, a link at the end is not followed. Throws NOT_FOUND, naming the links followed, if the
 * path doesn't exist, a parent isn't a folder, or there is a loop or too many links. `inAnyLayer` is only for that message.
 */
export function resolveImagePath(
  loaded: Loaded,
  layer: number,
  parts: readonly Uint8Array[],
  { followLast, inAnyLayer = false }: { readonly followLast: boolean; readonly inAnyLayer?: boolean },
): ResolvedPath {
  const typed = shown(loaded, joinPath(parts));
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
      // In a Windows container there is nothing above the drive, but a path typed by the user may lead from one part of the image to
      // another.
      if (!(loaded.stack.caseInsensitive && followed > 0 && done.length === 1)) done.pop();
      continue;
    }
    done.push(part);
    const path = joinPath(done);
    const found = lookup(loaded.stack, layer, path);
    if (found === null) {
      const ahead = todo.slice(hops.at(-1)?.behind ?? 0).reverse();
      const missing = joinPath([...done, ...ahead]);
      const obstacle = obstacleAt(loaded, layer, joinPath(done.slice(0, -1)));
      const elsewhere = elsewhereInWords(loaded, layer, missing);
      return fail(missingInWords({ typed, missing: shown(loaded, missing), layer, hops, obstacle, elsewhere, inAnyLayer }));
    }
    entry = found;
    // A hard link to a symbolic link is another name for that link.
    const named = resolveEntry(loaded.stack, found) ?? found;
    if (entryType(loaded, named) !== TYPE.symlink || (todo.length === 0 && !followLast)) continue;
    const target = targetOf(loaded, named);
    const hop = { path: shown(loaded, path), target: shownTarget(loaded, target), behind: todo.length };
    // Meeting a link again while following its own target means a loop.
    const loop = hops.findIndex((each) => each.path === hop.path);
    if (loop >= 0) fail(loopInWords(typed, hops.slice(loop)));
    hops.push(hop);
    if (target.length === 0) fail(hopsInWords(typed, hops));
    if (++followed > MOST_LINKS) fail(`${typed}: more than ${MOST_LINKS} symbolic links on the way, which is more than Linux follows`);
    entry = null;
    done.pop();
    const next = leadsTo(loaded, target);
    if (next === null) return fail(`${hopsInWords(typed, hops)}, which is not in the image`);
    if (next.isAbsolute) done = [];
    todo.push(...[...next.parts].reverse());
  }
  const path = joinPath(done);
  const end = entry ?? (done.length === 0 ? null : lookup(loaded.stack, layer, path));
  return { path, entry: end, via: hops.length === 0 ? null : hopsInWords(typed, hops) };
}
