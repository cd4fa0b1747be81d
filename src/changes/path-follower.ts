// Finds the nodes of long lists of paths, in view after view. Parents that are symbolic links are followed as a process in the container
// would follow them; a link as the last component isn't followed. A list's nodes depend only on which of its parents are links, and where
// these point, so they are cached until one of those parents changes.

import { type Rest, TYPE } from '#model';
import { findChild } from './image-tree.ts';
import type { NodeViews } from './node-views.ts';

const SLASH = 0x2f;
const DOT = 0x2e;
/** Maximum number of links that Linux follows in one path. Source: path_resolution(7). */
const MAX_LINKS = 40;
/** A path that no layer has. */
const NOWHERE = -1;
/** Stands for a parent that isn't a link. */
const NO_LINK = -1;
/** Number of paths followed before other work may run. */
const PATHS_A_TURN = 1024;

/** Where a symbolic link leads. */
interface Target {
  /** The node, or {@link NOWHERE}. */
  readonly folder: number;
  /** Number of links followed to get there, including this one. */
  readonly links: number;
}

/** The target of a link that is still being followed. It leads nowhere, so that circles of links lead nowhere. */
const CIRCLE: Target = { folder: NOWHERE, links: MAX_LINKS + 1 };

/** A link that is being followed. */
interface Way {
  readonly link: number;
  readonly target: Uint8Array;
  /** The next byte of `target` to read. */
  at: number;
  folder: number;
  links: number;
}

export class PathFollower {
  readonly #views: NodeViews;
  /** By node: 1 if it is one of `#watched`. */
  readonly #isWatched: Uint8Array;
  /** Parent nodes passed while resolving paths. */
  readonly #watched: number[] = [];
  /** For each of `#watched`: its link, or {@link NO_LINK}. */
  readonly #links: number[] = [];
  readonly #kept = new WeakMap<Uint8Array, { readonly epoch: number; readonly nodes: Int32Array }>();
  #targets = new Map<number, Target>();
  #epoch = 0;

  constructor(views: NodeViews) {
    this.#views = views;
    this.#isWatched = new Uint8Array(views.tree.count);
  }

  /** Call after the view has changed. Returns whether the nodes of known lists may have changed. */
  update(): boolean {
    const { type } = this.#views.view;
    const links = this.#links;
    let changed = false;
    for (let at = 0; at < this.#watched.length; at++) {
      const node = this.#watched[at] as number;
      if (links[at] === NO_LINK && type[node] !== TYPE.symlink) continue;
      const link = this.#linkAt(node);
      if (link === links[at]) continue;
      links[at] = link;
      changed = true;
    }
    if (changed) {
      this.#epoch++;
      this.#targets = new Map();
    }
    return changed;
  }

  /**
   * Returns the node of each path in a list whose paths end with a NUL; -1 for a path that no layer has. Lists must not change. `rest` lets
   * other work run now and then. Throws what `rest` throws.
   */
  async nodesOf(list: Uint8Array, rest: Rest): Promise<Int32Array> {
    const kept = this.#kept.get(list);
    if (kept?.epoch === this.#epoch) return kept.nodes;
    const nodes = await this.#follow(list, rest);
    this.#kept.set(list, { epoch: this.#epoch, nodes });
    return nodes;
  }

  #linkAt(node: number): number {
    return this.#views.linkOf(node) === null ? NO_LINK : this.#views.stateOf(node);
  }

  #watch(node: number): void {
    if (this.#isWatched[node] === 1) return;
    this.#isWatched[node] = 1;
    this.#watched.push(node);
    this.#links.push(this.#linkAt(node));
  }

