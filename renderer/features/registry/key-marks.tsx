import type { ReactNode } from 'react';
import { Mark, MixedMark } from '../../components/mark.tsx';
import { type KeyTree, sumOfChanges } from '../../state/registry-keys.ts';
import { words } from '../../words/index.ts';
import { formatCount } from '../../words/numbers.ts';
import styles from './registry.module.css';

/** A gap as wide as a mark, so that names line up. */
const NO_MARK = <span className={styles.noMark} />;

/** Returns the last change to the key itself or, as in the tree of files, a summary of changes to the keys below it. */
export function markOf(tree: KeyTree, row: number): ReactNode {
  const change = tree.nodes[row]?.changes.at(-1);
  if (change !== undefined) return <Mark name={change.hasBase || change.kind === 'removed' ? change.kind : 'unchanged'} />;
  return mixedOf(tree, row);
}

/**
 * Returns the combined changes to a key or, if there are none, a summary of changes to the keys below it. `row` is -1 for a key that no
 * layer changed.
 */
export function sumMarkOf(tree: KeyTree, row: number): ReactNode {
  const changes = tree.nodes[row]?.changes ?? [];
  const kind = sumOfChanges(changes);
  if (kind === null) return mixedOf(tree, row);
  return kind === 'removed' || changes.every(({ hasBase }) => hasBase) ? <Mark name={kind} /> : NO_MARK;
}

function mixedOf({ added, modified, removed }: KeyTree, row: number): ReactNode {
  const counts = { added: added[row] ?? 0, modified: modified[row] ?? 0, removed: removed[row] ?? 0 };
  return counts.added + counts.modified + counts.removed === 0 ? NO_MARK : <MixedMark {...counts} />;
}

/** Returns how many keys changed, at and below a key. */
export function changedIn({ added, modified, removed }: KeyTree, row: number): number {
  return (added[row] as number) + (modified[row] as number) + (removed[row] as number);
}

/** Returns the number of values that changed, at and below a key; `row` is -1 for a key that no layer changed. */
export function countOf(tree: KeyTree, row: number): ReactNode {
  const values = tree.values[row] ?? 0;
  if (row < 0 || values === 0) return null;
  return (
    <span className={`number ${styles.count}`} title={words.registry.changedBelow(values, changedIn(tree, row))}>
      {formatCount(values)}
    </span>
  );
}

/** Width of the column for the numbers of changed values, px. */
export const COUNT_WIDTH = 104;
