// biome-ignore-all lint/a11y/useSemanticElements: a table has all its rows in the document, this grid only those on screen
// biome-ignore-all lint/a11y/useFocusableInteractive: rows take the focus, cells and groups don't (APG, Treegrid, row focus)
// biome-ignore-all lint/a11y/useKeyWithClickEvents: keys are handled once, on the group of rows
import {
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
  type Ref,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
} from 'react';
import { useFixedRows } from './fixed-rows.ts';
import { slotsOf } from './row-slots.ts';
import styles from './tree-grid.module.css';
import { placesOf } from './tree-places.ts';

const ROW_HEIGHT = 24;
const HEAD_HEIGHT = 27;
/** Maximum height of an element in Chromium, px. */
const MAX_HEIGHT = 33_554_400;

/** The tree to show, by row number. Rows are in depth-first order. */
export interface TreeShape {
  readonly parent: Int32Array;
  isFolder(row: number): boolean;
  isOpen(row: number): boolean;
  /** Returns the name that type-ahead searches for. */
  name(row: number): string;
}

/** Data attributes that identify what a row stands for. */
export type RowData = Readonly<Record<`data-${string}`, number>>;

export interface TreeColumn {
  readonly id: string;
  readonly header: ReactNode;
  readonly sorted?: 'ascending' | 'descending' | undefined;
  readonly onSort?: (() => void) | undefined;
  /** A track of `grid-template-columns`. */
  readonly width: string;
  readonly align?: 'right' | undefined;
}

/** Whether an element is another row of the same grid. */
function isOtherRow(element: Element | null, row: HTMLElement): boolean {
  return (
    element !== row && element instanceof HTMLElement && element.dataset.row !== undefined && element.parentElement === row.parentElement
  );
}

export interface TreeGridHandle {
  focus(): void;
}

let quiet = false;

/** Gives a row the focus without making it the active one. */
export function focusQuietly(element: HTMLElement): void {
  quiet = true;
  element.focus({ preventScroll: true });
  quiet = false;
}

/**
 * A tree of up to a million rows, of which only those on screen are in the document. The tree is one tab stop. The active row has the
 * focus, and stays in the document when it is scrolled away. Source: WAI-ARIA Authoring Practices, Treegrid.
 */
