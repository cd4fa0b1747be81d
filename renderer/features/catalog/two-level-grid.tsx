import { type ReactNode, useMemo, useState } from 'react';
import { Icon } from '../../components/icons.tsx';
import { MiddleText } from '../../components/middle-text.tsx';
import { type TreeColumn, TreeGrid } from '../../components/tree-grid.tsx';
import type { TwoLevels } from '../../state/catalog/two-levels.ts';
import { isShortcut } from '../../state/commands.ts';
import styles from './catalog.module.css';

const twisty = (name: 'chevronDown' | 'chevronRight') => (
  <span className={styles.twisty} data-twisty="">
    <Icon name={name} size={12} />
  </span>
);
const TWISTIES = { open: twisty('chevronDown'), closed: twisty('chevronRight'), none: <span className={styles.twisty} /> };

/** A row: a group (`child` is -1) or one of its children. */
export interface Place {
  readonly group: number;
  readonly child: number;
}

/** A tree of groups and what is in them. What has no children is chosen by a click or Enter. */
export function TwoLevelGrid({
  label,
  tree,
  columns,
  open: openAtFirst,
  name,
  cell,
  onChoose,
}: {
  label: string;
  tree: TwoLevels;
  columns: readonly TreeColumn[];
  /** Groups that are open at first. */
  open?: readonly number[];
  /** For type-ahead. */
  name: (place: Place) => string;
  /** `twisty`: the row's triangle, or the room that it would take. */
  cell: (place: Place, column: string, twisty: ReactNode) => ReactNode;
  onChoose: (place: Place) => void;
}) {
  const [open, setOpen] = useState<ReadonlySet<number>>(() => new Set(openAtFirst));
  // By place, because the rows before it become more while a search goes on.
  const [active, setActive] = useState<Place | null>(null);
  const rows = useMemo(() => tree.inSight(open), [tree, open]);
  const shape = useMemo(
    () => ({
      parent: tree.parent,
      isFolder: (row: number) => isGroup(tree, row),
      isOpen: (row: number) => open.has(tree.at(row).group),
      name: (row: number) => name(tree.at(row)),
    }),
    [tree, open, name],
  );
  const toggle = (row: number, opens: boolean) => {
    const { group } = tree.at(row);
    setOpen((before) => new Set(opens ? [...before, group] : [...before].filter((each) => each !== group)));
  };
  const choose = (row: number) => (isGroup(tree, row) ? toggle(row, !shape.isOpen(row)) : onChoose(tree.at(row)));
  return (
    <TreeGrid
      label={label}
      rows={rows}
      shape={shape}
      columns={columns}
      active={rowOf(tree, active)}
      onActive={(row) => setActive(tree.at(row))}
      onToggle={toggle}
      onOpenSiblings={() => setOpen(new Set(Array.from({ length: rows.length }, (_, index) => tree.at(rows[index] as number).group)))}
      onOpen={choose}
      onPreview={choose}
      onClick={(row) => {
        if (!isGroup(tree, row)) choose(row);
      }}
      cell={(row, column) =>
        cell(tree.at(row), column, isGroup(tree, row) ? (shape.isOpen(row) ? TWISTIES.open : TWISTIES.closed) : TWISTIES.none)
      }
      rowClass={(row) => (tree.at(row).child < 0 ? undefined : styles.child)}
      isShortcut={isShortcut}
    />
  );
}

function rowOf(tree: TwoLevels, place: Place | null): number {
  if (place === null || place.child >= tree.childrenOf(place.group) || place.group >= tree.groups) return -1;
  return tree.rowOf(place.group) + 1 + place.child;
}

function isGroup(tree: TwoLevels, row: number): boolean {
  const { group, child } = tree.at(row);
  return child < 0 && tree.childrenOf(group) > 0;
}

/** The first cell of a row: its triangle, and its name. */
export function nameCell({ child }: Place, twisty: ReactNode, title: string, text: ReactNode): ReactNode {
  return (
    <span className={`${styles.name} ${child < 0 ? '' : styles.inner}`} title={title}>
      {twisty}
      {text}
    </span>
  );
}

/** An image's name, which opens the image. */
export function imageText(text: string): ReactNode {
  return <MiddleText className={styles.image} text={text} />;
}
