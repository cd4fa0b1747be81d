// biome-ignore-all lint/a11y/noNoninteractiveTabindex: the drawing handles the keyboard as a whole
import { type KeyboardEvent, type MouseEvent, type Ref, useEffect, useImperativeHandle, useMemo, useRef, useState } from 'react';
import { type TreemapRect, treemap } from '#changes';
import { displayPath, escapePath, KIND, NO_LAYER, type RowTable, rowName, rowPath } from '#model';
import { MiddleText } from '../../components/middle-text.tsx';
import type { TreeGridHandle } from '../../components/tree-grid.tsx';
import { useMeasured } from '../../components/use-measured.ts';
import { dispatchChanges } from '../../state/app-state.ts';
import type { ChangesState } from '../../state/changes/changes.ts';
import { textsBetween, textsOfChange } from '../../state/changes/row-text.ts';
import { choosePath, openDetails, showClicked } from '../../state/choosing.ts';
import { showPreview } from '../../state/commands.ts';
import type { Selection } from '../../state/selection.ts';
import {
  type Areas,
  areas,
  areaText,
  type Coloured,
  coloursByType,
  type Direction,
  isBelow,
  isLeaf,
  layersByBytes,
  layersText,
  neighbour,
  rectAt,
  type SmallSums,
  sideOf,
  sumSmall,
  typesByBytes,
} from '../../state/treemap.ts';
import { words } from '../../words/index.ts';
import { formatSize } from '../../words/numbers.ts';
import { useForcedColours } from '../use-forced-colours.ts';
import { useTheme } from '../use-theme.ts';
import { draw, HEADER, readPalette } from './draw.ts';
import { LayerLegend, SideLegend, TypeLegend } from './legend.tsx';
import styles from './treemap-view.module.css';

const CAPTION_ID = 'treemap-caption';
const KEYS_ID = 'treemap-keys';

const NO_TYPES: readonly Coloured<string>[] = [];

const ARROWS: Readonly<Record<string, Direction>> = {
  ArrowRight: 'next',
  ArrowLeft: 'previous',
  ArrowDown: 'in',
  ArrowUp: 'out',
  l: 'next',
  h: 'previous',
  j: 'in',
  k: 'out',
};

/**
 * The rows as rectangles. Area shows bytes, colour the layer (in a single layer, the file type), and hatching hidden bytes. In a
 * comparison, area shows how much files grew or shrank, and colour which side has them.
 */
