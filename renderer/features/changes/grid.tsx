import { type Ref, useMemo } from 'react';
import type { SubtreeTotals } from '#changes';
import { displayPath, escapePath, KIND, type RowTable, rowName, rowPath } from '#model';
import { textWidths } from '../../components/cut-middle.ts';
import { type TreeColumn, TreeGrid, type TreeGridHandle } from '../../components/tree-grid.tsx';
import { dispatchChanges } from '../../state/app-state.ts';
import type { ChangesState } from '../../state/changes/changes.ts';
import { type ColumnNeeds, columnNeeds } from '../../state/changes/column-needs.ts';
import type { SortBy } from '../../state/changes/ordering.ts';
import { previousSize, textsBetween, textsOfChange, whatDiffers, whatDiffersBetween } from '../../state/changes/row-text.ts';
import { allBytes } from '../../state/changes/shown-bytes.ts';
import { isFolder, touched, wholeTotals } from '../../state/changes/table-facts.ts';
import { choosePath, openDetails, showClicked } from '../../state/choosing.ts';
import { isShortcut, showPreview } from '../../state/commands.ts';
import { type SideBytes, sideBytes } from '../../state/compare.ts';
import type { Selection } from '../../state/selection.ts';
import { words } from '../../words/index.ts';
import { SideBars } from '../compare/compare-bar.tsx';
import { Net } from '../net.tsx';
import styles from './changes-pane.module.css';
import { bytesCell, hiddenCell, isOpaque, itemsCell, nameCell, shareCell, sizeCell, whatCell } from './row-cells.tsx';

