import type { ReactNode } from 'react';
import type { CatalogImage } from '#contract';
import { sizeText } from '../../components/size.tsx';
import type { TreeColumn } from '../../components/tree-grid.tsx';
import { type ColumnOrder, nextColumnOrder } from '../../state/catalog/catalog.ts';
import type { ImageRow, ImageSort } from '../../state/catalog/image-rows.ts';
import { words } from '../../words/index.ts';
import { formatCount, formatDate } from '../../words/numbers.ts';
import styles from './catalog.module.css';
import { FindingCounts } from './finding-counts.tsx';
import { NotKnown } from './not-known.tsx';
import { barHead, SizeBar } from './size-bar.tsx';

/** The column that images are sorted by, and a callback for changing it. */
export interface ImagesOrdered {
  readonly order: ColumnOrder<ImageSort>;
  readonly onOrder: (order: ColumnOrder<ImageSort>) => void;
}

/**
 * Returns a cell with a size, or with something else that is known about an image or a group. `image`: null for a group. `full`: bytes of a
 * full bar.
 */
export function numberCell(column: string, row: ImageRow, image: CatalogImage | null, full: number): ReactNode {
  if (column === 'bar') return image === null ? null : <SizeBar bytes={row.size} full={full} part={row.unique} />;
  if (column === 'size') return sizeText(row.size);
  if (column === 'unique') return row.unique === 0 ? null : sizeText(row.unique);
  if (column === 'layers') return row.layers === null ? <NotKnown /> : <span className="number">{formatCount(row.layers)}</span>;
  if (column === 'findings') return image === null ? null : <FindingCounts counts={image.findings} />;
  if (column === 'known')
    return image === null ? null : <span className={styles.quiet}>{words.catalog.known(image.files, image.hasPackages)}</span>;
  return <span className={styles.quiet}>{row.created === null ? <NotKnown /> : formatDate(new Date(row.created), 'day')}</span>;
}

/** Width of a character of a repository’s name, and of all else in its cell, px. */
const NAME_LETTER = 7.7;
const NAME_ASIDE = 30;
/** Names take no more than this part of the width at the cost of other columns. */
const MOST_NAME = 0.44;
const GAP = 12;
/** Space at the left and right of a row and for its checkbox, px. */
const EDGES = 20 + 16 + GAP;

/** Returns the width that a table’s longest name needs, px, but no more than may be had at the cost of other columns. */
function nameNeeds(room: number, rows: readonly Pick<ImageRow, 'name'>[]): number {
  const longest = rows.reduce((most, { name }) => Math.max(most, name.length), 0);
  return Math.round(Math.min(NAME_ASIDE + NAME_LETTER * longest, room * MOST_NAME));
}

/**
 * Returns the columns that fit. The name and the numbers take precedence over what the catalog knows, over times and over numbers of
 * layers. If there is a column for what images add to their bases, names are shown in full. `rows`: all rows of the table.
 */
export function imageColumns(
  room: number,
  full: number,
  { order, onOrder }: ImagesOrdered,
  second: 'tags' | 'adds',
  rows: readonly Pick<ImageRow, 'name'>[],
): readonly TreeColumn[] {
  const { imageColumns: headers } = words.catalog;
  const sortable = (id: ImageSort, width: string, align?: 'right'): TreeColumn => ({
    id,
    header: headers[id],
    width,
    align,
    sorted: order.by !== id ? undefined : order.descending ? 'descending' : 'ascending',
    onSort: () => onOrder(nextColumnOrder(order, id, 'name')),
  });
  const needs = nameNeeds(room, rows);
  const isSecond = second === 'tags';
  const least = isSecond ? 110 : 150;
  // Each with its least width; `spare` ones are left out, in the order of their numbers, rather than that names are cut.
  const others: readonly { column: TreeColumn; width: number; from?: number; spare?: number }[] = [
    isSecond
      ? { column: { id: 'tags', header: headers.tags, width: room < 560 ? 'minmax(62px, 0.4fr)' : 'minmax(72px, 0.6fr)' }, width: 72 }
      : {
          column: {
            id: 'adds',
            header: <span title={words.catalog.addsTitle}>{headers.adds}</span>,
            width: room < 560 ? '68px' : '132px',
            align: 'right',
          },
          width: 132,
        },
    { column: { id: 'bar', header: barHead(full), width: 'minmax(108px, 0.8fr)' }, width: 108, from: 760 },
    { column: { ...sortable('size', '72px', 'right'), header: <span title={words.sizes.stored.title}>{headers.size}</span> }, width: 72 },
    { column: sortable('unique', '72px', 'right'), width: 72, from: 480 },
    { column: sortable('layers', '56px', 'right'), width: 56, from: 640, spare: 3 },
    { column: sortable('created', '96px', 'right'), width: 96, from: 560, spare: 2 },
    ...(isSecond
      ? [
          { column: { id: 'findings', header: headers.findings, width: '84px' }, width: 84, from: 900 },
          { column: { id: 'known', header: headers.known, width: 'minmax(112px, 132px)' }, width: 112, from: 1_060, spare: 1 },
        ]
      : []),
  ];
  let fitting = others.filter(({ from = 0 }) => room >= from);
  for (const out of [1, 2, 3]) {
    const left = fitting.reduce((sum, { width }) => sum - width - GAP, room - EDGES);
    if (left < needs) fitting = fitting.filter(({ spare }) => spare !== out);
  }
  return [sortable('name', `minmax(${Math.max(least, needs)}px, ${isSecond ? 2 : 4}fr)`), ...fitting.map(({ column }) => column)];
}
