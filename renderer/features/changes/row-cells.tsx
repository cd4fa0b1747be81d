import { Fragment, type ReactElement } from 'react';
import type { SubtreeTotals } from '#changes';
import { displayPath, KIND, REASON, type RowTable, rowName, TYPE } from '#model';
import { cutAround, type Piece } from '../../components/cut-middle.ts';
import { Icon } from '../../components/icons.tsx';
import { Mark, type MarkName, MixedMark } from '../../components/mark.tsx';
import { sizeText } from '../../components/size.tsx';
import { BEFORE_NAME, indentOf } from '../../state/changes/column-needs.ts';
import { matchIn, readsAlike } from '../../state/changes/row-text.ts';
import { isFolder, itemsBelow, touched } from '../../state/changes/table-facts.ts';
import { signedSize } from '../../state/compare.ts';
import { words } from '../../words/index.ts';
import { formatCount, formatSizeIn, sizeParts, unitOfBoth } from '../../words/numbers.ts';
import styles from './row-cells.module.css';

// Rows share these elements, so that React skips the elements that a row has in common with the row that it replaces.
const SYMBOLS: Record<'folder' | 'link' | 'file' | 'device', ReactElement> = {
  folder: <Icon name="folder" size={14} className={`${styles.icon} ${styles.folder}`} />,
  link: <Icon name="link" size={14} className={styles.icon} />,
  file: <Icon name="file" size={14} className={styles.icon} />,
  device: <Icon name="device" size={14} className={styles.icon} />,
};
const MARKS: Record<MarkName, ReactElement> = {
  added: <Mark name="added" />,
  modified: <Mark name="modified" />,
  rewritten: <Mark name="rewritten" />,
  removed: <Mark name="removed" />,
  opaque: <Mark name="opaque" title={words.changes.opaqueWhy} />,
  unchanged: <Mark name="unchanged" />,
  visible: <Mark name="visible" />,
  partlyHidden: <Mark name="partlyHidden" />,
  hidden: <Mark name="hidden" />,
};
const twisty = (open: boolean) => (
  <span className={styles.twisty} data-twisty="">
    <Icon name={open ? 'chevronDown' : 'chevronRight'} size={12} />
  </span>
);
const TWISTIES = { open: twisty(true), closed: twisty(false), none: <span className={styles.twisty} /> };
/** Number of characters that stay visible at the end of a cut name. */
const TAIL = 10;
/**
 * Minimum number of characters at the start of a cut name: fewer are narrower than the first letter and ellipsis that would replace them.
 */
const LEAST_HEAD = 4;
/** Maximum width of a character in ordinary text, px. */
const WIDE_CHARACTER = 9;
const SLASH_WIDTH = 6;
const SLASH = <span className={styles.slash}>/</span>;

function symbolOf(type: number): ReactElement {
  if (type === TYPE.directory) return SYMBOLS.folder;
  if (type === TYPE.symlink || type === TYPE.hardlink) return SYMBOLS.link;
  return type === TYPE.file ? SYMBOLS.file : SYMBOLS.device;
}

/**
 * Returns the mark, the icon and the name, followed by a link's target. `match` is the filter's text if the row matches it. A name that
 * doesn't fit into
 * `width` px is cut in the middle, because the ends of long names are distinctive.
 */
export function nameCell(
  table: RowTable,
  totals: SubtreeTotals,
  row: number,
  level: number,
  {
    open,
    isWhole,
    items,
    width,
    widthOf,
    match,
  }: {
    readonly open: boolean;
    readonly isWhole: boolean;
    /** How many rows are shown below, by row; null without a filter. */
    readonly items: Float64Array | null;
    readonly width: number;
    /** Measures a string, px. */
    readonly widthOf: (text: string) => number;
    readonly match: string;
  },
): ReactElement {
  const name = displayPath(rowName(table, row));
  const before = BEFORE_NAME + indentOf(level);
  const matched = match === '' ? null : matchIn(name, match);
  const isParent = (table.subtreeEnd[row] as number) > row + 1;
  const target = table.links.get(row);
  const isRemoved = table.kind[row] === KIND.removed;
  const slash = table.type[row] === TYPE.directory ? SLASH : null;
  return (
    <span className={styles.name} style={{ paddingLeft: indentOf(level) }}>
      {isParent ? (open ? TWISTIES.open : TWISTIES.closed) : TWISTIES.none}
      {isWhole ? MARKS[visibilityOf(table, row)] : markOf(table, totals, row)}
      {symbolOf(table.type[row] as number)}
      <span
        className={isRemoved ? styles.struck : undefined}
        title={isParent ? words.changes.folderTitle(name, itemsTitle(table, row, items)) : name}
      >
        {name.length >= TAIL + LEAST_HEAD && before + name.length * WIDE_CHARACTER > width
          ? cutInMiddle(name, matched, width - before - (slash === null ? 0 : SLASH_WIDTH), widthOf)
          : marked(name, matched)}
        {slash}
      </span>
      {target === undefined ? null : (
        <span className={styles.target} title={displayPath(target)}>
          {table.type[row] === TYPE.hardlink ? '=' : '→'} {displayPath(target)}
        </span>
      )}
    </span>
  );
}

