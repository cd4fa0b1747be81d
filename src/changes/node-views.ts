import { linkName } from '#format/layer';
import { NO_ENTRY, TYPE } from '#model';
import { findPath, type ImageTree, imageNodeName, imageNodePath } from './image-tree.ts';
import { resolveEntryBody } from './lookup.ts';
import { nodeOf } from './shown-bodies.ts';
import { indexOf, ownViewAtLayer } from './stack.ts';
import type { EntryAt, Stack } from './types.ts';
import { ABSENT, type Applier, applyLayer, copyView, createApplier, isFolder, type View } from './view.ts';

/**
 * The views of a stack one after another, bottom to top, by node. A node stands for a path in any of the layers; 0 is the root. Used by
 * readers that follow many paths through all layers: each step up costs only what that layer changes.
 */
export class NodeViews {
  readonly #stack: Stack;
  readonly #applier: Applier;
  #layer: number;
  #before: View;

  /**
   * `layer`: the layer to begin at. Its own changes aren't known, only those of layers reached with {@link next}. Default: below the lowest
   * layer.
   */
  constructor(stack: Stack, layer = -1) {
    this.#stack = stack;
    const { tree } = indexOf(stack);
    this.#applier = layer < 0 ? createApplier(tree) : createApplier(tree, ownViewAtLayer(stack, layer));
    this.#layer = layer;
    this.#before = this.view;
  }

  /** The tree of all paths. */
  get tree(): ImageTree {
    return this.#applier.tree;
  }

  /** The columns of the current view, which {@link next} updates in place. Don't modify them. */
  get view(): View {
    return this.#applier.view;
  }

  /** The layer of the current view; -1: the empty view. */
  get layer(): number {
    return this.#layer;
  }

  /** Goes one layer up. */
  next(): void {
    this.#layer++;
    this.#before = copyView(this.view);
    applyLayer(this.#applier, this.#layer);
  }

  /** The node of a path, whether or not the view shows it; -1 if no layer has it. */
  find(path: Uint8Array): number {
    return findPath(this.tree, path);
  }

  path(node: number): Uint8Array {
    return imageNodePath(this.tree, node);
  }

  name(node: number): Uint8Array {
    return imageNodeName(this.tree, node);
  }

  /** The nodes directly below a folder, in no particular order, whether or not the view shows them. */
  *children(node: number): Generator<number> {
    const { firstChild, nextSibling } = this.tree;
    for (let child = firstChild[node] as number; child !== 0; child = nextSibling[child] as number) yield child;
  }

  isShown(node: number): boolean {
    return this.view.type[node] !== ABSENT;
  }

  /** Whether a node shows something other than a folder. */
  showsEntry(node: number): boolean {
    const type = this.#applier.view.type[node] as number;
    return type !== ABSENT && !isFolder(type);
  }

  /** Returns a number that changes whenever what the node shows changes; negative if the node shows no entry. */
  stateOf(node: number): number {
    const member = this.view.member[node] as number;
    return member === NO_ENTRY ? -1 : (this.view.layer[node] as number) * 0x1_0000_0000 + member;
  }

  /** Size of the file that a node shows; 0 for anything else, including hard links. */
  sizeOf(node: number): number {
    return this.#sizeIn(this.view, node);
  }

  /** Whether the previous view showed an entry other than a folder at the node, and the current one shows nothing. */
  isGone(node: number): boolean {
    const before = this.#before.type[node] as number;
    return before !== ABSENT && !isFolder(before) && (this.view.member[node] as number) === NO_ENTRY;
  }

  /** Whether the previous view showed an entry other than a folder at the node, and the current one shows another entry or none. */
  isReplaced(node: number): boolean {
    const before = this.#before.type[node] as number;
    if (before === ABSENT || isFolder(before)) return false;
    return this.view.layer[node] !== this.#before.layer[node] || this.view.member[node] !== this.#before.member[node];
  }

  /** Like {@link sizeOf}, for the previous view. */
  sizeBefore(node: number): number {
    return this.#sizeIn(this.#before, node);
  }

  #sizeIn({ type, layer, member }: View, node: number): number {
    return type[node] === TYPE.file ? (this.#stack.layers[layer[node] as number]?.size[member[node] as number] ?? 0) : 0;
  }

  /** Returns the regular file whose body a node shows, directly or as a hard link; null if it shows none. */
  bodyOf(node: number): EntryAt | null {
    const member = this.view.member[node] as number;
    return member === NO_ENTRY ? null : resolveEntryBody(this.#stack, { layer: this.view.layer[node] as number, member });
  }

  /** Returns the target of a node's symbolic link, raw bytes; null if the node doesn't show a symbolic link. */
  linkOf(node: number): Uint8Array | null {
    if (this.view.type[node] !== TYPE.symlink) return null;
    const table = this.#stack.layers[this.view.layer[node] as number];
    return table ? linkName(table, this.view.member[node] as number) : null;
  }

  /** Returns the node of a layer's member, which must be in the view of that layer alone. */
  nodeOfMember(layer: number, member: number): number {
    return nodeOf(this.tree, layer, member);
  }
}
