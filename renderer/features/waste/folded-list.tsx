import { type ReactNode, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { phrase } from '../../components/phrase.tsx';
import { Size } from '../../components/size.tsx';
import { type Group, groupBy } from '../../state/waste.ts';
import { words } from '../../words/index.ts';
import styles from './waste-panel.module.css';

/** Number of rows that a list shows at first. */
const FIRST = 5;

/** Files or places of one cause or kind: the largest, and all that are listed at the press of a button. Rows are grouped by their layers. */
export function FoldedList<T>({
  id,
  label,
  title,
  items,
  keyOf,
  heading,
  row,
  rest,
}: {
  /** Of the section, for links to it. */
  id: string;
  label: string;
  title: ReactNode;
  /** Largest first. */
  items: readonly T[];
  /** Items with the same key are in one group. */
  keyOf: (item: T) => string;
  /** What all items of a group have in common. */
  heading: (group: Group<T>) => ReactNode;
  row: (item: T) => ReactNode;
  /** What isn't listed. */
  rest: { readonly count: number; readonly bytes: number };
}) {
  const [isOpen, setOpen] = useState(false);
  const shown = isOpen ? items : items.slice(0, FIRST);
  return (
    <section className={styles.files} id={id} aria-label={label} tabIndex={-1}>
      <h3 className={styles.cause}>{title}</h3>
      {groupBy(shown, keyOf).map((group) => (
        <div key={group.key}>
          <p className={styles.by}>{heading(group)}</p>
          <ul>{group.items.map(row)}</ul>
        </div>
      ))}
      {isOpen && rest.count > 0 ? (
        <p className={styles.rest}>{phrase(words.waste.moreFiles(rest.count, <Size bytes={rest.bytes} />))}</p>
      ) : null}
      {items.length > FIRST ? (
        <p className={styles.ask}>
          <Button kind="quiet" expanded={isOpen} onPress={() => setOpen(!isOpen)}>
            {isOpen ? words.waste.showFirst(FIRST) : words.waste.showAll(items.length + rest.count)}
          </Button>
        </p>
      ) : null}
    </section>
  );
}
