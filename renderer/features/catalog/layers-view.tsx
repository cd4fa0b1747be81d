import { type PointerEvent, type ReactNode, useMemo, useState } from 'react';
import type { CatalogImage } from '#contract';
import { displayText } from '#model';
import { Notice } from '../../components/notice.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { sizeText } from '../../components/size.tsx';
import type { TreeColumn } from '../../components/tree-grid.tsx';
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
import { twoLevels } from '../../state/catalog/two-levels.ts';
import { lineText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { formatCount } from '../../words/numbers.ts';
import styles from './catalog.module.css';
import { firstName, imageTitle } from './image-names.ts';
import { Legend } from './legend.tsx';
import { barHead, largest, SizeBar } from './size-bar.tsx';
import { imageText, nameCell, TwoLevelGrid } from './two-level-grid.tsx';

const CHOICES: readonly LayerChoice[] = ['all', 'shared', 'alone'];

/** Layers with their sizes and the images built on them. The layers that save the most by being shared come first. */
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
        {layers.length === 0 || room < LEAST_HELD ? null : (
          <Legend
            title={words.catalog.heldLegend.title}
            items={[
              { colour: 'accent', text: words.catalog.heldLegend.has },
              { colour: 'empty', text: words.catalog.heldLegend.hasNot },
            ]}
          />
        )}
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
  const full = useMemo(() => largest(layers.map((layer) => rows.layers[layer]?.bytes ?? 0)), [layers, rows]);
  const held = useMemo(() => heldNames(images, heldRoom(room)), [images, room]);
  const layerOf = (group: number) => layers[group] as number;
  const imageOf = (group: number, child: number) => holders[layerOf(group)]?.[child] as number;
  return (
    <TwoLevelGrid
      label={words.catalog.layersTitle}
      tree={tree}
      columns={columnsFor(room, full, <HeldHead images={images} held={held} />, ordered)}
      headHeight={room < LEAST_HELD ? HEAD_HEIGHT : held.height}
      ids={layers}
      name={({ group, child }) => (child < 0 ? layerTitle(rows, layerOf(group)) : firstName(images, imageOf(group, child)))}
      groupData={(group) => ({ 'data-catalog-layer': layerOf(group) })}
      imageOf={({ group, child }) => (child < 0 ? null : { image: imageOf(group, child) })}
      cell={(place, column, twisty) => {
        const { group, child } = place;
        const layer = layerOf(group);
        const { bytes = 0, layer: diffId = '' } = rows.layers[layer] ?? {};
        const holding = holders[layer] ?? [];
        if (child >= 0) {
          const image = imageOf(group, child);
          if (column === 'layer') return nameCell(place, twisty, imageTitle(images, image), imageText(firstName(images, image)));
          if (column === 'held') return <Held numbers={[image]} images={images} between={between} isOne />;
          return column === 'size' ? sizeOrNothing(images[image]?.blobBytes ?? null) : null;
        }
        if (column === 'layer') {
          const command = layerTitle(rows, layer);
          return nameCell(place, twisty, `${command}\n${displayText(diffId)}`, <span className={styles.command}>{lineText(command)}</span>);
        }
        if (column === 'held') return <Held numbers={holding} images={images} between={between} />;
        if (column === 'bar') return <SizeBar bytes={bytes} full={full} />;
        if (column === 'size') return sizeText(bytes);
        if (column === 'images') return <span className="number">{formatCount(holding.length)}</span>;
        return holding.length < 2 ? null : sizeText(savedBytes(rows, layer));
      }}
    />
  );
}

/** Maximum number of lines between repositories. With more, nothing but lines would be visible. */
const MOST_LINES = 60;

/** Returns an SVG path with a line wherever one image's repository differs from the next one's. */
function linesBetween(images: readonly CatalogImage[]): string {
  const runs = repositoryRuns(images);
  return runs.length > MOST_LINES ? '' : runs.map(({ start }) => (start === 0 ? '' : `M${start} 0v1`)).join('');
}

function sizeOrNothing(bytes: number | null) {
  return bytes === null ? null : sizeText(bytes);
}

/** Widths of the view, in px, below which columns are left out: the marks, the bars and the saved bytes. */
const LEAST_HELD = 480;
const LEAST_BAR = 760;
const LEAST_SAVED = 900;
const WIDTHS = { bar: 108, size: 72, images: 60, saved: 124 };
const GAP = 12;
/** Space at the left and right of a row, px. */
const EDGES = 20;

/** Returns how the column of marks shares the remaining width with the column of layer names. */
function heldShare(room: number): { readonly least: number; readonly share: number } {
  return room < LEAST_SAVED ? { least: 100, share: 0.8 } : { least: 160, share: 1.2 };
}

/** Returns the width of the column of marks, px. */
function heldRoom(room: number): number {
  const { bar, size, images, saved } = WIDTHS;
  const others = [size, images, ...(room < LEAST_BAR ? [] : [bar]), ...(room < LEAST_SAVED ? [] : [saved])];
  const left = room - EDGES - others.reduce((sum, width) => sum + GAP + width, GAP);
  const { least, share } = heldShare(room);
  return Math.max(least, (left * share) / (1 + share));
}

