import { type ReactNode, useState } from 'react';
import { words } from '../words/index.ts';
import { Button } from './button.tsx';
import styles from './first-items.module.css';

/** Number of a list's items that are drawn at first, and that each press of the button adds. Lists in an image may have any length. */
export const FIRST = 200;

/** Returns the items to draw, how many are left, and a function that draws more. Use it with {@link MoreItems}. */
export function useFirst<T>(items: readonly T[], first = FIRST) {
  const [most, setMost] = useState(first);
  const shown = items.length <= most ? items : items.slice(0, most);
  return { shown, left: items.length - shown.length, onMore: () => setMost(most + FIRST) };
}

/**
 * Says how many items of a list aren't drawn, next to a button that draws more. Renders nothing if all are drawn. `step`: how many the
 * button adds. `note`: more about the items left out, such as their size.
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

/** The first items of a list, each drawn by `children`, and {@link MoreItems} for the others. */
export function FirstItems<T>({
  items,
  first,
  as = 'li',
  children,
}: {
  items: readonly T[];
  /** Number of items drawn at first. */
  first?: number;
  /** The element that {@link MoreItems} uses. */
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