/** The rows as a tree. */
export function Grid({
  state,
  table,
  totals,
  mode,
  room,
  handle,
}: {
  state: ChangesState;
  table: RowTable;
  totals: SubtreeTotals;
  mode: Selection['mode'];
  /** Width of the pane, px. */
  room: number;
  handle: Ref<TreeGridHandle>;
}) {
  const { isWhole, filter, mask, matched } = state;
  const sums = useMemo(() => wholeTotals(table, totals), [table, totals]);
  // Numbers cover only what the filter leaves, but columns depend on all rows, so that they don't come and go with the filter.
  const shown = matched ?? totals;
  const items = matched?.items ?? null;
  const whole = useMemo(() => {
    const { size, hidden } = wholeTotals(table, shown);
    return isWhole ? size + hidden : size;
  }, [table, shown, isWhole]);
  const all = isWhole ? allBytes(shown) : shown.size;
  const sides = useMemo(() => (mode === 'compare' ? (matched?.sides ?? sideBytes(table)) : null), [table, mode, matched]);
  const largest = useMemo(() => (sides === null ? 1 : largestSide(table, sides, shown)), [table, sides, shown]);
  const shape = useMemo(
    () => ({
      parent: table.parent,
      isFolder: (row: number) => (table.subtreeEnd[row] as number) > row + 1,
      isOpen: (row: number) => state.expanded[row] === 1,
      name: (row: number) => displayPath(rowName(table, row)),
    }),
    [table, state.expanded],
  );
  const textOf = (row: number) => (sides === null ? whatDiffers(table, row) : whatDiffersBetween(table, row));
  // Nearly all of a filesystem is the same as in the layers below. Marks show what isn't; a column for it would be mostly empty.
  const isView = mode === 'stacked';
  const differs = !isWhole && !isView && sums.modified + sums.removed > 0;
  const needs = useMemo(() => columnNeeds(table), [table]);
  const fit = isWhole
    ? fitOfWhole(room, needs, sums.hidden > 0)
    : sides !== null
      ? steady(fitOfSides(room, needs, { differs, modified: sums.modified > 0 }), () => fitOfSides(room, needs, MODIFIED))
      : steady(fitOfChanges(room, needs, { differs, modified: sums.modified > 0, hasBytes: sums.size > 0 }), () =>
          fitOfChanges(
            room,
            { ...needs, what: Math.max(needs.what, USUAL_WHAT) },
            { ...MODIFIED, differs: !isView, hasBytes: sums.size > 0 },
          ),
        );
  const { previous } = fit;
  const hasWhat = fit.what > 0;
  const column = (id: SortBy, width: string, align?: 'right'): TreeColumn => ({
    id,
    header: words.changes.columns[id],
    width,
    align,
    sorted: state.sort !== id ? undefined : state.descending ? ('descending' as const) : ('ascending' as const),
    onSort: () => dispatchChanges({ type: 'sorted', sort: id }),
  });
  // In a wide comparison, keep the numbers close to the names.
  const isNarrowed = sides !== null && room > 1_100;
  const name = column('name', isNarrowed ? `minmax(0, ${NAME_IN_WIDE}px)` : 'minmax(0, 1fr)');
  const size = column('size', `${SIZE + previous}px`, 'right');
  const columns: TreeColumn[] =
    sides !== null
      ? [
          name,
          ...(hasWhat ? [column('what', `${fit.what}px`)] : []),
          size,
          column('net', `${SIZE}px`, 'right'),
          ...(fit.bar > 0 ? [{ id: 'sides', header: words.changes.columns.sides, width: `${fit.bar}px` }] : []),
        ]
      : [
          name,
          ...(fit.share === 0 ? [] : [column('share', `${fit.share}px`)]),
          size,
          ...(fit.hasHidden ? [column('hidden', '72px', 'right')] : []),
          ...(fit.hasItems ? [column('items', `${ITEMS}px`, 'right')] : []),
          ...(hasWhat ? [column('what', `${fit.what}px`)] : []),
        ];
  const others = columns.slice(1).reduce((sum, { width }) => sum + GAP + Number.parseInt(width, 10), 0);
  const isWide = (row: number) => hasWhat && sides !== null && textOf(row) === '';
  const nameWidth = (row: number, width: number) =>
    Math.min(isNarrowed ? NAME_IN_WIDE : Number.POSITIVE_INFINITY, (width || room) - PADDING - others) + (isWide(row) ? GAP + fit.what : 0);
  let measured: ((text: string) => number) | null = null;
  const widthOf = (text: string) => {
    measured ??= textWidths(document.body);
    return measured(text);
  };
  return (
    <TreeGrid
      label={mode === 'stacked' || isWhole ? words.changes.files : mode === 'compare' ? words.changes.differences : words.changes.title}
      rows={state.rows}
      shape={shape}
      active={state.active}
      filter={filter}
      handle={handle}
      isShortcut={isShortcut}
      columns={columns}
      isWide={isWide}
      onActive={(row) => {
        dispatchChanges({ type: 'activated', row });
        choosePath(escapePath(rowPath(table, row)));
      }}
      onToggle={(row, open) => dispatchChanges({ type: 'toggled', row, open })}
      onOpenSiblings={(row) => dispatchChanges({ type: 'siblingsOpened', row })}
      onOpen={openDetails}
      onClick={showClicked}
      onPreview={(row) => {
        choosePath(escapePath(rowPath(table, row)));
        showPreview();
      }}
      rowClass={(row) => (mode === 'stacked' && table.kind[row] === KIND.unchanged && !touched(shown, row) ? styles.dim : undefined)}
      cell={(row, id, level, width) => {
        if (id === 'name')
          return nameCell(table, shown, row, level, {
            open: state.expanded[row] === 1,
            isWhole,
            items,
            width: nameWidth(row, width),
            widthOf,
            match: mask !== null && mask[row] === 1 ? filter.text : '',
          });
        if (id === 'what')
          return sides === null
            ? whatCell(
                textsOfChange(table, row).map((text) => (previous > 0 ? text : words.list([previousSize(table, row), text]))),
                fit.what,
                widthOf,
                isOpaque(table, row),
              )
            : whatCell(textsBetween(table, row, fit.what < WHAT_BETWEEN), fit.what, widthOf);
        // Sums of the rows that have arrived so far would look final.
        if (state.status === 'partial' && (id !== 'size' || isFolder(table, row))) return null;
        if (id === 'size')
          return isWhole
            ? bytesCell(table, all, allBytes(totals), row)
            : sizeCell(table, shown, row, {
                room: previous === 0 ? 0 : SIZE + previous,
                isCompact: previous < RESIZED,
                widthOf,
                hasNet: sides !== null,
                full: totals,
              });
        if (id === 'hidden') return hiddenCell(shown, totals, row);
        if (id === 'items') return itemsCell(table, row, items);
        if (id === 'net' && sides !== null) return <Net bytes={sides.net[row] as number} />;
        if (id === 'sides' && sides !== null)
          return <SideBars before={sides.before[row] as number} now={shown.size[row] as number} largest={largest} />;
        const own = all[row] as number;
        return shareCell(whole === 0 ? 0 : own / whole, {
          bar: fit.bar,
          hasPercent: fit.share > fit.bar,
          hidden: isWhole && own > 0 ? (shown.hidden[row] as number) / own : 0,
          isFiltered: matched !== null,
        });
      }}
    />
  );
}