/** Returns the columns that fit. The column of marks and the numbers take precedence over the bars. */
function columnsFor(room: number, full: number, heldHead: ReactNode, { order, onOrder }: Ordered): readonly TreeColumn[] {
  const { columns } = words.catalog;
  const column = (id: LayerSort, width: string, align?: 'right'): TreeColumn => ({
    id,
    header: columns[id],
    width,
    align,
    sorted: order.by !== id ? undefined : order.descending ? 'descending' : 'ascending',
    onSort: () => onOrder(nextLayerOrder(order, id)),
  });
  const { least, share } = heldShare(room);
  return [
    column('layer', 'minmax(110px, 1fr)'),
    ...(room < LEAST_HELD ? [] : [{ id: 'held', header: heldHead, width: `minmax(${least}px, ${share}fr)` }]),
    ...(room < LEAST_BAR ? [] : [{ id: 'bar', header: barHead(full), width: `${WIDTHS.bar}px` }]),
    column('size', `${WIDTHS.size}px`, 'right'),
    column('images', `${WIDTHS.images}px`, 'right'),
    ...(room < LEAST_SAVED ? [] : [column('saved', `${WIDTHS.saved}px`, 'right')]),
  ];
}

/** Minimum widths at which a name is recognizable, in px: written horizontally, and upright. */
const NAME_ROOM = 44;
const UPRIGHT_ROOM = 13;
/** Minimum width of marks that are named, px. */
const LEAST_MARK = 4;
/** For sums of fractions. */
const TOLERANCE = 1e-6;
const HEAD_HEIGHT = 27;
const MOST_HEAD = 96;
const LETTER = 6.5;

/** Images of one repository next to each other, in numbers of images. */
interface NamedRun {
  readonly name: string;
  readonly start: number;
  readonly length: number;
  /**
   * Where the name begins: later than `start` if the name before it needs that space. In {@link HeldNames}, a fraction of the column's
   * width.
   */
  readonly at: number;
}

/**
 * Returns the runs that can be named. One that is narrower than an upright name also takes from the next one, if that has room to spare
 * and its name remains above its own marks.
 */
function placedNames(runs: readonly Omit<NamedRun, 'at'>[], roomOf: (length: number) => number): NamedRun[] {
  const named = UPRIGHT_ROOM / roomOf(1);
  let end = 0;
  return runs.flatMap((run, index) => {
    const at = Math.max(run.start, end);
    const next = runs[index + 1];
    const fits = at + named <= run.start + run.length + TOLERANCE;
    const mayLean =
      at === run.start && roomOf(run.length) >= LEAST_MARK && next !== undefined && at + 2 * named <= next.start + next.length + TOLERANCE;
    if (!fits && !mayLean) return [];
    end = at + named;
    return [{ ...run, at }];
  });
}

/** Names above the marks of images. If one of them only fits upright, all are upright. */
interface HeldNames {
  readonly names: readonly NamedRun[];
  readonly isUpright: boolean;
  /** Height of the heading, px. */
  readonly height: number;
}

/** Returns the names that fit above a column `room` px wide. */
function heldNames(images: readonly CatalogImage[], room: number): HeldNames {
  const roomOf = (length: number) => (length / images.length) * room;
  const placed = placedNames(repositoryRuns(images), roomOf);
  const isUpright = placed.some(({ name, length }) => roomOf(length) < NAME_ROOM && LETTER * name.length > roomOf(length));
  const names = placed.map(({ name, start, length, at }) => ({ name, start, length, at: (isUpright ? at : start) / images.length }));
  const longest = isUpright ? Math.max(0, ...names.map(({ name }) => name.length)) : 0;
  const height = longest === 0 ? HEAD_HEIGHT : Math.min(MOST_HEAD, Math.max(HEAD_HEIGHT, Math.round(14 + LETTER * longest)));
  return { names, isUpright, height };
}

/** The heading above the marks of images: the names that fit or, if none do, what the marks mean. */
function HeldHead({ images, held: { names, isUpright, height } }: { images: readonly CatalogImage[]; held: HeldNames }) {
  const percent = (count: number) => `${(count / images.length) * 100}%`;
  const text = words.catalog.columns.held(images.length);
  return (
    <span className={styles.heldHead} title={text} style={{ height: height - 1 }}>
      <span className={names.length > 0 ? 'visually-hidden' : ''}>{text}</span>
      {names.map(({ name, start, length, at }) => (
        <span
          key={start}
          aria-hidden="true"
          className={`${styles.heldName} ${isUpright ? styles.upright : ''}`}
          title={name}
          style={{ left: `${at * 100}%`, width: isUpright ? UPRIGHT_ROOM : percent(length) }}
        >
          {name}
        </span>
      ))}
    </span>
  );
}

/**
 * A mark for each image, which shows whether the image has the layer. Images with common layers are next to each other. The tooltip names
 * the image under the pointer.
 */
function Held({
  numbers,
  images,
  between,
  isOne = false,
}: {
  numbers: readonly number[];
  images: readonly CatalogImage[];
  /** SVG path of the lines between repositories. */
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
