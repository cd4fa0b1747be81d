// biome-ignore-all lint/a11y/noNoninteractiveTabindex: the drawing handles the keyboard as a whole
import { type KeyboardEvent, type MouseEvent, type Ref, useEffect, useImperativeHandle, useMemo, useRef, useState } from 'react';
import { type SubtreeTotals, treemap } from '#changes';
import { displayPath, escapePath, formatSize, KIND, type RowTable, rowName, rowPath } from '#model';
import type { TreeGridHandle } from '../../components/tree-grid.tsx';
import { dispatchChanges } from '../../state/app-state.ts';
import type { ChangesState } from '../../state/changes/changes.ts';
import { whatDiffers } from '../../state/changes/row-text.ts';
import { choosePath, openDetails } from '../../state/choosing.ts';
import { showPreview } from '../../state/commands.ts';
import { areas, type Direction, isBelow, isLeaf, neighbour, rectAt } from '../../state/treemap.ts';
import { useTheme } from '../use-theme.ts';
import { draw, HEADER, readPalette } from './draw.ts';
import styles from './treemap-view.module.css';

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

/** The rows as rectangles: area shows bytes, colour the layer, and hatching what is hidden. */
export function TreemapView({
  state,
  table,
  totals,
  layers,
  handle,
}: {
  state: ChangesState;
  table: RowTable;
  totals: SubtreeTotals;
  layers: number;
  handle: Ref<TreeGridHandle>;
}) {
  const stage = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSize(stage);
  const theme = useTheme();
  const [zoomed, setZoom] = useState({ key: state.key, row: -1 });
  const root = zoomed.key === state.key && zoomed.row < table.length ? zoomed.row : -1;
  const setRoot = (row: number) => setZoom({ key: state.key, row });
  const [hover, setHover] = useState(-1);
  const weights = useMemo(() => areas(table, totals, state.mask), [table, totals, state.mask]);
  const rects = useMemo(
    () => treemap(table, weights, { x: 0, y: 0, w: size.w, h: size.h }, { root, header: HEADER, inset: 2, minArea: 14 }),
    [table, weights, size, root],
  );
  const whole = useMemo(() => {
    if (root >= 0) return weights[root] as number;
    let sum = 0;
    for (let row = 0; row < table.length; row = table.subtreeEnd[row] as number) sum += weights[row] as number;
    return sum;
  }, [table, weights, root]);
  const { active } = state;
  const marked = useMemo(() => rects.find(({ row }) => row === active) ?? null, [rects, active]);
  const described = hover >= 0 && hover < table.length ? hover : active;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the page's colours, which are drawn
  useEffect(() => {
    const { current } = canvas;
    const context = current?.getContext('2d') ?? null;
    if (current === null || context === null || size.w === 0) return;
    current.width = Math.round(size.w * window.devicePixelRatio);
    current.height = Math.round(size.h * window.devicePixelRatio);
    draw(context, { table, totals, weights, layers }, rects, readPalette(current));
  }, [rects, size, theme]);
  useImperativeHandle(handle, () => ({ focus: () => stage.current?.focus() }));

  function choose(row: number): void {
    const path = escapePath(rowPath(table, row));
    // Opens the folders above it in the tree, for when that is shown again.
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
    return rectAt(rects, event.clientX - box.left, event.clientY - box.top)?.row ?? -1;
  };

  return (
    <div className={styles.view}>
      <nav className={styles.crumbs} aria-label="Current folder">
        <button type="button" className={styles.crumb} aria-current={root < 0 ? 'true' : undefined} onClick={() => setRoot(-1)}>
          /
        </button>
        {foldersAbove(table, root).map((row) => (
          <button
            key={row}
            type="button"
            className={styles.crumb}
            aria-current={row === root ? 'true' : undefined}
            onClick={() => setRoot(row)}
          >
            {displayPath(rowName(table, row))}/
          </button>
        ))}
        <span className={`number ${styles.sum}`}>{formatSize(whole)}</span>
      </nav>
      <div
        ref={stage}
        className={styles.stage}
        role="application"
        aria-label="Treemap"
        aria-roledescription="treemap"
        aria-describedby="treemap-caption"
        tabIndex={0}
        onKeyDown={onKeyDown}
        onMouseMove={(event) => setHover(at(event))}
        onMouseLeave={() => setHover(-1)}
        onClick={(event) => {
          const row = at(event);
          if (row >= 0) choose(row);
        }}
        onDoubleClick={(event) => {
          const row = at(event);
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
        {rects.length === 0 ? <p className={styles.none}>No files with content here.</p> : null}
      </div>
      <p className={styles.caption} id="treemap-caption" role="status">
        {described < 0 ? (
          <span className={styles.hint}>Arrow keys move, Enter zooms in, Escape zooms out. Hatched: hidden but still in the image.</span>
        ) : (
          <Caption table={table} row={described} bytes={weights[described] as number} whole={whole} />
        )}
      </p>
    </div>
  );
}

function Caption({ table, row, bytes, whole }: { table: RowTable; row: number; bytes: number; whole: number }) {
  const what = [
    formatSize(bytes),
    whole > 0 ? `${((bytes / whole) * 100).toFixed(1)} %` : '',
    isLeaf(table, row) ? `layer ${table.layer[row]}` : '',
    table.kind[row] === KIND.removed ? 'removed' : '',
    whatDiffers(table, row),
  ].filter((each) => each !== '');
  return (
    <>
      <span className={styles.path}>{displayPath(rowPath(table, row))}</span> <span className={styles.facts}>{what.join(' · ')}</span>
    </>
  );
}

/** The folders from the top down to a row, the row included. */
function foldersAbove(table: RowTable, row: number): number[] {
  const above: number[] = [];
  for (let at = row; at >= 0; at = table.parent[at] as number) above.unshift(at);
  return above;
}

function useSize(element: { readonly current: HTMLElement | null }): { readonly w: number; readonly h: number } {
  const [size, setSize] = useState({ w: 0, h: 0 });
  useEffect(() => {
    const { current } = element;
    if (current === null) return;
    const observer = new ResizeObserver(() => setSize({ w: current.clientWidth, h: current.clientHeight }));
    observer.observe(current);
    return () => observer.disconnect();
  }, [element]);
  return size;
}