/** The columns that fit next to the name. Widths are in px; 0 if the column isn't shown. */
interface Fit {
  /** Width of the share column, whose bars are `bar` wide. If the bars fill the column, there is no percentage. */
  readonly share: number;
  readonly bar: number;
  readonly what: number;
  readonly hasItems: boolean;
  readonly hasHidden: boolean;
  /** Additional width of the size column for a modified file's previous size; 0 if that isn't shown. */
  readonly previous: number;
}

/** Width of the name column in a wide comparison. */
const NAME_IN_WIDE = 560;
const PERCENT = 62;
/** Space around a row's cells and between two cells, px. */
const PADDING = 20;
const GAP = 12;
const SIZE = 72;
/** Additional width of the size column for previous sizes: with a unit of their own; with one unit for both sizes, most of which fit. */
const RESIZED = 72;
const COMPACT = 30;
const ROOMY_COMPACT = 44;
const ITEMS = 64;
/** Minimum width of the name next to other columns. Long names get half of the row. */
const NAME = 192;
/** Width up to which a name takes precedence over wide bars and percentages. */
const LONG_NAME = 320;
/** Minimum width of long names next to a share, and minimum part of the row for them, unless half of the row is less. */
const SOME_NAME = 240;
const NAME_BESIDE_SHARE = 0.43;
/** Widths of a share's bar: the minimum, the usual width, and the maximum in a pane with space for more. */
const SHORT_BAR = 48;
const BAR = 120;
const LONG_BAR = 480;
/** Maximum share of a row's width that a bar takes. */
const BAR_PART = 0.2;
/** Widths of the column for what a row changes: the minimum, the width of both modes, what most changes need, and the maximum. */
const WHAT = 128;
const MODES_WHAT = 142;
const USUAL_WHAT = 176;
const LONG_WHAT = 280;
/** Width of the previous size in that column. */
const PREVIOUS_SIZE = 90;
/** Widths in a comparison: the name, which gets less than elsewhere, and the column for what differs. */
const NAME_BETWEEN = 150;
const WHAT_BETWEEN = 110;
/**
 * Widths where space is scarce. `BRIEF_WHAT`: the column for what differs, which then has only the first difference, as a word. `SIDES`:
 * the bars for the sizes.
 */
const BRIEF_WHAT = 60;
const SIDES = 90;

/** A table with modified rows, which has all columns. */
const MODIFIED = { differs: true, modified: true };

/**
 * Returns `most()`, the fit for a table with all columns, so that columns stay in place from one image or layer to the next. If it lacks
 * columns that the table's own fit has, returns `own`.
 */
function steady(own: Fit, most: () => Fit): Fit {
  const full = most();
  const loses = (full.bar === 0 && own.bar > 0) || (full.share === full.bar && own.share > own.bar) || (own.hasItems && !full.hasItems);
  return loses ? own : full;
}

/** Returns the minimum width of the name: what the longest name `needs`, but at most half of the row. */
function nameRoom(room: number, needs: number): number {
  return Math.max(NAME, Math.min(needs, Math.ceil((room - PADDING) / 2)));
}

/** The same next to a share, where space that is blank beside most names is better used. `needs`: of all but the longest names. */
function nameBesideShare(room: number, needs: number): number {
  return Math.min(nameRoom(room, needs), Math.max(SOME_NAME, Math.floor(room * NAME_BESIDE_SHARE)));
}

/** Space left for optional columns, next to the name and `numbers` columns of numbers. */
class Room {
  readonly #room: number;
  #left: number;

  constructor(room: number, name: number, numbers: number) {
    this.#room = room;
    this.#left = room - PADDING - name - numbers * (SIZE + GAP);
  }

