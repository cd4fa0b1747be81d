// Sums of a comparison include each body once per side, however many names it has, and only if none of its names is unchanged. The body
// counts at the file's own name or, if the view doesn't show that name, at the first hard link.

import { COUNTED, KIND, NO_LAYER, REASON, type RowTable, rowPath, TYPE } from '#model';
import { bodyKey, bodyKeyLayer, bodyKeyMember } from './hard-links.ts';
import { findPath } from './image-tree.ts';
import { isShownByItself, nodeOf } from './shown-bodies.ts';
import { indexOf, viewAtLayer } from './stack.ts';
import type { Stack } from './types.ts';
import { ABSENT } from './view.ts';

/** One side of a comparison: a stack as seen at a layer. */
export interface CountedSide {
  readonly stack: Stack;
  readonly layer: number;
}

/**
 * Sets `counted` of a comparison's rows, in place. Also corrects the sums of removed folders: subtracts bodies that other names still show,
 * and adds bodies that only hard links in the folder showed. `isDifferent`: by row; nonzero for a difference.
 */
export function countBodies(a: CountedSide, b: CountedSide, rows: RowTable, isDifferent: ArrayLike<number>): void {
  const sides = [new SideRows(rows, isDifferent, 'before'), new SideRows(rows, isDifferent, 'now')] as const;
  sides[0].count(a);
  sides[1].count(b);
}

class SideRows {
  readonly #rows: RowTable;
  readonly #isDifferent: ArrayLike<number>;
  readonly #side: keyof typeof COUNTED;
  /** Rows by their node on this side. */
  readonly #rowOf = new Map<number, number>();

  constructor(rows: RowTable, isDifferent: ArrayLike<number>, side: keyof typeof COUNTED) {
    this.#rows = rows;
    this.#isDifferent = isDifferent;
    this.#side = side;
  }

