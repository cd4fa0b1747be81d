import { useMemo, useState } from 'react';
import { displayText } from '#model';
import { Button } from '../../components/button.tsx';
import { MiddleText } from '../../components/middle-text.tsx';
import { Notice } from '../../components/notice.tsx';
import { sizeText } from '../../components/size.tsx';
import type { TreeColumn } from '../../components/tree-grid.tsx';
import { setApp } from '../../state/app-state.ts';
import { type CatalogRows, type TagGroup, type TagRow, tagGroups } from '../../state/catalog/catalog.ts';
import { foundTags } from '../../state/catalog/image-rows.ts';
import { twoLevels } from '../../state/catalog/two-levels.ts';
import { lastPart, shortName } from '../../state/library.ts';
import { words } from '../../words/index.ts';
import { formatDate, formatSize } from '../../words/numbers.ts';
import { Net } from '../net.tsx';
import { useApp } from '../use-app.ts';
import styles from './catalog.module.css';
import { FindingCounts } from './finding-counts.tsx';
import { ImageFilter } from './image-filter.tsx';
import { imageTitle } from './image-names.ts';
import { NotKnown } from './not-known.tsx';
import { barHead, largest, SizeBar } from './size-bar.tsx';
import { imageText, nameCell, TwoLevelGrid } from './two-level-grid.tsx';

/** Maximum number of rows that open names fill by default: as many as fit in a window. */
const MOST_OPEN_ROWS = 24;

/** Maximum number of rows that open names fill while a filter is set. Almost all matches are then in open names. */
const MOST_FOUND_ROWS = 2_000;

/** Each name's tags in order of time, with the changes in their sizes and findings. Shares its filter with the view of images. */
export function TagsView({ rows, room }: { rows: CatalogRows; room: number }) {
  const { images } = rows;
  const list = useApp((app) => app.imageList);
  const onText = (text: string) => setApp({ imageList: { ...list, text } });
  const all = useMemo(() => tagGroups(images), [images]);
  const wanted = list.text.trim();
  const groups = useMemo(() => (wanted === '' ? all : foundTags(rows, all, wanted)), [rows, all, wanted]);
  const found = new Set(groups.flatMap(({ tags }) => tags.map(({ image }) => image))).size;
  return (
    <>
      <ImageFilter text={list.text} onText={onText} found={found} all={images.length} />
      {groups.length === 0 ? (
        <Notice icon="search" title={words.catalog.noImage}>
          <Button kind="quiet" onPress={() => onText('')}>
            {words.catalog.clearFilter}
          </Button>
        </Notice>
      ) : (
        <Tags key={wanted} rows={rows} groups={groups} isFiltered={wanted !== ''} room={room} />
      )}
    </>
  );
}