/** Returns part of a name with the match in it marked. */
function marked(name: string, match: Piece | null, { from, to }: Piece = { from: 0, to: name.length }): ReactElement {
  const start = Math.max(from, match?.from ?? to);
  const end = Math.min(to, match?.to ?? to);
  if (start >= end) return <>{name.slice(from, to)}</>;
  return (
    <>
      {name.slice(from, start)}
      <mark className={styles.match}>{name.slice(start, end)}</mark>
      {name.slice(end, to)}
    </>
  );
}

/**
 * Returns a name that is cut in the middle if it doesn't fit into `room` px, or elsewhere if the match would be lost. Screen readers get it
 * in one piece.
 */
function cutInMiddle(name: string, match: Piece | null, room: number, widthOf: (text: string) => number): ReactElement {
  const pieces = cutAround(name, name.length - TAIL, match, room, widthOf);
  if (pieces === null) return marked(name, match);
  return (
    <>
      <span className="visually-hidden">{name}</span>
      <span className={styles.cut} aria-hidden="true">
        {pieces.map((piece, at) => (
          <Fragment key={piece.from}>
            {at === 0 ? null : '…'}
            {marked(name, match, piece)}
          </Fragment>
        ))}
      </span>
    </>
  );
}

/** Whether a container sees a path of a whole image, and whether it sees all of its bytes. */
function visibilityOf(table: RowTable, row: number): MarkName {
  if (table.kind[row] === KIND.removed) return 'hidden';
  return table.kind[row] === KIND.modified ? 'partlyHidden' : 'visible';
}

function markOf(table: RowTable, totals: SubtreeTotals, row: number): ReactElement {
  const kind = table.kind[row];
  if (kind === KIND.added) return MARKS.added;
  if (kind === KIND.removed) return MARKS.removed;
  if (kind === KIND.modified) return MARKS.modified;
  if (isOpaque(table, row)) return MARKS.opaque;
  if (!touched(totals, row)) return MARKS.unchanged;
  return (
    <MixedMark added={totals.added[row] as number} modified={totals.modified[row] as number} removed={totals.removed[row] as number} />
  );
}

/** Whether a row is a folder whose content in the layers below is hidden. */
export function isOpaque(table: RowTable, row: number): boolean {
  return table.reason[row] === REASON.opaque && table.kind[row] !== KIND.removed;
}

/** How much wider the gaps around an arrow between sizes are than spaces, px. */
const ARROW_GAPS = 2;

/** Font size of what changed, relative to ordinary text. */
const SMALL = 12 / 13;

/**
 * Returns what changed or is hidden: the first of `texts` that fits, or else the last. The tooltip has the first, which is complete; for an
 * `opaque` folder, it also explains what that means. `widthOf` measures ordinary text, px.
 */
export function whatCell(texts: readonly string[], room: number, widthOf: (text: string) => number, opaque = false): ReactElement | null {
  const [full = ''] = texts;
  return full === '' ? null : (
    <span className={styles.what} title={opaque ? `${full}\n${words.changes.opaqueWhy}` : full}>
      {texts.length === 1 ? full : (texts.find((text) => widthOf(text) * SMALL <= room) ?? texts.at(-1))}
    </span>
  );
}

/**
 * Returns the bytes of a file, or of all files in a folder, after a modified file's previous bytes unless `room`, the column's width in px,
 * is 0. `isCompact`: both have one unit, and the previous bytes are left out if they don't fit. `full`: the sums without the filter.
 */
