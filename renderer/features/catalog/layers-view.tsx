import { type PointerEvent, useMemo, useRef, useState } from 'react';
import type { CatalogImage } from '#contract';
import { displayText } from '#model';
import { Notice } from '../../components/notice.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { sizeText } from '../../components/size.tsx';
import type { TreeColumn } from '../../components/tree-grid.tsx';
import { useMeasured, widthOf } from '../../components/use-measured.ts';
import {
  type CatalogRows,
  FIRST_ORDER,
  type LayerChoice,
  type LayerOrder,
  type LayerSort,
  layersOf,
  layerTitle,
  nextLayerOrder,
  repositoryRuns,
  runsOf,
  savedBytes,
  sortedLayers,
} from '../../state/catalog/catalog.ts';
import { openCatalogImage } from '../../state/catalog/catalog-actions.ts';
import { twoLevels } from '../../state/catalog/two-levels.ts';
import { words } from '../../words/index.ts';
import { formatCount } from '../../words/numbers.ts';
import styles from './catalog.module.css';
import { firstName, imageTitle } from './image-names.ts';
import { imageText, nameCell, TwoLevelGrid } from './two-level-grid.tsx';

const CHOICES: readonly LayerChoice[] = ['all', 'shared', 'alone'];

/** Layers, those that save the most by sharing first: how big they are, and which images stand on them. */
export function LayersView({ rows, room }: { rows: CatalogRows; room: number }) {
  const [choice, setChoice] = useState<LayerChoice>('all');
  const [order, setOrder] = useState<LayerOrder>(FIRST_ORDER);
  const listed = useMemo(() => CHOICES.map((value) => ({ value, layers: layersOf(rows.holders, value) })), [rows]);
  const layers = useMemo(
    () => sortedLayers(rows, listed.find(({ value }) => value === choice)?.layers ?? [], order),
    [rows, listed, choice, order],
  );
  return (
    <>
      <div className={styles.line}>
        <Segmented
          small
          label={words.catalog.choice}
          value={choice}
          options={listed.map(({ value, layers: some }) => ({ value, label: words.catalog.choices[value](some.length) }))}
          onChange={setChoice}
        />
      </div>
      {layers.length === 0 ? (
        <Notice icon="image" title={words.catalog.none[choice]}>
          {words.catalog.noneWhy[choice]}
        </Notice>
      ) : (
        <LayerGrid key={choice} rows={rows} layers={layers} room={room} order={order} onOrder={setOrder} />
      )}
    </>
  );
}

interface Ordered {
  readonly order: LayerOrder;
  readonly onOrder: (order: LayerOrder) => void;
}

function LayerGrid({
  rows,
  layers,
  room,
  ...ordered
}: {
  rows: CatalogRows;
  layers: readonly number[];
  room: number;
} & Ordered) {
  const { images, holders } = rows;
  const tree = useMemo(() => twoLevels(layers.map((layer) => holders[layer]?.length ?? 0)), [layers, holders]);
  const between = useMemo(() => linesBetween(images), [images]);
  const most = Math.max(1, ...layers.map((layer) => rows.layers[layer]?.bytes ?? 0));
  const layerOf = (group: number) => layers[group] as number;
  const imageOf = (group: number, child: number) => holders[layerOf(group)]?.[child] as number;
  return (
    <TwoLevelGrid
      label={words.catalog.layersTitle}
      tree={tree}
      columns={columnsFor(room, images, ordered)}
      ids={layers}
      name={({ group, child }) => (child < 0 ? layerTitle(rows, layerOf(group)) : firstName(images, imageOf(group, child)))}
      onChoose={({ group, child }) => void openCatalogImage(imageOf(group, child))}
      cell={(place, column, twisty) => {
        const { group, child } = place;
        const layer = layerOf(group);
        const { bytes = 0, layer: diffId = '' } = rows.layers[layer] ?? {};
        const held = holders[layer] ?? [];
        if (child >= 0) {
          const image = imageOf(group, child);
          if (column === 'layer') return nameCell(place, twisty, imageTitle(images, image), imageText(firstName(images, image)));
          if (column === 'held') return <Held numbers={[image]} images={images} between={between} isOne />;
          return column === 'size' ? sizeOrNothing(images[image]?.blobBytes ?? null) : null;
        }
        if (column === 'layer') {
          const command = layerTitle(rows, layer);
          return nameCell(place, twisty, `${command}\n${displayText(diffId)}`, <span className={styles.command}>{command}</span>);
        }
        if (column === 'held') return <Held numbers={held} images={images} between={between} />;
        if (column === 'bar') return <Bar share={bytes / most} />;
        if (column === 'size') return sizeText(bytes);
        if (column === 'images') return <span className="number">{formatCount(held.length)}</span>;
        return held.length < 2 ? null : sizeText(savedBytes(rows, layer));
      }}
    />
  );
}