export function TreemapView({
  state,
  table,
  layers,
  selection,
  handle,
}: {
  state: ChangesState;
  table: RowTable;
  layers: number;
  selection: Selection;
  handle: Ref<TreeGridHandle>;
}) {
  const stage = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useMeasured(stage, sizeOf, NO_SIZE);
  const theme = useTheme();
  const forced = useForcedColours();
  const [zoomed, setZoom] = useState({ key: state.key, row: -1 });
  const root = zoomed.key === state.key && zoomed.row < table.length ? zoomed.row : -1;
  const setRoot = (row: number) => setZoom({ key: state.key, row });
  const [hover, setHover] = useState<TreemapRect | null>(null);
  const { mode } = selection;
  const counts = state.matched?.counts ?? null;
  const sums = useMemo(() => areas(table, mode, counts), [table, mode, counts]);
  const weights = sums.all;
  const rects = useMemo(
    () => treemap(table, weights, { x: 0, y: 0, w: size.w, h: size.h }, { root, header: HEADER, inset: 2, minArea: 14 }),
    [table, weights, size, root],
  );
  const { all: whole, hatched: wholeHatched } = useMemo(() => sumOf(table, sums, root), [table, sums, root]);
  const types = useMemo(() => (coloursByType(selection) ? typesByBytes(table, sums, root) : NO_TYPES), [table, sums, root, selection]);
  const writers = useMemo(
    () => (coloursByType(selection) || mode === 'compare' ? [] : layersByBytes(table, sums, root)),
    [table, sums, root, selection, mode],
  );
  const { active } = state;
  const hasHatching = useMemo(() => sums.hatched.some((each) => each > 0), [sums]);
  const legend = hasHatching ? words.treemap.hatched[mode] : '';
  const marked = useMemo(
    () => rects.find(({ row, small, joined }) => small === undefined && (row === active || joined?.includes(active))) ?? null,
    [rects, active],
  );
  const described = hover !== null && hover.row < table.length ? hover : active < 0 ? null : { row: active, small: undefined };

  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the page's colours, which are drawn
  useEffect(() => {
    const { current } = canvas;
    const context = current?.getContext('2d') ?? null;
    if (current === null || context === null || size.w === 0) return;
    current.width = Math.round(size.w * window.devicePixelRatio);
    current.height = Math.round(size.h * window.devicePixelRatio);
    draw(context, { table, areas: sums, selection, layers, types: types.map(({ of }) => of) }, rects, readPalette(current));
  }, [rects, size, theme, forced]);
  useImperativeHandle(handle, () => ({ focus: () => stage.current?.focus() }));

  function choose(row: number): void {
    const path = escapePath(rowPath(table, row));
    // Open the folders above the row, for when the tree is shown again.
    dispatchChanges({ type: 'wanted', path });
    choosePath(path);
  }

  function zoomTo(row: number): void {
    const folder = isLeaf(table, row) ? (table.parent[row] as number) : row;
    if (folder === root) openDetails();
    else setRoot(folder);
  }

  function zoomOut(): void {
    if (root < 0) return;
    setRoot(table.parent[root] as number);
    choose(root);
  }

  function onKeyDown(event: KeyboardEvent<HTMLDivElement>) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const direction = ARROWS[event.key];
    if (direction !== undefined) {
      const from = active >= 0 && isBelow(table, active, root) ? active : -1;
      const row = neighbour(table, weights, root, from, direction);
      if (row >= 0) choose(row);
    } else if (event.key === 'Enter' && active >= 0) zoomTo(active);
    else if (event.key === ' ' && active >= 0) showPreview();
    else if ((event.key === 'Escape' || event.key === 'Backspace') && root >= 0) zoomOut();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  const at = (event: MouseEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    return rectAt(rects, event.clientX - box.left, event.clientY - box.top);
  };

  return (
    <div className={styles.view}>
      <nav className={styles.crumbs} aria-label={words.treemap.folders}>
        <button
          type="button"
          className={`${styles.crumb} ${styles.uncut}`}
          aria-current={root < 0 ? 'true' : undefined}
          onClick={() => setRoot(-1)}
        >
          /
        </button>
        {foldersAbove(table, root).map((row) => (
          <Crumb key={row} name={displayPath(rowName(table, row))} isCurrent={row === root} onGo={() => setRoot(row)} />
        ))}
        <span className={`number ${styles.sum}`}>{mode === 'compare' ? areaText(whole, wholeHatched, mode) : formatSize(whole)}</span>
      </nav>
      <div
        ref={stage}
        className={styles.stage}
        role="application"
        aria-label={words.treemap.title}
        aria-roledescription={words.treemap.role}
        aria-describedby={`${CAPTION_ID} ${KEYS_ID}`}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onMouseMove={(event) => setHover(at(event))}
        onMouseLeave={() => setHover(null)}
        onClick={(event) => {
          const row = at(event)?.row ?? -1;
          if (row < 0) return;
          choose(row);
          if (isLeaf(table, row)) showClicked();
        }}
        onDoubleClick={(event) => {
          const row = at(event)?.row ?? -1;
          if (row >= 0) zoomTo(row);
        }}
      >
        <canvas ref={canvas} className={styles.canvas} />
        {marked === null ? null : (
          <span
            className={styles.marked}
            style={{ left: marked.x, top: marked.y, width: Math.max(4, marked.w - 1), height: Math.max(4, marked.h - 1) }}
          />
        )}
        {rects.length === 0 ? (
          <p className={styles.none}>{mode === 'compare' ? words.treemap.noneDiffers : words.treemap.nothing}</p>
        ) : null}
      </div>
      {coloursByType(selection) ? <TypeLegend types={types} forced={forced} /> : null}
      {mode === 'compare' ? <SideLegend /> : null}
      {writers.length > 0 ? <LayerLegend writers={writers} layers={layers} forced={forced} selection={selection} /> : null}
      <p className="visually-hidden" id={KEYS_ID}>
        {words.treemap.keys}
      </p>
      <p className={styles.caption} id={CAPTION_ID} role="status">
        {described === null ? (
          <span className={styles.hint}>{legend === '' ? words.treemap.keys : legend}</span>
        ) : described.small !== undefined ? (
          <SmallCaption table={table} row={described.row} sums={sumSmall(table, sums, described.small)} whole={whole} mode={mode} />
        ) : (
          <Caption table={table} row={described.row} sums={sums} whole={whole} mode={mode} />
        )}
      </p>
    </div>
  );
}

