import type { ReactNode } from 'react';
import { Mark, MixedMark } from '../../components/mark.tsx';
import { type KeyTree, sumOfChanges } from '../../state/registry-keys.ts';
import { words } from '../../words/index.ts';
import { formatCount } from '../../words/numbers.ts';
import styles from './registry.module.css';

/** As wide as a mark, so that names are in line. */
const NO_MARK = <span className={styles.noMark} />;

/** How a key itself was changed last or, as in the tree of files, how the keys below it were. */
export function markOf(tree: KeyTree, row: number): ReactNode {
  const change = tree.nodes[row]?.changes.at(-1);
  if (change !== undefined) return <Mark name={change.hasBase || change.kind === 'removed' ? change.kind : 'unchanged'} />;
  return mixedOf(tree, row);
}

/** What all changes of a key come to or, without any, how the keys below it were changed. `row` is -1 for a key that no layer changed. */
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

/** How many keys were changed in and below a key. */
export function changedIn({ added, modified, removed }: KeyTree, row: number): number {
  return (added[row] as number) + (modified[row] as number) + (removed[row] as number);
}

/** How many values were changed in and below a key; `row` is -1 for a key that no layer changed. */
export function countOf(tree: KeyTree, row: number): ReactNode {
  const values = tree.values[row] ?? 0;
  if (row < 0 || values === 0) return null;
  return (
    <span className={`number ${styles.count}`} title={words.registry.changedBelow(values, changedIn(tree, row))}>
      {formatCount(values)}
    </span>
  );
}

/** The column of those counts is this wide, px. */
export const COUNT_WIDTH = 104;