  /** Takes a width if it is `wanted` and fits completely. */
  take(wanted: boolean, width: number): boolean {
    if (!wanted || this.#left < width) return false;
    this.#left -= width;
    return true;
  }

  /** Takes as much of a width as there is space for, and returns how much it took. */
  takeUpTo(width: number): number {
    const taken = Math.max(0, Math.min(width, this.#left));
    this.#left -= taken;
    return taken;
  }

  /**
   * Takes the columns for shares and items, in order of priority. Bars get up to half of the remaining space, but no more than a share of
   * the row that doesn't depend on the names. `hasBar`: whether a short bar has been taken; `hasPercent`: whether a percentage has, too.
   */
  takeShares(hasBar: boolean, hasPercent = this.take(hasBar, PERCENT)): Pick<Fit, 'share' | 'bar' | 'hasItems'> {
    const isWide = this.take(hasPercent, BAR - SHORT_BAR);
    const hasItems = this.take(isWide, ITEMS + GAP);
    const part = Math.max(BAR, Math.min(LONG_BAR, Math.floor(this.#room * BAR_PART)));
    const most = isWide ? Math.min(part - BAR, Math.floor(this.#left / 2)) : BAR - SHORT_BAR;
    const bar = hasBar ? (isWide ? BAR : SHORT_BAR) + this.takeUpTo(most) : 0;
    return { share: bar + (hasPercent ? PERCENT : 0), bar, hasItems };
  }
}

function fitOfWhole(room: number, { name, mostNames }: ColumnNeeds, hasHidden: boolean): Fit {
  const least = nameBesideShare(room, mostNames);
  const left = new Room(room, least, hasHidden ? 2 : 1);
  const hasBar = left.take(true, SHORT_BAR + GAP);
  const hasPercent = left.take(hasBar, PERCENT);
  left.takeUpTo(Math.max(nameRoom(room, name), Math.min(name, LONG_NAME)) - least);
  return { ...left.takeShares(hasBar, hasPercent), what: 0, hasHidden, previous: 0 };
}

/**
 * Fits columns in order of priority: what differs, a short bar for the share, the previous size, long values, long names, percentages.
 * Layers that only remove files have no shares. Where the previous size doesn't fit next to the size, the column for what differs begins
 * with it.
 */
function fitOfChanges(
  room: number,
  needs: ColumnNeeds,
  { differs, modified, hasBytes }: { readonly differs: boolean; readonly modified: boolean; readonly hasBytes: boolean },
): Fit {
  const least = nameBesideShare(room, needs.mostNames);
  const left = new Room(room, least, 1);
  const hasWhat = left.take(differs, WHAT + GAP);
  const whatWith = (previous: boolean) => needs.what + (previous ? PREVIOUS_SIZE : 0);
  const some = hasWhat ? WHAT + left.takeUpTo(Math.min(whatWith(modified), MODES_WHAT) - WHAT) : 0;
  const saysSize = left.take(modified && !hasWhat, RESIZED);
  const hasBar = left.take(hasBytes, SHORT_BAR + GAP);
  const resized = saysSize || left.take(modified, RESIZED);
  const what = some + (hasWhat ? left.takeUpTo(Math.min(whatWith(modified && !resized), LONG_WHAT) - some) : 0);
  left.takeUpTo(Math.max(nameRoom(room, needs.name), Math.min(needs.name, LONG_NAME)) - least);
  return { ...left.takeShares(hasBar), what, hasHidden: false, previous: resized ? RESIZED : 0 };
}

function fitOfSides(
  room: number,
  needs: ColumnNeeds,
  { differs, modified }: { readonly differs: boolean; readonly modified: boolean },
): Fit {
  const left = new Room(room, NAME_BETWEEN, 2);
  const hasWhat = left.take(differs, BRIEF_WHAT + GAP);
  const isCompact = left.take(modified, COMPACT);
  const least = hasWhat ? BRIEF_WHAT + left.takeUpTo(WHAT_BETWEEN - BRIEF_WHAT) : 0;
  const hasBar = left.take(true, SHORT_BAR + GAP);
  const compact = isCompact ? COMPACT + left.takeUpTo(ROOMY_COMPACT - COMPACT) : 0;
  // A name cut while the next column is blank in most rows would be a waste, so names have precedence over long sizes and differences.
  left.takeUpTo(nameRoom(room, needs.name) - NAME_BETWEEN);
  const hasUnits = left.take(isCompact, RESIZED - compact);
  const what = least + (hasWhat ? left.takeUpTo(Math.min(needs.what, USUAL_WHAT) - least) : 0);
  const bar = hasBar ? SHORT_BAR + left.takeUpTo(SIDES - SHORT_BAR) : 0;
  return { share: 0, bar, what, hasItems: false, hasHidden: false, previous: hasUnits ? RESIZED : compact };
}

/** Returns the largest size of a top-level row on either side, which sets the scale of the bars. */
function largestSide(table: RowTable, { before }: SideBytes, totals: SubtreeTotals): number {
  let largest = 1;
  for (let row = 0; row < table.length; row = table.subtreeEnd[row] as number) {
    largest = Math.max(largest, before[row] as number, totals.size[row] as number);
  }
  return largest;
}