function Caption({
  table,
  row,
  sums: { all, hatched },
  whole,
  mode,
}: {
  table: RowTable;
  row: number;
  sums: Areas;
  whole: number;
  mode: Selection['mode'];
}) {
  const bytes = all[row] as number;
  const layer = table.layer[row] as number;
  const isResized = mode === 'compare' && table.kind[row] === KIND.modified && table.size[row] !== table.previousSize[row];
  const what = [
    areaText(bytes, hatched[row] as number, mode),
    whole > 0 ? words.percent(bytes / whole) : '',
    isLeaf(table, row) && mode === 'compare' ? words.treemap.sides[sideOf(table, all, row)] : '',
    isResized && isLeaf(table, row)
      ? words.treemap.fromTo(formatSize(table.previousSize[row] as number), formatSize(table.size[row] as number))
      : '',
    !isLeaf(table, row) || layer === NO_LAYER || mode === 'compare' ? '' : mode === 'image' ? layersText(table, row) : words.layer(layer),
    table.kind[row] === KIND.removed && mode === 'layer' ? words.changed.removed : '',
    mode === 'image' ? '' : mode === 'compare' ? (textsBetween(table, row)[0] ?? '') : (textsOfChange(table, row)[0] ?? ''),
  ];
  return <Described path={displayPath(rowPath(table, row))} what={what} />;
}

function SmallCaption({
  table,
  row,
  sums,
  whole,
  mode,
}: {
  table: RowTable;
  /** The folder that contains the small files. */
  row: number;
  sums: SmallSums;
  whole: number;
  mode: Selection['mode'];
}) {
  const what = [words.treemap.small(sums.files), areaText(sums.all, sums.hatched, mode), whole > 0 ? words.percent(sums.all / whole) : ''];
  return <Described path={`${row < 0 ? '' : displayPath(rowPath(table, row))}/`} what={what} />;
}

function Described({ path, what }: { path: string; what: readonly string[] }) {
  return (
    <>
      <span className={styles.path}>{path}</span> <span className={styles.facts}>{what.filter((each) => each !== '').join(' · ')}</span>
    </>
  );
}

/** A folder above the one that is drawn, or the drawn folder itself. A long name is cut in the middle; its slash stays. */
function Crumb({ name, isCurrent, onGo }: { name: string; isCurrent: boolean; onGo: () => void }) {
  return (
    <button
      type="button"
      className={`${styles.crumb} ${name.length <= SHORT_NAME ? styles.uncut : ''}`}
      aria-label={`${name}/`}
      aria-current={isCurrent ? 'true' : undefined}
      onClick={onGo}
    >
      <MiddleText text={name} />
      <span className={styles.slash}>/</span>
    </button>
  );
}

/** A name of at most this many characters is never cut. */
const SHORT_NAME = 6;

/** Returns the areas of a folder (-1: of the whole tree). */
function sumOf(table: RowTable, { all, hatched }: Areas, root: number): { readonly all: number; readonly hatched: number } {
  if (root >= 0) return { all: all[root] as number, hatched: hatched[root] as number };
  const sum = { all: 0, hatched: 0 };
  for (let row = 0; row < table.length; row = table.subtreeEnd[row] as number) {
    sum.all += all[row] as number;
    sum.hatched += hatched[row] as number;
  }
  return sum;
}

/** Returns the folders from the top down to a row, including the row. */
function foldersAbove(table: RowTable, row: number): number[] {
  const above: number[] = [];
  for (let at = row; at >= 0; at = table.parent[at] as number) above.unshift(at);
  return above;
}

const sizeOf = ({ clientWidth, clientHeight }: HTMLElement): { readonly w: number; readonly h: number } => ({
  w: clientWidth,
  h: clientHeight,
});
const NO_SIZE = { w: 0, h: 0 };
