import { type ReactNode, useMemo, useState } from 'react';
import type { CatalogImage } from '#contract';
import { Button } from '../../components/button.tsx';
import { Notice } from '../../components/notice.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { setApp } from '../../state/app-state.ts';
import { type CatalogRows, placeName } from '../../state/catalog/catalog.ts';
import {
  type ImageGroup,
  type ImageList,
  type ImageRow,
  imageGroups,
  imageRows,
  isImageFound,
  sortedImages,
} from '../../state/catalog/image-rows.ts';
import { twoLevels } from '../../state/catalog/two-levels.ts';
import { lineText, titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { useApp } from '../use-app.ts';
import styles from './catalog.module.css';
import { type ImagesOrdered, imageColumns, numberCell } from './image-columns.tsx';
import { ImageFilter } from './image-filter.tsx';
import { imageTitle } from './image-names.ts';
import { Legend } from './legend.tsx';
import { LineageView } from './lineage-view.tsx';
import { largest } from './size-bar.tsx';
import { ImageText, imageText, nameCell, type Place, TwoLevelGrid } from './two-level-grid.tsx';

const GROUPINGS = (['repository', 'base', 'none'] as const).map((value) => ({ value, label: words.catalog.groupings[value] }));

/** Maximum number of rows that open groups fill by default: as many as fit in a window. */
const MOST_OPEN_ROWS = 24;
/** Maximum number of rows that open groups fill while a filter is set: enough to show all matches, unless there are very many. */
const MOST_FOUND_ROWS = 2_000;

/** Width of the view below which the filter's line has no space for a legend, px. */
const LEAST_LEGEND = 1_020;

/**
 * All images, each listed once: their names, their sizes and what they share. They are grouped by repository or base, or not at all, and
 * can be filtered.
 */
export function ImagesView({ rows, room }: { rows: CatalogRows; room: number }) {
  const list = useApp((app) => app.imageList);
  const { text, grouping, order } = list;
  const change = (changed: Partial<ImageList>) => setApp({ imageList: { ...list, ...changed } });
  const onOrder = (chosen: ImageList['order']) => change({ order: chosen });
  const all = useMemo(() => imageRows(rows), [rows]);
  const wanted = text.trim();
  const found = useMemo(() => (wanted === '' ? all : all.filter((row) => isImageFound(rows, row, wanted))), [rows, all, wanted]);
  return (
    <>
      <ImageFilter
        text={text}
        onText={(typed) => change({ text: typed })}
        found={found.length}
        all={all.length}
        end={
          room < LEAST_LEGEND ? null : (
            <Legend
              title={words.catalog.sizeLegend.title}
              items={[
                { colour: 'accent', text: words.catalog.sizeLegend.unique },
                { colour: 'share', text: words.catalog.sizeLegend.shared },
              ]}
            />
          )
        }
      >
        <Segmented
          small
          label={words.catalog.grouping}
          value={grouping}
          options={GROUPINGS}
          onChange={(chosen) => change({ grouping: chosen })}
        />
      </ImageFilter>
      {found.length === 0 ? (
        <Notice icon="search" title={words.catalog.noImage}>
          <Button kind="quiet" onPress={() => change({ text: '' })}>
            {words.catalog.clearFilter}
          </Button>
        </Notice>
      ) : grouping === 'base' ? (
        <LineageView rows={rows} found={found} all={all} room={room} order={order} onOrder={onOrder} />
      ) : (
        <Images
          key={`${grouping}/${wanted}`}
          rows={rows}
          found={found}
          all={all}
          isGrouped={grouping === 'repository'}
          isFiltered={wanted !== ''}
          order={order}
          onOrder={onOrder}
          room={room}
        />
      )}
    </>
  );
}

function Images({
  rows,
  found,
  all,
  isGrouped,
  isFiltered,
  order,
  onOrder,
  room,
}: {
  rows: CatalogRows;
  found: readonly ImageRow[];
  all: readonly ImageRow[];
  isGrouped: boolean;
  isFiltered: boolean;
  room: number;
} & ImagesOrdered) {
  const { images } = rows;
  const groups = useMemo(() => {
    const rowsIn = sortedImages(found, order);
    const made = isGrouped ? imageGroups(rows, rowsIn) : rowsIn.map((row) => ({ sum: row, images: [row] }));
    const byImage = new Map(made.map((group) => [group.sum.image, group]));
    return sortedImages(
      made.map(({ sum }) => sum),
      order,
    ).flatMap(({ image }) => byImage.get(image) ?? []);
  }, [rows, found, order, isGrouped]);
  const full = useMemo(() => largest(all.map(({ size }) => size)), [all]);
  // An image in only one place doesn't need a row for the place.
  const childrenOf = ({ images: members, sum }: ImageGroup) => {
    const places = images[sum.image]?.places.length ?? 0;
    return members.length > 1 ? members.length : places > 1 ? places : 0;
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: childrenOf is made of images
  const tree = useMemo(() => twoLevels(groups.map(childrenOf)), [groups, images]);
  const [open] = useState(() => firstOpen(groups, isFiltered ? MOST_FOUND_ROWS : MOST_OPEN_ROWS));
  const groupAt = (group: number) => groups[group] as ImageGroup;
  /** The image of a row; null for a group's own row. */
  const imageAt = ({ group, child }: Place): ImageRow | null => {
    const { images: members, sum } = groupAt(group);
    if (members.length === 1) return sum;
    return child < 0 ? null : (members[child] as ImageRow);
  };
  const isPlace = ({ group, child }: Place) => child >= 0 && groupAt(group).images.length === 1;
  return (
    <TwoLevelGrid
      label={words.catalog.imagesTitle}
      tree={tree}
      columns={imageColumns(room, full, { order, onOrder }, 'tags', all)}
      picks
      groupData={(group) => ({ 'data-catalog-name': groupAt(group).sum.image })}
      ids={groups.map(({ sum }) => sum.image)}
      open={open}
      name={(place) => {
        const row = imageAt(place);
        if (row === null || place.child < 0) return groupAt(place.group).sum.name;
        return isPlace(place) ? placeName(images[row.image] as CatalogImage, place.child) : tagsOf(row);
      }}
      imageOf={(place) => {
        const row = imageAt(place);
        return row === null ? null : { image: row.image, place: isPlace(place) ? place.child : null };
      }}
      cell={(place, column, twisty) => {
        const row = imageAt(place);
        const shown = row ?? groupAt(place.group).sum;
        const image = images[shown.image] as CatalogImage;
        if (isPlace(place)) {
          if (column !== 'name') return null;
          return nameCell(place, twisty, imageTitle(images, shown.image, place.child), imageText(placeName(image, place.child)));
        }
        if (column === 'name') return imageCell(place, twisty, row, shown);
        if (column === 'tags') return place.child >= 0 ? null : tagsCell(row, groupAt(place.group));
        return numberCell(column, shown, row === null ? null : image, full);
      }}
    />
  );

  /** Returns the name of a repository or an image or, for an image within a group, its tags. */
  function imageCell(place: Place, twisty: ReactNode, row: ImageRow | null, shown: ImageRow): ReactNode {
    if (row === null) return nameCell(place, twisty, shown.name, <ImageText className={styles.repository} text={shown.name} />);
    const places = images[row.image]?.places.length ?? 0;
    const isInGroup = place.child >= 0;
    const isLink = places < 2 || isInGroup;
    const name = isInGroup ? tagsOf(row) : row.name;
    const text = (
      <>
        {isLink ? imageText(name) : <ImageText className={styles.repository} text={name} />}
        {otherNames(row)}
      </>
    );
    return nameCell(place, twisty, isLink ? imageTitle(images, row.image) : words.catalog.inPlaces(places), text);
  }
}

/** Returns the tags of an image, or how many images a group has. */
function tagsCell(row: ImageRow | null, { images }: ImageGroup): ReactNode {
  if (row === null) return <span className={styles.quiet}>{words.catalog.images(images.length)}</span>;
  return <span title={titleText(firstTags(row).join('\n'))}>{lineText(words.list(firstTags(row)))}</span>;
}

/** Maximum number of an image's tags that are named; catalogs may have images with tens of thousands. */
const MOST_TAGS = 100;

function firstTags({ tags }: ImageRow): readonly string[] {
  return tags.length <= MOST_TAGS ? tags : [...tags.slice(0, MOST_TAGS), words.andMore(tags.length - MOST_TAGS)];
}

/** Returns the tags that distinguish an image from others in its repository. */
function tagsOf(row: ImageRow): string {
  return row.tags.length === 0 ? words.catalog.noTag : lineText(words.list(firstTags(row)));
}

/** Returns the indexes of the groups that fit in a window when open, but at least the first. */
function firstOpen(groups: readonly ImageGroup[], most: number): readonly number[] {
  let count = groups.length;
  return groups.flatMap(({ sum, images }, at) => {
    if (images.length < 2) return [];
    count += images.length;
    return at === 0 || count <= most ? [sum.image] : [];
  });
}

function otherNames({ otherNames: count }: ImageRow) {
  return count === 0 ? null : <span className={styles.quiet}>{words.catalog.otherNames(count)}</span>;
}
