import { LayerscopeError } from '#model';
import { finished, grown, release } from './grown.ts';
import { hashName } from './layer-table.ts';
import { HOLDS, MARK, SHAPE, WALK } from './path-bits.ts';
import { ProbeLimit } from './probe-limit.ts';
import type { TableRoom } from './table-room.ts';

const SLASH = 0x2f;
const DOT = 0x2e;
const BACKSLASH = 0x5c;

/** Maximum number of nodes, more than in any real layer, so that a hostile tar is refused before memory runs out. */
const MAX_NODES = 1 << 26;
/** Maximum number of components in a name; Linux allows 4,096 bytes, so 2,048 components. */
const MAX_DEPTH = 4096;

/**
 * Builds the tree of paths, and tracks what each path is after the members read so far. As in containerd, a layer is applied to its own
 * empty folder, so earlier entries determine where later names lead. A single hash table finds nodes by parent and name. The tree remembers
 * the folders of the previous name, so that the next name in the same folder costs one lookup.
 */
export class PathTree {
  count = 1;
  parent = new Uint32Array(64);
  hash = new Uint32Array(64);
  /** count + 1 offsets into `names`. */
  nameStart = new Uint32Array(65);
  names = new Uint8Array(1024);
  /** For the builder: 1 + the row of the node's current member, or 0 if there is none. */
  member = new Uint32Array(64);
  /** Bits of {@link HOLDS}; 0 if the node has no content or was removed. */
  holds = new Uint8Array(64);
  /** Incremented whenever names may lead elsewhere than before, because a link was added or something was replaced. */
  changes = 0;
  /** Called if a name goes through a node that isn't a folder. Returns whether the node becomes one; if not, the name has no node. */
  onFolderInPlace: (node: number) => boolean = () => true;
  /** The children of each node. Created at the first removal, because most layers remove nothing. */
  #children: { first: Uint32Array<ArrayBuffer>; next: Uint32Array<ArrayBuffer> } | null = null;
  /** Hash table of node numbers. 0 is a free slot, because the root is never looked up. */
  #slots = new Uint32Array(256);

  // The folders of the previous name. `#path` is their names joined by `/`.
  #path = new Uint8Array(256);
  #depth = 0;
  #previous: Uint8Array = new Uint8Array(0);
  #ends = new Uint32Array(64);
  #nodes = new Uint32Array(64);
  #marks = new Uint8Array(64);

  // Results of `walk`.
  /** The buffer that `baseStart` and `baseEnd` refer to. */
  bytes: Uint8Array = new Uint8Array(0);
  folder = 0;
  /** Start of the last component; -1 if the name means the root. */
  baseStart = -1;
  baseEnd = -1;
  baseHash = 0;
  shape = 0;
  marks = 0;

  readonly #room: TableRoom;
  readonly #limit = new ProbeLimit();

  constructor(room: TableRoom) {
    this.#room = room;
    this.hash[0] = hashName(this.names, 0, 0);
    this.holds[0] = HOLDS.folder;
  }

  /**
   * Splits a name and finds or adds the nodes of its folders, but not of its last component. Returns a code of {@link WALK}; `byLinks`
   * means that the name contains `..`, or goes through a symbolic link of this layer, and must be resolved for {@link walkParts}.
   */
  walk(bytes: Uint8Array, start: number, nameEnd: number): number {
    this.bytes = bytes;
    this.baseStart = -1;
    this.folder = 0;
    this.shape = 0;
    this.marks = 0;
    let end = nameEnd;
    while (end > start && bytes[end - 1] === SLASH) end--;
    if (end < nameEnd) this.shape |= end < nameEnd - 1 ? SHAPE.trailingSlash | SHAPE.odd : SHAPE.trailingSlash;
    let at = this.#strip(bytes, start, end);
    if (at < end) at = this.#rejoin(bytes, at, end);
    while (at < end) {
      const next = this.#component(bytes, at, end);
      if (next < 0) return -next;
      at = next;
    }
    return WALK.found;
  }

