import type { LinkTable } from './hard-links.ts';
import type { ImageTree } from './image-tree.ts';
import type { UseOfSums } from './same-entry.ts';
import type { View, Watcher } from './view.ts';

/** Two views of one tree to compare. Their layers are indexes into `tree.layers`. */
export interface ViewPair {
  readonly tree: ImageTree;
  readonly before: View;
  readonly after: View;
  /** Bodies of hard links, by layer of the tree. */
  readonly links: readonly (LinkTable | null)[];
  /**
   * For changes of layers, the first layer: a path counts as modified if the layers contain it again; a folder, only if it differs. Null
   * for a comparison: a path counts as modified if it differs; a folder, only if it differs in more than its time.
   */
  readonly from: number | null;
  /** Subtracted from a layer's index in the tree to get the number in the rows. */
  readonly beforeBase: number;
  readonly afterBase: number;
  /** Why nodes disappeared, for changes of layers. */
  readonly watcher: Watcher | null;
  /** By layer of the tree, the index of the lowest layer with the same content, and therefore the same members. */
  readonly twins: readonly number[];
  readonly sums: UseOfSums;
}
