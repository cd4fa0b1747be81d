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

/** Maximum number of links followed for one name. Source: continuity, fs.RootPath. */
const MAX_LINKS = 255;
/** Maximum number of links that Linux follows in one path. */
const MAX_SYSTEM_LINKS = 40;
/** Maximum length in bytes of a path while it is resolved; Linux allows 4,096. */
const MAX_PATH = 64 * 1024;
/** Maximum number of components looked up for all names of a layer. Without this limit, a hostile layer could require arbitrarily many. */
const MAX_STEPS = 1 << 26;

/** Follows the symbolic links of a layer under construction. */
export class OwnLinks {
  readonly #tree: PathTree;
  /** Returns the raw target of a node's link. */
  readonly #targetOf: (node: number) => Uint8Array;
  #links = 0;
  #steps = 0;
  /** Whether the last path went through a link. */
  through = false;
  /** Whether the last path would have climbed out of the root. */
  climbs = false;
  /** The last result, kept because names in one folder are mostly consecutive. */
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

  /** Returns the components of the folder that a path leads to, none of them a link; null for a loop or too many links. */
  resolve(path: string): Uint8Array[] | null {
    const { changes } = this.#tree;
    if (this.#last !== null && this.#last.path === path && this.#last.changes === changes) {
      this.through = this.#last.through;
      this.climbs = this.#last.climbs;
      return this.#last.parts;
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
    let at = '';
    for (const part of partsOf(path)) {
      const next = this.#joined(at, part);
      const node = this.#lookAt(next);
      if (node < 0) return null;
      if (((this.#tree.holds[node] as number) & HOLDS.link) === 0) {
        at = next;
        continue;
      }
      if (++this.#links > MAX_LINKS) return null;
      this.through = true;
      const target = textOf(this.#targetOf(node));
      at = target.startsWith('/') ? target : this.#joined(at, target);
      if (at.length > MAX_PATH * 2) return null;
    }
    return at;
  }

  /** Joins two paths as text. A `..` at the root stays at the root. */
  #joined(folder: string, path: string): string {
    const parts: string[] = [];
    for (const part of [...partsOf(folder), ...partsOf(path)]) {
      if (part !== '..') parts.push(part);
      else if (parts.pop() === undefined) this.climbs = true;
    }
    return parts.join('/');
  }

  /** Returns the node at a path, following links as the system does; 0 if there is no node, -1 after too many steps. */
  #lookAt(path: string): number {
    const { holds } = this.#tree;
    const way = [0];
    const left = partsOf(path).reverse();
    let links = 0;
    for (let part = left.pop(); part !== undefined; part = left.pop()) {
      if (++this.#steps > MAX_STEPS) return -1;
      if (part === '..') {
        if (way.length === 1) return 0;
        way.pop();
        continue;
      }
      const name = bytesOf(part);
      const node = this.#tree.find(way.at(-1) as number, name, 0, name.length);
      if (node === 0 || left.length === 0) return node;
      const held = holds[node] as number;
      if ((held & HOLDS.link) !== 0) {
        const target = textOf(this.#targetOf(node));
        if (target.startsWith('/') || ++links > MAX_SYSTEM_LINKS) return 0;
        left.push(...partsOf(target).reverse());
      } else if ((held & HOLDS.folder) === 0) return 0;
      else way.push(node);
    }
    return 0;
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