  /**
   * Like {@link walk}, for a resolved name, none of whose folders is a link. `base` is the last component, null if the name means the root.
   */
  walkParts(folders: readonly Uint8Array[], base: Uint8Array | null): number {
    this.#depth = 0;
    this.folder = 0;
    this.baseStart = -1;
    let pathBytes = 0;
    if (folders.length > MAX_DEPTH) {
      this.shape |= SHAPE.tooDeep;
      return WALK.noNode;
    }
    for (const name of base === null ? folders : [...folders, base]) {
      this.bytes = name;
      if (this.baseStart >= 0) {
        const before = this.count;
        const entered = this.#enter(this.folder, this.#previous, 0, this.#previous.length, this.baseHash);
        if (entered < 0) return -entered;
        if (this.count > before) this.#room.path(pathBytes);
        this.folder = entered;
      }
      this.#previous = name;
      pathBytes += name.length + 1;
      this.baseStart = 0;
      this.baseEnd = name.length;
      this.baseHash = hashName(name, 0, name.length);
    }
    return WALK.found;
  }

  /** Skips leading `/` and `./`. */
  #strip(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    if (bytes[at] === SLASH && at < end) this.shape |= SHAPE.absolute;
    let prefixes = 0;
    while (at < end) {
      if (bytes[at] === SLASH) at++;
      else if (bytes[at] === DOT && (at + 1 === end || bytes[at + 1] === SLASH)) at = Math.min(at + 2, end);
      else break;
      prefixes++;
    }
    if (prefixes === 1 && bytes[start] === DOT) this.shape |= SHAPE.dotSlash;
    if (prefixes > 1) this.shape |= SHAPE.odd;
    return at;
  }

  /** Skips the folders that this name shares with the previous name. */
  #rejoin(bytes: Uint8Array, start: number, end: number): number {
    const path = this.#path;
    const ends = this.#ends;
    let depth = this.#depth;
    const limit = Math.min(end - start, depth === 0 ? 0 : (ends[depth] as number));
    let same = 0;
    while (same < limit && bytes[start + same] === path[same]) same++;
    while (depth > 0) {
      const stop = ends[depth] as number;
      // A component counts as a folder here only if another component follows; the caller handles the last one.
      if (stop <= same && start + stop < end && bytes[start + stop] === SLASH) break;
      depth--;
    }
    this.#depth = depth;
    if (depth === 0) return start;
    this.folder = this.#nodes[depth] as number;
    this.marks = this.#marks[depth] as number;
    return start + (ends[depth] as number) + 1;
  }

  /** Reads a component, which makes the previous one a folder. Returns where the next one begins, or minus a code of WALK. */
  #component(bytes: Uint8Array, start: number, end: number): number {
    let hash = 0x811c9dc5;
    let high = 0;
    let backslash = 0;
    let at = start;
    for (; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte === SLASH) break;
      if (byte === BACKSLASH) backslash = MARK.backslash;
      high |= byte;
      hash = Math.imul(hash ^ byte, 0x01000193);
    }
    const length = at - start;
    const next = at < end ? at + 1 : at;
    let marks = backslash | (high >>> 7);
    if (length === 0) {
      this.shape |= SHAPE.odd;
      return next;
    }
    if (bytes[start] === DOT) {
      if (length === 1) {
        this.shape |= SHAPE.odd;
        return next;
      }
      if (bytes[start + 1] === DOT) {
        if (length === 2) return -WALK.byLinks;
        marks |= MARK.dots;
      }
    }
    if (this.baseStart >= 0) {
      const entered = this.#descend(bytes);
      if (entered < 0) return entered;
    }
    if (this.#depth === 0 && length > 1 && bytes[start + 1] === 0x3a) marks |= MARK.drive;
    this.baseStart = start;
    this.baseEnd = at;
    this.baseHash = hash >>> 0;
    this.marks |= marks;
    return next;
  }

  /** Returns the node of a folder within the path, adding it if needed, or minus a code of WALK. */
  #enter(parent: number, bytes: Uint8Array, start: number, end: number, hash: number): number {
    const node = this.intern(parent, bytes, start, end, hash);
    const held = this.holds[node] as number;
    if ((held & HOLDS.folder) !== 0) return node;
    if ((held & HOLDS.link) !== 0) return -WALK.byLinks;
    if ((held & HOLDS.other) === 0) this.hold(node, HOLDS.folder);
    else {
      if (!this.onFolderInPlace(node)) return -WALK.noNode;
      this.holdInstead(node, (held & HOLDS.whiteout) | HOLDS.folder);
    }
    return node;
  }

  /** Makes the last component read so far a folder. Returns 0, or minus a code of WALK. */
  #descend(bytes: Uint8Array): number {
    if (this.#depth >= MAX_DEPTH) {
      this.shape |= SHAPE.tooDeep;
      return -WALK.noNode;
    }
    const before = this.count;
    const node = this.#enter(this.folder, bytes, this.baseStart, this.baseEnd, this.baseHash);
    if (node < 0) return node;
    const depth = this.#depth + 1;
    if (depth >= this.#ends.length) {
      this.#ends = grown(this.#ends, depth * 2);
      this.#nodes = grown(this.#nodes, depth * 2);
      this.#marks = grown(this.#marks, depth * 2);
    }
    const length = this.baseEnd - this.baseStart;
    let to = depth === 1 ? 0 : (this.#ends[depth - 1] as number) + 1;
    if (to + length + 1 > this.#path.length) this.#path = grown(this.#path, (to + length + 1) * 2);
    const path = this.#path;
    if (to > 0) path[to - 1] = SLASH;
    for (let i = this.baseStart; i < this.baseEnd; i++) path[to++] = bytes[i] as number;
    if (this.count > before) this.#room.path(to);
    this.#ends[depth] = to;
    this.#nodes[depth] = node;
    this.#marks[depth] = this.marks;
    this.#depth = depth;
    this.folder = node;
    return 0;
  }

  /** Adds bits of {@link HOLDS} to the node. */
  hold(node: number, bits: number): void {
    const held = this.holds[node] as number;
    this.holds[node] = held | bits;
    if ((bits & HOLDS.link) !== 0) this.changes++;
    if (held !== 0 || this.#children === null) return;
    this.#link(this.#children, node);
  }

  /** Replaces the node's bits. The node may have been one of the remembered folders, so the tree forgets those. */
  holdInstead(node: number, bits: number): void {
    this.holds[node] = bits;
    this.changes++;
    this.#depth = 0;
  }

  #link({ first, next }: { first: Uint32Array; next: Uint32Array }, node: number): void {
    const parent = this.parent[node] as number;
    next[node] = first[parent] as number;
    first[parent] = node;
  }

  /** Removes everything below a node and calls `onGone` for each removed node. Takes no longer than adding those nodes did. */
  clearBelow(top: number, onGone: (node: number) => void): void {
    if (this.#children === null) {
      const length = this.parent.length;
      this.#children = { first: new Uint32Array(length), next: new Uint32Array(length) };
      for (let node = 1; node < this.count; node++) if (this.holds[node] !== 0) this.#link(this.#children, node);
    }
    const { first, next } = this.#children;
    const left = [top];
    for (let node = left.pop(); node !== undefined; node = left.pop()) {
      for (let child = first[node] as number; child !== 0; child = next[child] as number) {
        onGone(child);
        this.holds[child] = 0;
        left.push(child);
      }
      first[node] = 0;
    }
    this.changes++;
    this.#depth = 0;
  }

  /** Returns the node of a name below `parent`, adding it if there is none. */
  intern(parent: number, bytes: Uint8Array, start: number, end: number, hash: number): number {
    const mask = this.#slots.length - 1;
    const first = mix(parent, hash) & mask;
    let slot = first;
    let node = this.#slots[slot] as number;
    while (node !== 0 && !this.#is(node, parent, bytes, start, end, hash)) {
      slot = (slot + 1) & mask;
      node = this.#slots[slot] as number;
    }
    this.#limit.passed((slot - first) & mask);
    return node === 0 ? this.#add(parent, bytes, start, end, hash, slot) : node;
  }

  /** Returns the node of a name below `parent`, or 0 if there is none. */
  find(parent: number, bytes: Uint8Array, start: number, end: number): number {
    const hash = hashName(bytes, start, end);
    const mask = this.#slots.length - 1;
    const first = mix(parent, hash) & mask;
    for (let slot = first; ; slot = (slot + 1) & mask) {
      const node = this.#slots[slot] as number;
      if (node !== 0 && !this.#is(node, parent, bytes, start, end, hash)) continue;
      this.#limit.passed((slot - first) & mask);
      return node;
    }
  }

  #is(node: number, parent: number, bytes: Uint8Array, start: number, end: number, hash: number): boolean {
    if (this.hash[node] !== hash || this.parent[node] !== parent) return false;
    const from = this.nameStart[node] as number;
    const length = end - start;
    if ((this.nameStart[node + 1] as number) - from !== length) return false;
    const names = this.names;
    for (let i = 0; i < length; i++) {
      if (names[from + i] === bytes[start + i]) continue;
      this.#limit.compared(i);
      return false;
    }
    return true;
  }

  #add(parent: number, bytes: Uint8Array, start: number, end: number, hash: number, slot: number): number {
    this.#room.node(end - start);
    const node = this.count;
    if (node === this.parent.length) this.#grow();
    const from = this.nameStart[node] as number;
    const to = from + end - start;
    if (to > this.names.length) this.names = grown(this.names, to * 2);
    const names = this.names;
    for (let i = start, at = from; i < end; i++) names[at++] = bytes[i] as number;
    this.parent[node] = parent;
    this.hash[node] = hash;
    this.nameStart[node + 1] = to;
    this.count = node + 1;
    this.#slots[slot] = node;
    if (this.count * 4 > this.#slots.length * 3) this.#rehash();
    return node;
  }

  #grow(): void {
    const length = this.count * 2;
    if (length > MAX_NODES) throw new LayerscopeError('TOO_LARGE', `a layer of more than ${MAX_NODES} paths`);
    this.parent = grown(this.parent, length);
    this.hash = grown(this.hash, length);
    this.nameStart = grown(this.nameStart, length + 1);
    this.member = grown(this.member, length);
    this.holds = grown(this.holds, length);
    if (this.#children !== null) {
      this.#children = { first: grown(this.#children.first, length), next: grown(this.#children.next, length) };
    }
  }

  #rehash(): void {
    const length = this.#slots.length * 2;
    release(this.#slots);
    const slots = new Uint32Array(length);
    const mask = length - 1;
    for (let node = 1; node < this.count; node++) {
      let slot = mix(this.parent[node] as number, this.hash[node] as number) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = node;
    }
    this.#slots = slots;
  }

  /** Frees the memory that was needed only for building. No more walks or lookups are possible. */
  finish(): void {
    release(this.#slots);
    release(this.member);
    release(this.holds);
    if (this.#children !== null) for (const column of [this.#children.first, this.#children.next]) release(column);
    this.parent = finished(this.parent, this.count);
    this.hash = finished(this.hash, this.count);
    this.nameStart = finished(this.nameStart, this.count + 1);
    this.names = finished(this.names, this.nameStart[this.count] as number);
  }
}

function mix(parent: number, hash: number): number {
  const mixed = Math.imul(hash ^ Math.imul(parent, 0x9e3779b1), 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
