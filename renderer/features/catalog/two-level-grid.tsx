import { createContext, type ReactNode, useContext, useMemo, useState } from 'react';
import { Icon } from '../../components/icons.tsx';
import { MiddleText } from '../../components/middle-text.tsx';
import { type RowData, type TreeColumn, TreeGrid } from '../../components/tree-grid.tsx';
import { openCatalogImage, togglePicked } from '../../state/catalog/catalog-actions.ts';
import type { TwoLevels } from '../../state/catalog/two-levels.ts';
import { isShortcut } from '../../state/commands.ts';
import type { Spot } from '../../state/selection.ts';
import { titleText } from '../../words/cut.ts';
import { useApp } from '../use-app.ts';
import styles from './catalog.module.css';
import { PICK_COLUMN, PickBox } from './picks.tsx';

const twisty = (name: 'chevronDown' | 'chevronRight') => (
  <span className={styles.twisty} data-twisty="">
    <Icon name={name} size={12} />
  </span>
);
/** A row's triangle, or a gap of the same size. */
export const TWISTIES = { open: twisty('chevronDown'), closed: twisty('chevronRight'), none: <span className={styles.twisty} /> };

/** A row: a group (`child` is -1) or one of its children. */
export interface Place {
  readonly group: number;
  readonly child: number;
}

/** An image of the catalog. `place`: which of the image's places to open it from. `at`: what to show first in the image. */
export interface ChosenImage {
  readonly image: number;
  readonly place?: number | null;
  readonly at?: Spot | undefined;
}

/** Opens an image that was chosen. */
export function openImage(chosen: ChosenImage | null): void {
  if (chosen !== null) void openCatalogImage(chosen.image, { place: chosen.place ?? null, at: chosen.at });
}

/** Returns what the window's menu for images needs. */
export function menuData(chosen: ChosenImage | null): RowData | undefined {
  if (chosen === null) return undefined;
  const { image, place = null } = chosen;
  return { 'data-catalog-image': image, ...(place === null ? {} : { 'data-catalog-place': place }) };
}

/** A tree of groups and their children. A click or Enter chooses a row without children. */
export function TwoLevelGrid({
  label,
  tree,
  columns,
  open: openAtFirst,
  ids,
  name,
  cell,
  imageOf,
  groupData,
  picks = false,
  headHeight,
}: {
  label: string;
  tree: TwoLevels;
  columns: readonly TreeColumn[];
  /** Groups that are open by default. */
  open?: readonly number[];
  /** An identity for each group, if the order of groups can change. */
  ids?: readonly number[];
  /** Returns the name that type-ahead searches for. */
  name: (place: Place) => string;
  /** `twisty`: the row's triangle, or a gap of the same size. */
  cell: (place: Place, column: string, twisty: ReactNode) => ReactNode;
  /** Returns what choosing a row opens; null if it opens nothing. */
  imageOf: (place: Place) => ChosenImage | null;
  /** What the window's menu for groups needs. */
  groupData?: (group: number) => RowData | undefined;
  /** Whether images have checkboxes, which pick images to compare. */
  picks?: boolean;
  /** Height of the column headings, px, if one of them isn't a single line. */
  headHeight?: number;
}) {
  const [openIds, setOpenIds] = useState<ReadonlySet<number>>(() => new Set(openAtFirst));
  // The active row is kept by id rather than by row number, because a running search inserts rows before it.
  const [active, setActive] = useState<{ readonly id: number; readonly child: number } | null>(null);
  const idOf = (group: number) => (ids === undefined ? group : (ids[group] as number));
  const groups = useMemo(() => (ids === undefined ? null : new Map(ids.map((id, group) => [id, group]))), [ids]);
  const groupOf = (id: number) => (groups === null ? id : (groups.get(id) ?? -1));
  const open = useMemo(() => (groups === null ? openIds : new Set([...openIds].flatMap((id) => groups.get(id) ?? []))), [openIds, groups]);
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
    const id = idOf(tree.at(row).group);
    setOpenIds((before) => new Set(opens ? [...before, id] : [...before].filter((each) => each !== id)));
  };
  const picked = useApp((app) => app.catalog.picked);
  const markedImage = (row: number) => (isGroup(tree, row) ? null : (imageOf(tree.at(row))?.image ?? null));
  const choose = (row: number) => (isGroup(tree, row) ? toggle(row, !shape.isOpen(row)) : openImage(imageOf(tree.at(row))));
  return (
    <TreeGrid
      label={label}
      {...(headHeight === undefined ? {} : { headHeight })}
      rows={rows}
      shape={shape}
      columns={picks ? [PICK_COLUMN, ...columns] : columns}
      active={active === null ? -1 : rowOf(tree, { group: groupOf(active.id), child: active.child })}
      onActive={(row) => {
        const { group, child } = tree.at(row);
        setActive({ id: idOf(group), child });
      }}
      onToggle={toggle}
      onOpenSiblings={() => setOpenIds(new Set(Array.from({ length: tree.groups }, (_, group) => idOf(group))))}
      onOpen={choose}
      onPreview={choose}
      onClick={(row) => {
        if (!isGroup(tree, row)) choose(row);
      }}
      onMark={picks ? (row) => markImage(markedImage(row)) : undefined}
      cell={(row, column) => {
        if (column === PICK_COLUMN.id) return <PickBox image={markedImage(row)} picked={picked} />;
        return cell(tree.at(row), column, isGroup(tree, row) ? (shape.isOpen(row) ? TWISTIES.open : TWISTIES.closed) : TWISTIES.none);
      }}
      rowClass={(row) => (isGroup(tree, row) ? undefined : styles.child)}
      rowData={(row) => (isGroup(tree, row) ? groupData?.(tree.at(row).group) : menuData(imageOf(tree.at(row))))}
      isShortcut={isShortcut}
    />
  );
}

/** Picks an image, or unpicks it if it is picked. Returns false if there is no image. */
export function markImage(image: number | null): boolean {
  if (image !== null) togglePicked(image);
  return image !== null;
}

function rowOf(tree: TwoLevels, { group, child }: Place): number {
  if (group < 0 || group >= tree.groups || child >= tree.childrenOf(group)) return -1;
  return tree.rowOf(group) + 1 + child;
}

function isGroup(tree: TwoLevels, row: number): boolean {
  const { group, child } = tree.at(row);
  return child < 0 && tree.childrenOf(group) > 0;
}

/** Returns the first cell of a row: its triangle and its name. */
export function nameCell({ child }: Place, twisty: ReactNode, title: string, text: ReactNode): ReactNode {
  return (
    <span className={`${styles.name} ${child < 0 ? '' : styles.inner}`} title={titleText(title)}>
      {twisty}
      {text}
    </span>
  );
}

/** Returns an image's name, which opens the image. */
export function imageText(text: string): ReactNode {
  return <ImageText text={text} className={styles.image} />;
}

/** What the names of all images of a catalog begin with. */
export const SharedStart = createContext('');

/** An image's name. Where space is scarce, the beginning that all names share is cut first, because it distinguishes none. */
export function ImageText({ text, className = '' }: { text: string; className?: string | undefined }) {
  const shared = useContext(SharedStart);
  const isShared = shared.length > 0 && text.startsWith(shared);
  return <MiddleText className={className} text={text} {...(isShared ? { tailAt: shared.length } : {})} />;
}
