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

/**
 * Returns the columns that fit. The name and the numbers take precedence over findings and what the catalog knows. With `adds` as the
 * second column, these two are left out, because the names in a tree need the space.
 */
export function imageColumns(
  room: number,
  full: number,
  { order, onOrder }: ImagesOrdered,
  second: 'tags' | 'adds',
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
  return [
    sortable('name', second === 'tags' ? 'minmax(110px, 2fr)' : 'minmax(150px, 4fr)'),
    second === 'tags'
      ? { id: 'tags', header: headers.tags, width: room < 560 ? 'minmax(62px, 0.4fr)' : 'minmax(72px, 0.6fr)' }
      : {
          id: 'adds',
          header: <span title={words.catalog.addsTitle}>{headers.adds}</span>,
          width: room < 560 ? '68px' : '132px',
          align: 'right',
        },
    ...(room < 760 ? [] : [{ id: 'bar', header: barHead(full), width: 'minmax(108px, 0.8fr)' }]),
    { ...sortable('size', '72px', 'right'), header: <span title={words.sizes.stored.title}>{headers.size}</span> },
    ...(room < 480 ? [] : [sortable('unique', '72px', 'right')]),
    ...(room < 640 ? [] : [sortable('layers', '56px', 'right')]),
    ...(room < 560 ? [] : [sortable('created', '96px', 'right')]),
    ...(room < 900 || second === 'adds' ? [] : [{ id: 'findings', header: headers.findings, width: '84px' }]),
    ...(room < 1_060 || second === 'adds' ? [] : [{ id: 'known', header: headers.known, width: '132px' }]),
  ];
}
