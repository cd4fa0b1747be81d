// Resolves names that go through symbolic links of their own layer. The links are followed inside the root, as in containerd (continuity,
// fs.RootPath). Links of the layers below don't matter, because each layer is applied to its own folder.
//
//   s -> /data, then s/R        data/R: an absolute target is relative to the root
//   s -> ../../etc, then s/R    etc/R: nothing is above the root; reported as leading out
//   s -> nowhere, then s/R      nowhere/R: the folder is created
//
// A relative target is joined to the link's folder as text, including any `..`, and the result is resolved again. Paths are strings with
// one character for each byte.
import { HOLDS } from './path-bits.ts';
import type { PathTree } from './path-tree.ts';

const SLASH = 0x2f;
/** Maximum number of links followed for one name. Source: continuity, fs.RootPath. */
const MAX_LINKS = 255;
/** Maximum number of links that Linux follows in one path. */
const MAX_SYSTEM_LINKS = 40;
/** Maximum length in bytes of a path while it is resolved; Linux allows 4,096. */
const MAX_PATH = 64 * 1024;
/**
 * Limit on the steps for resolving all names of a layer: a fixed number, plus some for each name. A step is a component that is looked up,
 * or a few bytes of a link's target. Real names take a few dozen; in a hostile layer, each could take thousands for a few stored bytes.
 */
const FREE_STEPS = 1 << 22;
const STEPS_PER_NAME = 512;
/** Bytes of a link's target that count as a step. */
const BYTES_PER_STEP = 8;
/** Used instead of a node for a path where there is no folder. */
const NOWHERE = -1;