  count({ stack, layer }: CountedSide): void {
    const { counted, kind } = this.#rows;
    const bit = COUNTED[this.#side];
    const otherKind = this.#side === 'now' ? KIND.removed : KIND.added;
    for (let row = 0; row < counted.length; row++) {
      counted[row] = (counted[row] as number) & ~bit;
      if (this.#isDifferent[row] === 0 || kind[row] === KIND.unchanged || kind[row] === otherKind) continue;
      const [at, member] = this.#entryOf(row);
      if (stack.layers[at]?.type[member] === TYPE.file) counted[row] = (counted[row] as number) | bit;
    }
    this.#countLinked({ stack, layer });
  }

  /** Returns the row's layer and member on this side; NO_LAYER for an implied folder. */
  #entryOf(row: number): readonly [number, number] {
    const { kind, layer, entry, previousLayer, previousEntry } = this.#rows;
    return this.#side === 'now' || kind[row] === KIND.removed
      ? [layer[row] as number, entry[row] as number]
      : [previousLayer[row] as number, previousEntry[row] as number];
  }

  /** Corrects the sums for bodies with several names on this side. */
  #countLinked(side: CountedSide): void {
    const bodies = linkedNames(side);
    if (bodies.size === 0) return;
    this.#findRows(side.stack);
    const { counted } = this.#rows;
    const bit = COUNTED[this.#side];
    for (const { own, links, size } of bodies.values()) {
      const names = own === 0 ? links : [own, ...links];
      const places = names.map((node) => this.#placeOf(side.stack, node));
      const isCounted = places.every((place) => place !== null);
      const [first] = places;
      if (isCounted && own === 0 && first) {
        if (first.isInside) this.#addHidden(first.row, size);
        else counted[first.row] = (counted[first.row] as number) | bit;
      } else if (!isCounted && own !== 0 && first) {
        if (first.isInside) this.#addHidden(first.row, -size);
        else counted[first.row] = (counted[first.row] as number) & ~bit;
      }
    }
  }

  #addHidden(row: number, bytes: number): void {
    this.#rows.hiddenBytes[row] = (this.#rows.hiddenBytes[row] as number) + bytes;
  }

  #findRows(stack: Stack): void {
    const { tree } = indexOf(stack);
    const { kind, length } = this.#rows;
    const otherKind = this.#side === 'now' ? KIND.removed : KIND.added;
    for (let row = 0; row < length; row++) {
      if (this.#isDifferent[row] === 0 || kind[row] === KIND.unchanged || kind[row] === otherKind) continue;
      const [layer, member] = this.#entryOf(row);
      const node = layer === NO_LAYER ? findPath(tree, rowPath(this.#rows, row)) : nodeOf(tree, layer, member);
      if (node > 0) this.#rowOf.set(node, row);
    }
  }

  /** Returns the row of a node, or of the removed folder that contained it. Null if the node didn't change. */
  #placeOf(stack: Stack, node: number): { readonly row: number; readonly isInside: boolean } | null {
    const own = this.#rowOf.get(node);
    if (own !== undefined) return { row: own, isInside: false };
    if (this.#side === 'now') return null;
    const { parent } = indexOf(stack).tree;
    for (let above = parent[node] as number; above > 0; above = parent[above] as number) {
      const row = this.#rowOf.get(above);
      if (row !== undefined && hasGone(this.#rows, row)) return { row, isInside: true };
    }
    return null;
  }
}

/** Whether the row was a folder but no longer is one. */
function hasGone({ kind, type, reason }: RowTable, row: number): boolean {
  return kind[row] === KIND.removed || (type[row] !== TYPE.directory && reason[row] !== 0);
}

interface LinkedBody {
  /** Node of the file's own name; 0 if the view doesn't show that name. */
  readonly own: number;
  /** Nodes of the hard links that show the body. */
  readonly links: number[];
  readonly size: number;
}

function linkedNames({ stack, layer }: CountedSide): ReadonlyMap<number, LinkedBody> {
  const { tree, links } = indexOf(stack);
  const bodies = new Map<number, LinkedBody>();
  if (links.every((table) => table === null)) return bodies;
  const view = viewAtLayer(stack, layer);
  links.forEach((table, at) => {
    for (const member of table?.members ?? []) {
      const node = nodeOf(tree, at, member);
      if (view.type[node] === ABSENT || view.layer[node] !== at || view.member[node] !== member) continue;
      const key = bodyKey(tree, links, at, member);
      if (key < 0) continue;
      const known = bodies.get(key);
      if (known !== undefined) {
        known.links.push(node);
        continue;
      }
      const [bodyLayer, bodyMember] = [bodyKeyLayer(key), bodyKeyMember(key)];
      const own = isShownByItself(tree, view, key) ? nodeOf(tree, bodyLayer, bodyMember) : 0;
      bodies.set(key, { own, links: [node], size: stack.layers[bodyLayer]?.size[bodyMember] ?? 0 });
    }
  });
  return bodies;
}

/** Bytes of the differences on each side of a comparison, each body counted once. */
export interface SideSums {
  readonly before: number;
  readonly now: number;
}

/** Bytes of one row on side A, without the rows below it. */
export function bytesBefore(rows: RowTable, row: number): number {
  const isCounted = ((rows.counted[row] as number) & COUNTED.before) !== 0;
  if (rows.kind[row] === KIND.removed) {
    if (rows.type[row] === TYPE.directory) return rows.hiddenBytes[row] as number;
    return isCounted ? (rows.size[row] as number) : 0;
  }
  if (rows.kind[row] !== KIND.modified) return 0;
  // The content of a folder that was replaced by a file disappeared too.
  if (rows.reason[row] === REASON.replaced) return rows.hiddenBytes[row] as number;
  return isCounted ? (rows.previousSize[row] as number) : 0;
}

/** Bytes of one row on side B, without the rows below it. */
export function bytesNow(rows: RowTable, row: number): number {
  const isThere = rows.kind[row] === KIND.added || rows.kind[row] === KIND.modified;
  return isThere && ((rows.counted[row] as number) & COUNTED.now) !== 0 ? (rows.size[row] as number) : 0;
}

/** Sums of a comparison's differences (see {@link countBodies}). */
export function sideSums(rows: RowTable, isDifferent: ArrayLike<number>): SideSums {
  let before = 0;
  let now = 0;
  for (let row = 0; row < rows.length; row++) {
    if (isDifferent[row] === 0) continue;
    before += bytesBefore(rows, row);
    now += bytesNow(rows, row);
  }
  return { before, now };
}