export function sizeCell(
  table: RowTable,
  sums: SubtreeTotals,
  row: number,
  {
    room,
    isCompact,
    widthOf,
    hasNet,
    full,
  }: {
    readonly room: number;
    readonly isCompact: boolean;
    /** Measures a string, px. */
    readonly widthOf: (text: string) => number;
    readonly hasNet: boolean;
    readonly full: SubtreeTotals;
  },
): ReactElement | null {
  const kind = table.kind[row];
  if (isFolder(table, row)) {
    const bytes = sums.size[row] as number;
    const title = bytesTitle(bytes, full.size[row] as number);
    // Unlike in the breakdown, files that are the same on both sides aren't counted.
    if (bytes > 0) return sizeText(bytes, '', hasNet ? words.compare.ofDiffering(title) : title);
    // A removed folder shows the size of its files, struck through like the files' own sizes.
    const gone = kind === KIND.removed ? (sums.hidden[row] as number) : 0;
    return gone === 0 ? null : sizeText(gone, styles.gone, bytesTitle(gone, full.hidden[row] as number));
  }
  const type = table.type[row];
  if (type !== TYPE.file && type !== TYPE.hardlink) return null;
  const size = table.size[row] as number;
  if (kind === KIND.removed) return sizeText(size, styles.gone);
  if (type === TYPE.hardlink) return sizeText(size, styles.linked);
  const previous = table.previousSize[row] as number;
  if (room === 0 || kind !== KIND.modified || previous === size) return sizeText(size);
  const unit = readsAlike(previous, size) ? unitOfBoth(previous, size) : null;
  // For large sizes that differ by a few bytes, only the difference is informative; a comparison has a column for it.
  if (unit !== null && formatSizeIn(previous, unit) === formatSizeIn(size, unit)) {
    return (
      <span className={styles.change}>
        {hasNet ? null : <span className={`number ${styles.was}`}>{signedSize(size - previous)}</span>}
        {sizeText(size)}
      </span>
    );
  }
  if (isCompact) {
    const shared = unitOfBoth(previous, size);
    const [before, now] = [sizeParts(previous, shared), sizeParts(size, shared)];
    const fits = widthOf(words.compare.fromTo(before.value, formatSizeIn(size, shared))) + ARROW_GAPS <= room;
    if (before.unit !== now.unit || before.value === now.value || !fits) return sizeText(size, '', undefined, unit);
    return (
      <span className={styles.change}>
        <span className={`number ${styles.was}`} title={words.exactBytes(previous)}>
          {before.value}
        </span>
        <span className={styles.arrow}>→</span>
        {sizeText(size, '', undefined, shared)}
      </span>
    );
  }
  return (
    <span className={styles.change}>
      {sizeText(previous, styles.was, undefined, unit)}
      <span className={styles.arrow}>→</span>
      {sizeText(size, '', undefined, unit)}
    </span>
  );
}

/** Returns all bytes at and below a path of a whole image. `full`: the same sums without the filter. */
export function bytesCell(table: RowTable, all: Float64Array, full: Float64Array, row: number): ReactElement | null {
  const bytes = all[row] as number;
  const type = table.type[row];
  if (bytes > 0) return sizeText(bytes, '', bytesTitle(bytes, full[row] as number));
  if (type === TYPE.hardlink) return sizeText(table.size[row] as number, styles.linked);
  return type === TYPE.file ? sizeText(0) : null;
}

export function hiddenCell(sums: SubtreeTotals, full: SubtreeTotals, row: number): ReactElement | null {
  const bytes = sums.hidden[row] as number;
  return bytes === 0 ? null : sizeText(bytes, styles.hiddenBytes, bytesTitle(bytes, full.hidden[row] as number));
}

/** Returns the exact bytes and, if a filter leaves some out, the total. */
function bytesTitle(bytes: number, full: number): string {
  return bytes === full ? words.exactBytes(bytes) : words.changes.bytesMatch(bytes, full);
}

/** Returns how many paths a folder contains. `items`: how many of them a filter leaves, by row; null without a filter. */
export function itemsCell(table: RowTable, row: number, items: Float64Array | null): ReactElement | null {
  const shown = items === null ? itemsBelow(table, row) : (items[row] as number);
  if (shown === 0) return null;
  return (
    <span className={`number ${styles.items}`} title={itemsTitle(table, row, items)}>
      {formatCount(shown)}
    </span>
  );
}

function itemsTitle(table: RowTable, row: number, items: Float64Array | null): string {
  const all = itemsBelow(table, row);
  const shown = items === null ? all : (items[row] as number);
  return shown === all ? words.changes.itemCount(all) : words.changes.itemsMatch(shown, all);
}

interface ShareOptions {
  readonly bar: number;
  /** The hatched part. */
  readonly hidden: number;
  readonly hasPercent: boolean;
  /** Whether 100 % stands for what a filter leaves, rather than for everything. */
  readonly isFiltered: boolean;
}

/** Returns a row's share of the table's bytes: a bar in a track `bar` px wide, and a percentage. The whole track stands for 100 %. */
export function shareCell(share: number, { bar, hidden, hasPercent, isFiltered }: ShareOptions): ReactElement | null {
  if (share <= 0) return null;
  const width = share * 100;
  const title = isFiltered ? words.changes.shareOfMatches(share) : words.changes.shareOfTotal(share);
  return (
    <span className={styles.share} title={title}>
      {bar === 0 ? null : (
        <span className={styles.track} style={{ width: bar }}>
          <span className={styles.bar} style={{ width: `${width}%` }} />
          {hidden > 0 ? (
            <span className={styles.hatched} style={{ left: `${width * (1 - hidden)}%`, width: `${width * hidden}%` }} />
          ) : null}
        </span>
      )}
      {hasPercent ? <span className="number">{words.percent(share)}</span> : null}
    </span>
  );
}