/** Follows the symbolic links of a layer under construction. */
export class OwnLinks {
  readonly #tree: PathTree;
  /** Returns the raw target of a node's link. */
  readonly #targetOf: (node: number) => Uint8Array;
  #links = 0;
  /** Steps that are left. */
  #steps = FREE_STEPS;
  /** Whether the most recently resolved path went through a link. */
  through = false;
  /** Whether the most recently resolved path would have climbed out of the root. */
  climbs = false;
  /** The most recent result, kept because names in one folder are mostly consecutive. */
  #last: {
    readonly path: string;
    readonly changes: number;
    readonly through: boolean;
    readonly climbs: boolean;
    readonly parts: Uint8Array[];
  } | null = null;

  constructor(tree: PathTree, targetOf: (node: number) => Uint8Array) {
    this.#tree = tree;
    this.#targetOf = targetOf;
  }

  /** Returns the components of the folder that a path leads to, none of them a link; null for a loop, too many links or too many steps. */
  resolve(path: string): Uint8Array[] | null {
    const { changes } = this.#tree;
    this.#steps += STEPS_PER_NAME;
    if (this.#last !== null && this.#last.path === path && this.#last.changes === changes) {
      this.through = this.#last.through;
      this.climbs = this.#last.climbs;
      return this.#spend(this.#last.parts.length) ? this.#last.parts : null;
    }
    this.#links = 0;
    this.through = false;
    this.climbs = false;
    let at: string | null = path;
    for (;;) {
      const before = this.#links;
      at = this.#pass(at);
      if (at === null || at.length > MAX_PATH) return null;
      if (before === this.#links) break;
    }
    const parts = partsOf(at).map(bytesOf);
    this.#last = { path, changes, through: this.through, climbs: this.climbs, parts };
    return parts;
  }

  /** Follows the link at each component once. */
  #pass(path: string): string | null {
    const parts = partsOf(path);
    const way = new Way(this.#tree, (node) => this.#partsOfTarget(node));
    for (const [index, part] of parts.entries()) {
      if (!this.#push(way, [part])) return null;
      const node = way.look();
      if (!this.#spend(way.takeSteps())) return null;
      if (((this.#tree.holds[node] as number) & HOLDS.link) === 0) continue;
      if (++this.#links > MAX_LINKS) return null;
      this.through = true;
      const target = this.#targetOf(node);
      if (target.length > MAX_PATH || !this.#spend(target.length / BYTES_PER_STEP)) return null;
      const text = textOf(target);
      if (text.startsWith('/')) {
        // If no component follows, the next pass resolves the target itself, because a `..` in it may come after another link.
        if (index === parts.length - 1) return text;
        way.clear();
      } else way.pop();
      if (!this.#push(way, partsOf(text)) || way.length > MAX_PATH * 2) return null;
    }
    return way.path();
  }

  /** Appends components as text. A `..` at the root stays at the root. Returns false after too many steps. */
  #push(way: Way, parts: readonly string[]): boolean {
    for (const part of parts) {
      if (part !== '..') way.push(part);
      else if (!way.pop()) this.climbs = true;
    }
    return this.#spend(parts.length);
  }

  /** Returns the components of a link's target; null if it is absolute or there are too many. */
  #partsOfTarget(node: number): string[] | null {
    const target = this.#targetOf(node);
    if (target.length > MAX_PATH || target[0] === SLASH || !this.#spend(target.length / BYTES_PER_STEP)) return null;
    return partsOf(textOf(target));
  }

  #spend(steps: number): boolean {
    this.#steps -= steps;
    return this.#steps >= 0;
  }
}

/** A path in normal form, and the folder that each prefix of it leads to, with links followed as the system does. */
class Way {
  readonly #tree: PathTree;
  readonly #partsOfTarget: (node: number) => string[] | null;
  readonly #parts: string[] = [];
  /** By number of components: the folder, or {@link NOWHERE}, and how many links lead there. Determined only as far as needed so far. */
  readonly #folders: number[] = [0];
  readonly #links: number[] = [0];
  #length = 0;
  #steps = 0;

  constructor(tree: PathTree, partsOfTarget: (node: number) => string[] | null) {
    this.#tree = tree;
    this.#partsOfTarget = partsOfTarget;
  }

  /** Length of the path, counting a slash after each component. */
  get length(): number {
    return this.#length;
  }

  path(): string {
    return this.#parts.join('/');
  }

  push(part: string): void {
    this.#parts.push(part);
    this.#length += part.length + 1;
  }

  /** Removes the last component. Returns false if there is none. */
  pop(): boolean {
    const part = this.#parts.pop();
    if (part === undefined) return false;
    this.#length -= part.length + 1;
    this.#forget();
    return true;
  }

  clear(): void {
    this.#parts.length = 0;
    this.#length = 0;
    this.#forget();
  }

  #forget(): void {
    const known = Math.min(this.#folders.length, this.#parts.length + 1);
    this.#folders.length = known;
    this.#links.length = known;
  }

  /** Returns how many components were looked up since the last call. */
  takeSteps(): number {
    const steps = this.#steps;
    this.#steps = 0;
    return steps;
  }

  /** Returns the node that the path ends with, even if it is a link; 0 if there is none. */
  look(): number {
    const last = this.#parts.length - 1;
    if (last < 0) return 0;
    for (let at = this.#folders.length; at <= last; at++) this.#enter(at, this.#parts[at - 1] as string);
    const folder = this.#folders[last] as number;
    return folder === NOWHERE ? 0 : this.#find(folder, this.#parts[last] as string);
  }

  #find(folder: number, part: string): number {
    this.#steps++;
    const name = bytesOf(part);
    return this.#tree.find(folder, name, 0, name.length);
  }

  /**
   * Determines the folder that the first `count` components lead to. `part` is the last of them; the folder of those before it is known.
   */
  #enter(count: number, part: string): void {
    const { holds, parent } = this.#tree;
    let folder = this.#folders[count - 1] as number;
    let links = this.#links[count - 1] as number;
    const left = [part];
    for (let next = left.pop(); next !== undefined && folder !== NOWHERE; next = left.pop()) {
      if (next === '..') {
        folder = folder === 0 ? NOWHERE : (parent[folder] as number);
        continue;
      }
      const node = this.#find(folder, next);
      const held = node === 0 ? 0 : (holds[node] as number);
      if ((held & HOLDS.link) !== 0) {
        const target = ++links > MAX_SYSTEM_LINKS ? null : this.#partsOfTarget(node);
        if (target === null) folder = NOWHERE;
        else for (let at = target.length - 1; at >= 0; at--) left.push(target[at] as string);
      } else folder = (held & HOLDS.folder) !== 0 ? node : NOWHERE;
    }
    this.#folders[count] = folder;
    this.#links[count] = links;
  }
}

/** Splits a path into components, without empty ones and `.`. */
export function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

/** Decodes bytes as Latin-1. */
export function textOf(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = '';
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at] as number);
  return text;
}

/** Encodes text as Latin-1, the inverse of {@link textOf}. */
export function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}