function Tags({
  rows: { images },
  groups,
  isFiltered,
  room,
}: {
  rows: CatalogRows;
  groups: readonly TagGroup[];
  isFiltered: boolean;
  room: number;
}) {
  const tree = useMemo(() => twoLevels(groups.map(({ tags }) => tags.length)), [groups]);
  const full = useMemo(() => largest(groups.flatMap(({ tags }) => tags.map(({ bytes }) => bytes ?? 0))), [groups]);
  const [open] = useState(() => firstGroups(groups, isFiltered ? MOST_FOUND_ROWS : MOST_OPEN_ROWS));
  const tagOf = (group: number, child: number) => groups[group]?.tags[child] as TagRow;
  return (
    <TwoLevelGrid
      label={words.catalog.tagsTitle}
      tree={tree}
      columns={columnsFor(room, full)}
      open={open}
      name={({ group, child }) => (child < 0 ? nameOf(groups[group] as TagGroup) : tagOf(group, child).label)}
      picks
      groupData={(group) => {
        const { repository, tags } = groups[group] as TagGroup;
        return repository === null || tags[0] === undefined ? undefined : { 'data-catalog-name': tags[0].image };
      }}
      imageOf={({ group, child }) => (child < 0 ? null : tagOf(group, child))}
      cell={(place, column, twisty) => {
        const { group, child } = place;
        const names = groups[group] as TagGroup;
        if (child < 0) {
          if (column === 'name') return nameCell(place, twisty, nameOf(names), <NameText names={names} />);
          return column === 'grown' ? changeText(names.grown) : null;
        }
        const tag = tagOf(group, child);
        if (column === 'name') {
          const platform = names.hasPlatforms ? displayText(tag.platform ?? '') : '';
          const text = (
            <>
              {imageText(tag.label)}
              <span className={styles.quiet}>{platform}</span>
              {tag.isRepeated ? <span className={styles.quiet}>{words.catalog.inPlace(fileOf(images, tag))}</span> : null}
            </>
          );
          return nameCell(place, twisty, imageTitle(images, tag.image, tag.place), text);
        }
        if (column === 'bar') return tag.bytes === null ? null : <SizeBar bytes={tag.bytes} full={full} />;
        if (column === 'size')
          return tag.bytes === null ? <span className={styles.quiet}>{words.catalog.unknown}</span> : sizeText(tag.bytes);
        if (column === 'grown') return changeText(tag.grown);
        if (column === 'findings') return <FindingCounts counts={tag.findings} />;
        return <span className={styles.quiet}>{tag.created === null ? <NotKnown /> : formatDate(new Date(tag.created), 'day')}</span>;
      }}
    />
  );
}

/** Returns the name of the file that contains a tag's image: the last part of its place's path. */
function fileOf(images: CatalogRows['images'], { image, place }: TagRow): string {
  const source = images[image]?.places[place]?.source ?? '';
  return displayText(lastPart(source.replaceAll('\\', '/')));
}

function NameText({ names }: { names: TagGroup }) {
  return (
    <>
      <MiddleText className={styles.repository} text={nameOf(names)} />
      <span className={styles.quiet}>{words.catalog.inGroup(names.tagCount, names.images, names.tags.length)}</span>
    </>
  );
}

function nameOf({ repository }: TagGroup): string {
  return repository === null ? words.catalog.unnamed : displayText(shortName(repository));
}

/** Returns the names that fill at most this many rows when open, but at least the first. */
function firstGroups(groups: readonly TagGroup[], most: number): readonly number[] {
  let rows = 0;
  return groups.flatMap(({ tags }, group) => {
    rows += 1 + tags.length;
    return group === 0 || rows <= most ? [group] : [];
  });
}

/** Formats how many bytes larger or smaller a tag is than the one before it. */
function changeText(bytes: number | null) {
  if (bytes === null) return null;
  if (bytes === 0) return <span className={styles.quiet}>{words.catalog.sameSize}</span>;
  const size = formatSize(Math.abs(bytes));
  return <Net bytes={bytes}>{bytes > 0 ? words.catalog.grownBy(size) : words.catalog.shrunkBy(size)}</Net>;
}

function columnsFor(room: number, full: number): readonly TreeColumn[] {
  const { tagColumns: headers } = words.catalog;
  const column = (id: keyof typeof headers, width: string, align?: 'right'): TreeColumn => ({ id, header: headers[id], width, align });
  return [
    column('name', room < 400 ? 'minmax(72px, 1fr)' : room < 640 ? 'minmax(110px, 1fr)' : 'minmax(160px, 1.3fr)'),
    ...(room < 760 ? [] : [{ id: 'bar', header: barHead(full), width: 'minmax(120px, 1fr)' }]),
    { ...column('size', '72px', 'right'), header: <span title={words.details.visibleTitle}>{headers.size}</span> },
    column('grown', '84px', 'right'),
    ...(room < 480 ? [] : [column('findings', '110px')]),
    ...(room < 640 ? [] : [column('created', '96px', 'right')]),
  ];
}
