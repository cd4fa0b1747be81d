import { compareBytes, KIND_NAMES, type KindName, NO_ENTRY, TYPE } from '#model';
import { bodyKey, bodyKeyLayer, bodyKeyMember, inodeOf } from './hard-links.ts';
import { findPath, imageNodeName } from './image-tree.ts';
import { indexOf, viewAtLayer } from './stack.ts';
import type { EntryAt, Stack } from './types.ts';
import { ABSENT, applyLayer, createApplier, IMPLIED, isFolder, isSameFolder } from './view.ts';

/**
 * Returns the entry of a path (raw bytes; empty components and `.` are skipped) as seen at a layer; null if the view doesn't have it, and
 * for the root. The first call for a layer builds its view, which later calls reuse. A layer above the top is treated as the top; -1 is an
 * empty view.
 */
export function lookup(stack: Stack, layer: number, path: Uint8Array): EntryAt | null {
  const node = findPath(indexOf(stack).tree, path);
  if (node <= 0) return null;
  const view = viewAtLayer(stack, layer);
  if (view.type[node] === ABSENT) return null;
  return { layer: view.layer[node] as number, member: view.member[node] as number };
}

/** An entry that holds an alternate data stream of a file, and the stream's name: raw bytes, without the colon. */
export interface StreamAt {
  readonly name: Uint8Array;
  readonly at: EntryAt;
}

/**
 * Returns the alternate data streams of a path as seen at a layer, by name. A Windows layer has an entry `file:stream` for each stream.
 * Source: go-winio, backuptar/tar.go.
 */
export function streamsOf(stack: Stack, layer: number, path: Uint8Array): StreamAt[] {
  const { tree } = indexOf(stack);
  const node = findPath(tree, path);
  if (node <= 0) return [];
  const view = viewAtLayer(stack, layer);
  const own = imageNodeName(tree, node);
  const found: StreamAt[] = [];
  for (let child = tree.firstChild[tree.parent[node] as number] as number; child !== 0; child = tree.nextSibling[child] as number) {
    if (view.type[child] !== TYPE.file) continue;
    const name = imageNodeName(tree, child);
    if (name.length <= own.length + 1 || name[own.length] !== 0x3a || !own.every((byte, at) => name[at] === byte)) continue;
    found.push({
      name: name.slice(own.length + 1),
      at: { layer: view.layer[child] as number, member: view.member[child] as number },
    });
  }
  return found.sort((a, b) => compareBytes(a.name, b.name));
}

/** Returns the regular file with the body that a path shows, directly or through a hard link; null if there is none. */
export function resolveBody(stack: Stack, layer: number, path: Uint8Array): EntryAt | null {
  const at = lookup(stack, layer, path);
  return at === null || at.member === NO_ENTRY ? null : resolveEntryBody(stack, at);
}

/** Returns the regular file with the body that an entry shows: the entry itself or the target of a hard link; null for anything else. */
export function resolveEntryBody(stack: Stack, at: EntryAt): EntryAt | null {
  const { tree, links } = indexOf(stack);
  const key = bodyKey(tree, links, at.layer, at.member);
  return key < 0 ? null : { layer: bodyKeyLayer(key), member: bodyKeyMember(key) };
}

/**
 * Returns the entry, of any type, that a hard link is another name of; any other entry, even an implied folder, is returned itself. Null
 * for a dangling hard link.
 */
export function resolveEntry(stack: Stack, at: EntryAt): EntryAt | null {
  if (at.member === NO_ENTRY) return at;
  const { tree, links } = indexOf(stack);
  return inodeOf(tree, links, at.layer, at.member);
}

/** A layer's change to a path. */
export interface PathEvent {
  readonly layer: number;
  readonly kind: Exclude<KindName, 'unchanged'>;
  /** Size of the file, or of a hard link's body; 0 for anything else and for removals. */
  readonly size: number;
}

/** What a layer did to a path, and the entry that it added; null for removals. The member is NO_ENTRY for an implied folder. */
export interface PathVersion extends PathEvent {
  readonly at: EntryAt | null;
}

/** Returns the layers that added, modified or removed the path, or removed a folder it was in; lowest first. */
export function history(stack: Stack, path: Uint8Array): PathEvent[] {
  return pathVersions(stack, path).map(({ at: _, ...event }) => event);
}

/** Like {@link history}, with the entries. */
export function pathVersions(stack: Stack, path: Uint8Array): PathVersion[] {
  const { tree, links } = indexOf(stack);
  const node = findPath(tree, path);
  const events: PathVersion[] = [];
  if (node <= 0) return events;
  const applier = createApplier(tree);
  const { view } = applier;
  for (let layer = 0; layer < stack.layers.length; layer++) {
    const table = stack.layers[layer];
    if (!table) continue;
    const type = view.type[node] as number;
    const before = { type: type, layer: view.layer[node] as number, member: view.member[node] as number };
    applyLayer(applier, layer);
    const now = view.type[node] as number;
    if (now === ABSENT) {
      if (type !== ABSENT) events.push({ layer, kind: KIND_NAMES[3], size: 0, at: null });
      continue;
    }
    if (view.layer[node] !== layer) continue;
    if (now === IMPLIED) {
      // An implied folder is an event only if it replaces something else.
      if (type !== ABSENT && !isFolder(type)) events.push({ layer, kind: KIND_NAMES[2], size: 0, at: { layer, member: NO_ENTRY } });
      continue;
    }
    const member = view.member[node] as number;
    if (now === TYPE.directory && type === TYPE.directory) {
      const below = { type: [before.type], layer: [before.layer], member: [before.member] };
      if (isSameFolder(tree, below, 0, layer, member)) continue;
    }
    const key = bodyKey(tree, links, layer, member);
    const size = key < 0 ? 0 : (stack.layers[bodyKeyLayer(key)]?.size[bodyKeyMember(key)] ?? 0);
    events.push({ layer, kind: type === ABSENT ? KIND_NAMES[1] : KIND_NAMES[2], size, at: { layer, member } });
  }
  return events;
}
