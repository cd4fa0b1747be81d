import { useMemo, useState } from 'react';
import type { CatalogImage } from '#contract';
import { MiddleText } from '../../components/middle-text.tsx';
import { sizeText } from '../../components/size.tsx';
import type { TreeColumn } from '../../components/tree-grid.tsx';
import { barScale } from '../../state/bar-scale.ts';
import { type CatalogRows, type ColumnOrder, nextColumnOrder, placeName } from '../../state/catalog/catalog.ts';
import { openCatalogImage } from '../../state/catalog/catalog-actions.ts';
import { FIRST_IMAGE_ORDER, type ImageRow, type ImageSort, imageRows, sortedImages } from '../../state/catalog/image-rows.ts';
import { twoLevels } from '../../state/catalog/two-levels.ts';
import { words } from '../../words/index.ts';
import { formatCount, formatDate } from '../../words/numbers.ts';
import styles from './catalog.module.css';
import { FindingCounts } from './finding-counts.tsx';
import { imageTitle } from './image-names.ts';
import { Legend } from './legend.tsx';
import { NoDate } from './no-date.tsx';
import { barHead, SizeBar } from './size-bar.tsx';
import { imageText, nameCell, TwoLevelGrid } from './two-level-grid.tsx';

/** All images, each once: what they are called, weigh and share. One that is in several places lists them. */
export function ImagesView({ rows, room }: { rows: CatalogRows; room: number }) {
  const { images } = rows;
  const [order, setOrder] = useState(FIRST_IMAGE_ORDER);
  const all = useMemo(() => imageRows(rows), [rows]);
  const sorted = useMemo(() => sortedImages(all, order), [all, order]);
  const full = useMemo(() => barScale(all.map(({ size }) => size)), [all]);
  const placesOf = ({ image }: ImageRow) => images[image]?.places.length ?? 0;
  // What is in one place is that place's row.
  const tree = useMemo(
    () => twoLevels(sorted.map(({ image }) => images[image]?.places.length ?? 0).map((places) => (places > 1 ? places : 0))),
    [sorted, images],
  );
  const rowOf = (group: number) => sorted[group] as ImageRow;
  return (
    <>
      {room < 760 ? null : (
        <div className={styles.line}>
          <Legend
            title={words.catalog.sizeLegend.title}
            items={[
              { colour: 'accent', text: words.catalog.sizeLegend.unique },
              { colour: 'share', text: words.catalog.sizeLegend.shared },
            ]}
          />
        </div>
      )}
      <TwoLevelGrid
        label={words.catalog.imagesTitle}
        tree={tree}
        columns={columnsFor(room, full, order, setOrder)}
        ids={sorted.map(({ image }) => image)}
        name={({ group, child }) => (child < 0 ? rowOf(group).name : placeName(images[rowOf(group).image] as CatalogImage, child))}
        onChoose={({ group, child }) => void openCatalogImage(rowOf(group).image, child < 0 ? null : child)}
        cell={(place, column, twisty) => {
          const { group, child } = place;
          const row = rowOf(group);
          const image = images[row.image] as CatalogImage;
          if (child >= 0) {
            if (column !== 'name') return null;
            return nameCell(place, twisty, imageTitle(images, row.image, child), imageText(placeName(image, child)));
          }
          if (column === 'name') {
            const isLink = placesOf(row) < 2;
            const title = isLink ? imageTitle(images, row.image) : words.catalog.inPlaces(placesOf(row));
            const name = isLink ? imageText(row.name) : <MiddleText className={styles.repository} text={row.name} />;
            return nameCell(
              place,
              twisty,
              title,
              <>
                {name}
                {otherNames(row)}
              </>,
            );
          }
          if (column === 'tags') return <span title={row.tags.join('\n')}>{row.tags.length === 0 ? '' : words.list(row.tags)}</span>;
          if (column === 'bar') return <SizeBar bytes={row.size} full={full} part={row.unique} />;
          if (column === 'size') return sizeText(row.size);
          if (column === 'unique') return row.unique === 0 ? null : sizeText(row.unique);
          if (column === 'layers') return <span className="number">{formatCount(row.layers)}</span>;
          if (column === 'findings') return <FindingCounts counts={image.findings} />;
          if (column === 'known') return <span className={styles.quiet}>{words.catalog.known(image.files, image.hasPackages)}</span>;
          return <span className={styles.quiet}>{row.created === null ? <NoDate /> : formatDate(new Date(row.created), 'day')}</span>;
        }}
      />
    </>
  );
}

function otherNames({ otherNames: count }: ImageRow) {
  return count === 0 ? null : <span className={styles.quiet}>{words.catalog.otherNames(count)}</span>;
}

/** Columns that fit: the name and the numbers before what the catalog knows. */
function columnsFor(
  room: number,
  full: number,
  order: ColumnOrder<ImageSort>,
  onOrder: (order: ColumnOrder<ImageSort>) => void,
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
    sortable('name', 'minmax(110px, 2fr)'),
    { id: 'tags', header: headers.tags, width: room < 560 ? 'minmax(48px, 0.4fr)' : 'minmax(72px, 0.6fr)' },
    ...(room < 760 ? [] : [{ id: 'bar', header: barHead(full), width: 'minmax(90px, 0.8fr)' }]),
    { ...sortable('size', '72px', 'right'), header: <span title={words.sizes.stored.title}>{headers.size}</span> },
    ...(room < 480 ? [] : [sortable('unique', '72px', 'right')]),
    ...(room < 640 ? [] : [sortable('layers', '56px', 'right')]),
    ...(room < 560 ? [] : [sortable('created', '96px', 'right')]),
    ...(room < 900 ? [] : [{ id: 'findings', header: headers.findings, width: '84px' }]),
    ...(room < 1_060 ? [] : [{ id: 'known', header: headers.known, width: '132px' }]),
  ];
}
