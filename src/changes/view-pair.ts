import type { LinkTable } from './hard-links.ts';
import type { ImageTree } from './image-tree.ts';
import type { UseOfSums } from './same-entry.ts';
import type { View, Watcher } from './view.ts';

/** What is compared with what. Views are over the one tree; their layers are numbers in `tree.layers`. */
export interface ViewPair {
  readonly tree: ImageTree;
  readonly before: View;
  readonly after: View;
  /** Bodies of hard links, by layer of the tree. */
  readonly links: readonly (LinkTable | null)[];
  /**
   * Changes of layers: the first of them; what they bring again is modified, folders only where they differ.
   * Null: a comparison; modified is what differs, folders in more than time.
   */
  readonly from: number | null;
  /** What to take from a layer's number in the tree to get the one that rows tell. */
  readonly beforeBase: number;
  readonly afterBase: number;
  /** Why nodes went, where layers were watched. */
  readonly watcher: Watcher | null;
  /** By layer of the tree, the number of the lowest that has the same content: its members are the same. */
  readonly twins: readonly number[];
  readonly sums: UseOfSums;
}