/** More lines than this would be all that one sees. */
const MOST_LINES = 60;

/** A path with a line between the images of different repositories. */
function linesBetween(images: readonly CatalogImage[]): string {
  const runs = repositoryRuns(images);
  return runs.length > MOST_LINES ? '' : runs.map(({ start }) => (start === 0 ? '' : `M${start} 0v1`)).join('');
}

function sizeOrNothing(bytes: number | null) {
  return bytes === null ? null : sizeText(bytes);
}

/** Columns that fit: the picture and the numbers before the bars. */
function columnsFor(room: number, images: readonly CatalogImage[], { order, onOrder }: Ordered): readonly TreeColumn[] {
  const { columns } = words.catalog;
  const column = (id: LayerSort, width: string, align?: 'right'): TreeColumn => ({
    id,
    header: columns[id],
    width,
    align,
    sorted: order.by !== id ? undefined : order.descending ? 'descending' : 'ascending',
    onSort: () => onOrder(nextLayerOrder(order, id)),
  });
  return [
    column('layer', 'minmax(110px, 1fr)'),
    ...(room < 480
      ? []
      : [{ id: 'held', header: <HeldHead images={images} />, width: room < 900 ? 'minmax(100px, 0.8fr)' : 'minmax(160px, 1.2fr)' }]),
    ...(room < 760 ? [] : [{ id: 'bar', header: <span className="visually-hidden">{columns.bar}</span>, width: '90px' }]),
    column('size', '72px', 'right'),
    column('images', '60px', 'right'),
    ...(room < 900 ? [] : [column('saved', '124px', 'right')]),
  ];
}

/** A bar as long as a share of the column, from 0 to 1. */
export function Bar({ share }: { share: number }) {
  return (
    <span className={styles.track} aria-hidden="true">
      <span className={styles.bar} style={{ width: `${Math.max(1, share * 100)}%` }} />
    </span>
  );
}

/** A name needs this much room to be recognized, px. */
const NAME_ROOM = 44;

/** Above the marks of images, the names of those that fit; without room for any, what the marks mean. */
function HeldHead({ images }: { images: readonly CatalogImage[] }) {
  const head = useRef<HTMLSpanElement>(null);
  const room = useMeasured(head, widthOf, 0);
  const runs = useMemo(() => repositoryRuns(images), [images]);
  const shareOf = (count: number) => count / images.length;
  const named = runs.filter(({ length }) => shareOf(length) * room >= NAME_ROOM);
  const text = words.catalog.columns.held(images.length);
  return (
    <span className={styles.heldHead} ref={head} title={text}>
      <span className={named.length > 0 ? 'visually-hidden' : ''}>{text}</span>
      {named.map(({ name, start, length }) => (
        <span
          key={start}
          aria-hidden="true"
          className={styles.heldName}
          title={name}
          style={{ left: `${shareOf(start) * 100}%`, width: `${shareOf(length) * 100}%` }}
        >
          {name}
        </span>
      ))}
    </span>
  );
}

/** Where images are among all: a mark for each, in the order in which neighbours share layers. The tooltip names the image at the pointer. */
function Held({
  numbers,
  images,
  between,
  isOne = false,
}: {
  numbers: readonly number[];
  images: readonly CatalogImage[];
  /** Lines between repositories. */
  between: string;
  isOne?: boolean;
}) {
  const all = images.length;
  const [pointed, setPointed] = useState(-1);
  const onPointerMove = ({ currentTarget, clientX }: PointerEvent<SVGSVGElement>) => {
    const { left, width } = currentTarget.getBoundingClientRect();
    setPointed(Math.min(all - 1, Math.floor(((clientX - left) / width) * all)));
  };
  const path = useMemo(
    () =>
      runsOf(numbers)
        .map(([start, length]) => `M${start} 0h${length}v1h-${length}z`)
        .join(''),
    [numbers],
  );
  return (
    <svg
      className={`${styles.held} ${isOne ? styles.one : ''}`}
      viewBox={`0 0 ${all} 1`}
      preserveAspectRatio="none"
      role="img"
      aria-label={words.catalog.heldBy(numbers.length, all)}
      onPointerMove={onPointerMove}
    >
      <title>
        {pointed < 0
          ? words.catalog.heldBy(numbers.length, all)
          : words.catalog.heldAt(firstName(images, pointed), numbers.includes(pointed), numbers.length, all)}
      </title>
      <path d={path} vectorEffect="non-scaling-stroke" />
      <path className={styles.between} d={between} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
