import { type ReactNode, useState } from 'react';
import { words } from '../words/index.ts';
import { Button } from './button.tsx';
import styles from './first-items.module.css';

/** Number of items of a list that are drawn at first, and that are added at a time. An image has lists of any length. */
export const FIRST = 200;

/** Returns the items to draw, how many are left, and what draws more. Use it with {@link MoreItems}. */
export function useFirst<T>(items: readonly T[], first = FIRST) {
  const [most, setMost] = useState(first);
  const shown = items.length <= most ? items : items.slice(0, most);
  return { shown, left: items.length - shown.length, onMore: () => setMost(most + FIRST) };
}

/**
 * How many items of a list aren't drawn, and a button that draws more. Nothing if all are drawn. `step`: how many the button adds. `note`:
 * what else there is to say about the others, such as their size.
 */
export function MoreItems({
  left,
  onMore,
  as: Line = 'p',
  step = FIRST,
  note = null,
}: {
  left: number;
  onMore: () => void;
  as?: 'li' | 'p' | 'div' | 'span';
  step?: number;
  note?: ReactNode;
}) {
  if (left === 0) return null;
  return (
    <Line className={styles.more}>
      <span>
        {words.andMore(left)}
        {note === null ? null : <> · {note}</>}
      </span>
      <Button kind="quiet" onPress={onMore}>
        {words.showMore(Math.min(left, step))}
      </Button>
    </Line>
  );
}

/** The first items of a list, each drawn by `children`, and a line for the others. */
export function FirstItems<T>({
  items,
  first,
  as = 'li',
  children,
}: {
  items: readonly T[];
  /** Number of items drawn at first. */
  first?: number;
  /** The element of the line for the others. */
  as?: 'li' | 'p' | 'div' | 'span';
  children: (item: T, index: number) => ReactNode;
}) {
  const { shown, left, onMore } = useFirst(items, first);
  return (
    <>
      {shown.map(children)}
      <MoreItems left={left} onMore={onMore} as={as} />
    </>
  );
}
