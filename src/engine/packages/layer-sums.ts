import type { NodeViews } from '#changes';
import { FLAG } from '#format/layer';
import { TYPE } from '#model';
import { NOBODY } from './owners.ts';

/** Files and bytes of each package, by its index. Folders don't count as files. */
export interface FileSums {
  readonly files: Uint32Array;
  readonly bytes: Float64Array;
  /** The node of the largest file; 0 if there is none. */
  readonly largest: Uint32Array;
  readonly largestBytes: Float64Array;
}

function noSums(count: number): FileSums {
  const largestBytes = new Float64Array(count).fill(-1);
  return { files: new Uint32Array(count), bytes: new Float64Array(count), largest: new Uint32Array(count), largestBytes };
}

function add({ files, bytes, largest, largestBytes }: FileSums, owner: number, node: number, size: number, count: number): void {
  files[owner] = (files[owner] as number) + count;
  bytes[owner] = (bytes[owner] as number) + size;
  if (size <= (largestBytes[owner] as number)) return;
  largest[owner] = node;
  largestBytes[owner] = size;
}

/**
 * Sums up the current layer's own entries by owner. An entry that the layer repeats counts as one file, but with the bytes of all copies.
 */
export function layerSums(views: NodeViews, owners: Int32Array, count: number): FileSums {
  const sums = noSums(count);
  const table = views.tree.layers[views.layer];
  if (!table) return sums;
  const { type, flags, size, node: nodes, memberCount } = table;
  const map = views.tree.maps[views.layer] as Uint32Array;
  for (let member = 0; member < memberCount; member++) {
    const flag = flags[member] as number;
    if ((flag & (FLAG.rawOnly | FLAG.whiteout | FLAG.opaque)) !== 0 || type[member] === TYPE.directory) continue;
    const node = map[nodes[member] as number] as number;
    const owner = owners[node] as number;
    if (owner === NOBODY) continue;
    add(sums, owner, node, type[member] === TYPE.file ? (size[member] as number) : 0, (flag & FLAG.superseded) === 0 ? 1 : 0);
  }
  return sums;
}

/** Sums up what the current view shows, by owner. */
export function viewSums(views: NodeViews, owners: Int32Array, count: number): FileSums {
  return sumsOf(
    owners,
    count,
    (node) => views.showsEntry(node),
    (node) => views.sizeOf(node),
  );
}

/** What the current layer hides of the packages below, by owner in the view below. */
interface HiddenSums {
  /** Bytes of files that the current layer replaces or removes. */
  readonly bytes: Float64Array;
  /** What the view below shows and the current one doesn't. */
  readonly gone: FileSums;
}

export function hiddenSums(views: NodeViews, ownersBelow: Int32Array, count: number): HiddenSums {
  const gone = noSums(count);
  const bytes = new Float64Array(count);
  if (count === 0) return { bytes, gone };
  for (let node = 1; node < ownersBelow.length; node++) {
    const owner = ownersBelow[node] as number;
    if (owner === NOBODY || !views.isReplaced(node)) continue;
    const size = views.sizeBefore(node);
    bytes[owner] = (bytes[owner] as number) + size;
    if (views.isGone(node)) add(gone, owner, node, size, 1);
  }
  return { bytes, gone };
}

/** Sums up what the current view shows at or below a folder, by owner. Files without an owner are summed up separately. */
export function sumsBelow(
  views: NodeViews,
  owners: Int32Array,
  count: number,
  folder: number,
): { readonly sums: FileSums; readonly nobodys: { readonly files: number; readonly bytes: number } } {
  const { parent } = views.tree;
  const isInside = new Uint8Array(views.tree.count);
  isInside[folder] = 1;
  const sums = noSums(count);
  const nobodys = { files: 0, bytes: 0 };
  // A parent's number is smaller than its children's, so it is marked before they are reached.
  for (let node = folder + 1; node < isInside.length; node++) {
    if (isInside[parent[node] as number] !== 1) continue;
    isInside[node] = 1;
    if (!views.showsEntry(node)) continue;
    const owner = owners[node] as number;
    const size = views.sizeOf(node);
    if (owner !== NOBODY) add(sums, owner, node, size, 1);
    else {
      nobodys.files++;
      nobodys.bytes += size;
    }
  }
  return { sums, nobodys };
}

function sumsOf(owners: Int32Array, count: number, isCounted: (node: number) => boolean, sizeOf: (node: number) => number): FileSums {
  const sums = noSums(count);
  for (let node = 1; node < owners.length; node++) {
    const owner = owners[node] as number;
    if (owner !== NOBODY && isCounted(node)) add(sums, owner, node, sizeOf(node), 1);
  }
  return sums;
}