export function TreeGrid({
  label,
  rows,
  shape,
  columns,
  active,
  onActive,
  onToggle,
  onOpenSiblings,
  onOpen,
  onPreview,
  onClick,
  onMark,
  cell,
  rowClass,
  rowData,
  isWide,
  filter,
  handle,
  isShortcut,
  headHeight = HEAD_HEIGHT,
}: {
  label: string;
  /** Numbers of the visible rows, top to bottom. */
  rows: Uint32Array;
  shape: TreeShape;
  columns: readonly TreeColumn[];
  active: number;
  onActive: (row: number) => void;
  onToggle: (row: number, open: boolean) => void;
  onOpenSiblings: (row: number) => void;
  /** Called on Enter or a double click. */
  onOpen: (row: number) => void;
  /** Called on Space. */
  onPreview: (row: number) => void;
  /** Called when a row is clicked, except on its triangle. */
  onClick?: (row: number) => void;
  /**
   * Called on a click with Ctrl, Command or Shift, and on Space with Ctrl or Shift. Returns whether the row can be marked; a row that can't
   * is clicked as usual.
   */
  onMark?: ((row: number) => boolean) | undefined;
  /** Draws a cell. `width`: the row's width in px; 0 until it is known. */
  cell: (row: number, column: string, level: number, width: number) => ReactNode;
  rowClass: (row: number) => string | undefined;
  /** Identifies what a row is about, for its menu. */
  rowData?: (row: number) => RowData | undefined;
  /** What the rows are filtered by. When it changes, the active row or, if that doesn't match, the first row is scrolled into view. */
  filter?: unknown;
  /** Whether a row's second cell is empty, so that the first one takes its space. */
  isWide?: (row: number) => boolean;
  handle?: Ref<TreeGridHandle>;
  /** Whether a key has another meaning and so doesn't start type-ahead. */
  isShortcut: (key: string) => boolean;
  /** Height of the tallest heading with the line below it, px. */
  headHeight?: number;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const wantFocus = useRef(false);
  const count = Math.min(rows.length, Math.floor(MAX_HEIGHT / ROW_HEIGHT));
  const places = useMemo(() => placesOf(rows, shape.parent), [rows, shape.parent]);
  const activeIndex = useMemo(() => (active < 0 ? -1 : rows.indexOf(active)), [rows, active]);
  // The most recent active row, kept so that the keyboard can return to it after it is deselected.
  const left = useRef<{ row: number; parent: Int32Array } | null>(null);
  if (active >= 0) left.current = { row: active, parent: shape.parent };
  const leftRow = activeIndex < 0 && left.current?.parent === shape.parent ? left.current.row : -1;
  const leftIndex = useMemo(() => (leftRow < 0 ? -1 : rows.indexOf(leftRow)), [rows, leftRow]);
  const stop = Math.max(activeIndex, leftIndex, 0);

  const { first, end, width, show } = useFixedRows(scroller, { count, height: ROW_HEIGHT, head: headHeight });
  const indexes: number[] = [];
  // The row with the focus stays in the document when it is scrolled away.
  if (stop < first && stop < count) indexes.push(stop);
  for (let index = first; index < end; index++) indexes.push(index);
  if (stop >= end && stop < count) indexes.push(stop);

  const lastSlots = useRef<ReadonlyMap<number, number>>(new Map());
  const slots = slotsOf(
    indexes.map((index) => rows[index] as number),
    lastSlots.current,
    rows[stop] ?? -1,
  );
  useLayoutEffect(() => {
    lastSlots.current = slots;
  });

  const lastActive = useRef(-1);
  // Whether to keep the active row on screen. While a long table loads, the row moves, because rows arrive in pages and are sorted after
  // the last page. Ends at the user's first action.
  const isFollowed = useRef(false);
  useLayoutEffect(() => {
    if (activeIndex < 0) return;
    const isOther = active !== lastActive.current;
    if (isOther) isFollowed.current = true;
    if (isOther || isFollowed.current) show(activeIndex);
    lastActive.current = active;
  }, [active, activeIndex, show]);
  const lastFilter = useRef(filter);
  useLayoutEffect(() => {
    if (filter !== lastFilter.current) show(Math.max(activeIndex, 0));
    lastFilter.current = filter;
  }, [filter, activeIndex, show]);
  const unfollow = () => {
    isFollowed.current = false;
  };
  const rowElement = () => scroller.current?.querySelector<HTMLElement>(`[data-row="${active}"]`) ?? null;
  useEffect(() => {
    const element = rowElement();
    // Move the focus to the active row if it was activated from elsewhere.
    if (element === null || !(wantFocus.current || isOtherRow(document.activeElement, element))) return;
    wantFocus.current = false;
    element.focus({ preventScroll: true });
  });
  // If the focused row isn't active, move the focus to the new first row when the order changes, as happens at the end of loading.
  useEffect(() => {
    const focused = document.activeElement;
    const wanted = active >= 0 ? null : (scroller.current?.querySelector<HTMLElement>('[data-row][tabindex="0"]') ?? null);
    if (wanted !== null && isOtherRow(focused, wanted)) focusQuietly(wanted);
  });
  useImperativeHandle(handle, () => ({
    focus() {
      const row = rows[stop];
      if (row === undefined) return;
      wantFocus.current = true;
      onActive(row);
      scroller.current?.querySelector<HTMLElement>(`[data-row="${row}"]`)?.focus();
    },
  }));

  const typed = useRef({ text: '', at: 0 });

  function moveTo(index: number) {
    const row = rows[Math.min(count - 1, Math.max(0, index))];
    if (row === undefined) return;
    wantFocus.current = true;
    onActive(row);
  }

  function typeAhead(key: string, time: number): void {
    const { text, at } = typed.current;
    const next = time - at > 600 ? key : text + key;
    typed.current = { text: next.toLowerCase(), at: time };
    // Repeating a letter steps through the names that begin with it.
    const again = next.length > 1 && [...next].every((each) => each === next[0]);
    const wanted = again ? (next[0] as string) : next.toLowerCase();
    const from = next.length === 1 || again ? stop + 1 : stop;
    for (let i = 0; i < count; i++) {
      const index = (from + i) % count;
      if (
        shape
          .name(rows[index] as number)
          .toLowerCase()
          .startsWith(wanted)
      ) {
        moveTo(index);
        return;
      }
    }
  }

  function onKeyDown(event: KeyboardEvent<HTMLDivElement>) {
    const row = rows[stop];
    if (row === undefined) return;
    // In a checkbox, Space toggles the checkbox.
    if (event.key === ' ' && event.target instanceof HTMLInputElement) return;
    if (event.key === ' ' && (event.ctrlKey || event.shiftKey) && onMark?.(row) === true) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 240) / ROW_HEIGHT) - 2);
    const key = event.key;
    const typing = key.length === 1 && event.timeStamp - typed.current.at < 600 && typed.current.text !== '';
    if (!typing) typed.current = { text: '', at: 0 };
    const handled = (() => {
      if (typing && key !== ' ') return typeAhead(key, event.timeStamp);
      switch (key) {
        case 'ArrowDown':
        case 'j':
          return moveTo(Math.max(activeIndex, leftIndex) + 1);
        case 'ArrowUp':
        case 'k':
          return moveTo(stop - 1);
        case 'PageDown':
          return moveTo(stop + page);
        case 'PageUp':
          return moveTo(stop - page);
        case 'Home':
          return moveTo(0);
        case 'End':
          return moveTo(count - 1);
        case 'ArrowRight':
          if (!shape.isFolder(row)) return undefined;
          return shape.isOpen(row) ? moveTo(stop + 1) : onToggle(row, true);
        case 'ArrowLeft': {
          if (shape.isFolder(row) && shape.isOpen(row)) return onToggle(row, false);
          const parent = shape.parent[row] as number;
          return parent < 0 ? undefined : moveTo(rows.lastIndexOf(parent, stop));
        }
        case '*':
          return onOpenSiblings(row);
        case 'Enter':
          return onOpen(row);
        case ' ':
          return onPreview(row);
        default:
          return key.length === 1 && !isShortcut(key) ? typeAhead(key, event.timeStamp) : false;
      }
    })();
    if (handled === false) return;
    event.preventDefault();
    event.stopPropagation();
  }

  const template = columns.map((column) => column.width).join(' ');
  function onRowClick(event: MouseEvent, row: number) {
    wantFocus.current = true;
    onActive(row);
    const isMarking = event.ctrlKey || event.metaKey || event.shiftKey;
    if ((event.target as HTMLElement).closest('[data-twisty]') !== null) onToggle(row, !shape.isOpen(row));
    else if (isMarking && onMark?.(row) === true) return;
    else onClick?.(row);
  }

  /** A row that gets the focus back from a sheet passes it on if another row has become active. */
  function onRowFocus(row: number) {
    if (quiet) return;
    const element = row === active ? null : rowElement();
    if (element !== null) element.focus({ preventScroll: true });
    else if (row !== active) onActive(row);
  }

  return (
    <div
      className={styles.grid}
      role="treegrid"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length}
      ref={scroller}
      onWheel={unfollow}
      onPointerDown={unfollow}
      onKeyDownCapture={unfollow}
    >
      <div role="rowgroup" className={styles.head}>
        <div role="row" aria-rowindex={1} className={styles.headRow} style={{ gridTemplateColumns: template }}>
          {columns.map(({ id, header, sorted, onSort, align }) => (
            <div key={id} role="columnheader" aria-sort={sorted} className={`${styles.headCell} ${align === 'right' ? styles.right : ''}`}>
              {onSort === undefined ? (
                header
              ) : (
                <button type="button" className={styles.sort} onClick={onSort}>
                  {header}
                  <span aria-hidden="true" className={styles.arrow}>
                    {sorted === undefined ? '' : sorted === 'ascending' ? '↑' : '↓'}
                  </span>
                </button>
              )}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" className={styles.ground} style={{ height: count * ROW_HEIGHT }} onKeyDown={onKeyDown}>
        {indexes.map((index) => {
          const row = rows[index];
          if (row === undefined) return null;
          const folder = shape.isFolder(row);
          const level = places.level(index);
          return (
            <div
              key={slots.get(row)}
              role="row"
              data-row={row}
              {...rowData?.(row)}
              className={`${styles.row} ${isWide?.(row) ? styles.wide : ''} ${rowClass(row) ?? ''}`}
              style={{ gridTemplateColumns: template, transform: `translateY(${index * ROW_HEIGHT}px)` }}
              aria-rowindex={index + 2}
              aria-level={level + 1}
              aria-posinset={places.position(index)}
              aria-setsize={places.setSize(index)}
              aria-selected={row === active}
              aria-expanded={folder ? shape.isOpen(row) : undefined}
              tabIndex={index === stop ? 0 : -1}
              onClick={(event) => onRowClick(event, row)}
              onDoubleClick={() => (folder ? onToggle(row, !shape.isOpen(row)) : onOpen(row))}
              onFocus={() => onRowFocus(row)}
            >
              {columns.map(({ id, align }) => (
                <div key={id} role="gridcell" className={`${styles.cell} ${align === 'right' ? styles.right : ''}`}>
                  {cell(row, id, level, width)}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}
