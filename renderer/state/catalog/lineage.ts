// Determines which images are built on which. An image is built on another image if its layers start with all layers of that image.
import { grouped } from '#model';
import { type CatalogRows, type ColumnOrder, layerTitle } from './catalog.ts';
import { type ImageRow, type ImageSort, sortedImages } from './image-rows.ts';

/** An image, or the lowest layers that images with different names share, if no image in the catalog consists of just these layers. */
export interface LineageNode {
  /** The image; null for layers without an image. */
  readonly row: ImageRow | null;
  /** Identifies the node, whatever the order. */
  readonly id: string;
  /** The highest layer, by its number in the catalog; -1 if no layer is known. */
  readonly layer: number;
  /** Total bytes and number of the layers up to the highest one. */
  readonly bytes: number;
  readonly layers: number;
  /** Number of layers on top of the parent's, and their bytes. */
  readonly addedLayers: number;
  readonly addedBytes: number;
  /** Number of images that are built on this node, directly or indirectly. */
  readonly derived: number;
}

/** Images in depth-first order: each is followed by the images built on it. */
export interface Lineage {
  readonly nodes: readonly LineageNode[];
  /** The parent's index, by node; -1 for a node without a parent. */
  readonly parent: Int32Array;
}

interface Draft {
  readonly row: ImageRow | null;
  readonly layer: number;
  readonly depth: number;
  readonly children: Draft[];
}

/** Returns all images as a tree in which each is below the one that it is built on. Siblings are sorted by `order`. */
export function lineageOf(rows: CatalogRows, imageRows: readonly ImageRow[], order: ColumnOrder<ImageSort>): Lineage {
  const chainOf = ({ image }: ImageRow) => rows.images[image]?.layers ?? [];
  const sorted = [...imageRows].sort((a, b) => byChain(chainOf(a), chainOf(b)));
  const roots: Draft[] = [];
  addRange(sorted, 0, roots);
  return flattened(roots);

  /** Adds images that have their first `depth` layers in common. */
  function addRange(some: readonly ImageRow[], depth: number, siblings: Draft[]): void {
    for (const members of grouped(some, (row) => String(chainOf(row)[depth])).values()) {
      const chain = chainOf(members[0] as ImageRow);
      // An image whose layers are unknown isn't built on any other.
      if (chain.length === 0) {
        siblings.push(...members.map((row) => ({ row, layer: -1, depth: 0, children: [] })));
        continue;
      }
      const common = commonLength(chain, chainOf(members.at(-1) as ImageRow));
      const layer = chain[common - 1] as number;
      const ending = members.filter((row) => chainOf(row).length === common).sort(byTime);
      const rest = members.slice(ending.length);
      const [base, ...others] = ending;
      const isOwn = base !== undefined || new Set(members.map(({ name }) => name)).size > 1;
      const children: Draft[] = isOwn ? [] : siblings;
      if (isOwn) siblings.push({ row: base ?? null, layer, depth: common, children });
      for (const row of others) children.push({ row, layer, depth: common, children: [] });
      if (rest.length > 0) addRange(rest, common, children);
    }
  }

  function flattened(drafts: readonly Draft[]): Lineage {
    const nodes: LineageNode[] = [];
    const parents: number[] = [];
    add(drafts, -1, 0);
    return { nodes, parent: Int32Array.from(parents) };

    function add(siblings: readonly Draft[], parent: number, below: number): number {
      let images = 0;
      for (const draft of ordered(siblings)) {
        const at = nodes.length;
        parents.push(parent);
        const chain = chainOf(anyRow(draft)).slice(0, draft.depth);
        const bytes = bytesOf(chain);
        const node = {
          row: draft.row,
          id: draft.row === null ? `${draft.depth}:${anyRow(draft).image}` : `${draft.row.image}`,
          layer: draft.layer,
          bytes,
          layers: chain.length,
          addedLayers: chain.length - below,
          addedBytes: bytes - bytesOf(chain.slice(0, below)),
          derived: 0,
        };
        nodes.push(node);
        const derived = add(draft.children, at, draft.depth);
        nodes[at] = { ...node, derived };
        images += derived + (draft.row === null ? 0 : 1);
      }
      return images;
    }
  }

  function bytesOf(chain: readonly number[]): number {
    return [...new Set(chain)].reduce((sum, layer) => sum + (rows.layers[layer]?.bytes ?? 0), 0);
  }

  /** Sorts siblings. Layers without an image are sorted by their title and size. */
  function ordered(siblings: readonly Draft[]): readonly Draft[] {
    const byRow = new Map(siblings.map((draft) => [rowOf(draft), draft]));
    return sortedImages([...byRow.keys()], order).flatMap((row) => byRow.get(row) ?? []);
  }

  function rowOf(draft: Draft): ImageRow {
    if (draft.row !== null) return draft.row;
    const { layer, depth } = draft;
    const chain = chainOf(anyRow(draft)).slice(0, depth);
    return {
      image: -1,
      name: layerTitle(rows, layer),
      tags: [],
      otherNames: 0,
      size: bytesOf(chain),
      unique: 0,
      layers: depth,
      created: null,
    };
  }
}

/** Returns an image that is built on these layers, or consists of just these. */
function anyRow(draft: Draft): ImageRow {
  let at = draft;
  while (at.row === null && at.children[0] !== undefined) at = at.children[0];
  return at.row as ImageRow;
}

/** Returns the wanted nodes and everything that they are built on, as a separate tree. */
export function lineageWith({ nodes, parent }: Lineage, isWanted: (node: LineageNode) => boolean): Lineage {
  const isKept = new Uint8Array(nodes.length);
  // Parents come before their children, so go backwards.
  for (let at = nodes.length - 1; at >= 0; at--) {
    if (isWanted(nodes[at] as LineageNode)) isKept[at] = 1;
    const above = parent[at] as number;
    if (isKept[at] === 1 && above >= 0) isKept[above] = 1;
  }
  const places = new Int32Array(nodes.length).fill(-1);
  let count = 0;
  for (let at = 0; at < nodes.length; at++) if (isKept[at] === 1) places[at] = count++;
  const kept = nodes.flatMap((_, at) => (isKept[at] === 1 ? [at] : []));
  return {
    nodes: kept.map((at) => nodes[at] as LineageNode),
    parent: Int32Array.from(kept, (at) => (parent[at] === -1 ? -1 : (places[parent[at] as number] as number))),
  };
}

/** Returns the visible nodes, given which are folded. */
export function nodesInSight({ nodes, parent }: Lineage, isFolded: (node: LineageNode) => boolean): Uint32Array {
  const isHidden = new Uint8Array(nodes.length);
  const seen: number[] = [];
  for (let at = 0; at < nodes.length; at++) {
    const above = parent[at] as number;
    if (above >= 0 && (isHidden[above] === 1 || isFolded(nodes[above] as LineageNode))) isHidden[at] = 1;
    else seen.push(at);
  }
  return Uint32Array.from(seen);
}

function byChain(a: readonly number[], b: readonly number[]): number {
  const common = commonLength(a, b);
  return (a[common] ?? -1) - (b[common] ?? -1);
}

function commonLength(a: readonly number[], b: readonly number[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}

/** Sorts the oldest image first: if images have the same layers, the others are shown as built on the oldest. */
function byTime(a: ImageRow, b: ImageRow): number {
  return (a.created ?? Number.POSITIVE_INFINITY) - (b.created ?? Number.POSITIVE_INFINITY) || a.image - b.image;
}