  /**
   * Returns the nodes of a list's paths. Neighbours in a list share most of their parents, so resolving a path starts where it differs from
   * the previous one.
   */
  async #follow(list: Uint8Array, rest: Rest): Promise<Int32Array> {
    const nodes: number[] = [];
    // For the previous path: where each parent ends, counted from the path's start, and the parent's node.
    const ends: number[] = [];
    const parents: number[] = [0];
    let before = 0;
    for (let start = 0; start < list.length; ) {
      const nul = list.indexOf(0, start);
      const stop = nul < 0 ? list.length : nul;
      const shared = sharedLength(list, before, start, stop);
      let depth = ends.length;
      while (depth > 0 && (ends[depth - 1] as number) >= shared) depth--;
      ends.length = depth;
      parents.length = depth + 1;
      const last = list[stop - 1] === SLASH ? stop - 1 : stop;
      let at = depth === 0 ? start : start + (ends[depth - 1] as number) + 1;
      for (let end = at; end < last; end++) {
        if (list[end] !== SLASH) continue;
        parents.push(this.#step(parents[ends.length] as number, list, at, end));
        ends.push(end - start);
        at = end + 1;
      }
      if (nodes.length % PATHS_A_TURN === 0) await rest();
      nodes.push(this.#last(parents[ends.length] as number, list, at, last));
      before = start;
      start = stop + 1;
    }
    return Int32Array.from(nodes);
  }

  #last(parent: number, path: Uint8Array, at: number, end: number): number {
    if (parent < 0 || isDots(path, at, end)) return NOWHERE;
    return findChild(this.#views.tree, parent, path, at, end) || NOWHERE;
  }

  /** Returns the folder that a component of a path leads to. */
  #step(folder: number, path: Uint8Array, start: number, end: number): number {
    const node = this.#child(folder, path, start, end);
    return node > 0 && this.#views.linkOf(node) !== null ? this.#targetOf(node) : node;
  }

  #child(folder: number, path: Uint8Array, start: number, end: number): number {
    if (folder < 0) return NOWHERE;
    if (isDots(path, start, end)) return end - start === 2 ? (this.#views.tree.parent[folder] as number) : folder;
    const node = findChild(this.#views.tree, folder, path, start, end);
    if (node === 0) return NOWHERE;
    this.#watch(node);
    return node;
  }

  /**
   * Returns the folder that a link leads to, through further links. Reads the target of each link once, however many links lead through it.
   */
  #targetOf(link: number): number {
    const known = this.#targets.get(link);
    if (known !== undefined) return known.folder;
    const ways = [this.#enter(link)];
    for (let way = ways.at(-1); way !== undefined; way = ways.at(-1)) {
      const unknown = this.#advance(way);
      if (unknown !== null) ways.push(this.#enter(unknown));
      else {
        this.#targets.set(way.link, { folder: way.links > MAX_LINKS ? NOWHERE : way.folder, links: way.links });
        ways.pop();
      }
    }
    return (this.#targets.get(link) as Target).folder;
  }

  #enter(link: number): Way {
    const target = this.#views.linkOf(link) as Uint8Array;
    this.#targets.set(link, CIRCLE);
    return { link, target, at: 0, folder: target[0] === SLASH ? 0 : (this.#views.tree.parent[link] as number), links: 1 };
  }

  /** Follows a link to its end and returns null, or up to a link on the way whose own target isn't known yet, and returns that link. */
  #advance(way: Way): number | null {
    const { target } = way;
    while (way.at < target.length && way.folder >= 0 && way.links <= MAX_LINKS) {
      const slash = target.indexOf(SLASH, way.at);
      const end = slash < 0 ? target.length : slash;
      const node = this.#child(way.folder, target, way.at, end);
      if (node > 0 && !isDots(target, way.at, end) && this.#views.linkOf(node) !== null) {
        const known = this.#targets.get(node);
        if (known === undefined) return node;
        way.folder = known.folder;
        way.links += known.links;
      } else way.folder = node;
      way.at = end + 1;
    }
    return null;
  }
}

/** Whether a component is empty, `.` or `..`. */
function isDots(path: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  return length === 0 || (length <= 2 && path[start] === DOT && (length === 1 || path[start + 1] === DOT));
}

/**
 * Returns how many bytes the path from `start` to `stop` has in common with the previous one, which starts at `before` and ends before
 * `start`.
 */
function sharedLength(list: Uint8Array, before: number, start: number, stop: number): number {
  let shared = 0;
  while (start + shared < stop && before + shared < start && list[before + shared] === list[start + shared]) shared++;
  return shared;
}
