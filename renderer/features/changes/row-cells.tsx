import type { ReactElement } from 'react';
import type { SubtreeTotals } from '#changes';
import { displayPath, KIND, REASON, type RowTable, rowName, TYPE } from '#model';
import { Icon } from '../../components/icons.tsx';
import { Mark, type MarkName, MixedMark } from '../../components/mark.tsx';
import { sizeText } from '../../components/size.tsx';
import { isFolder, touched } from '../../state/changes/changes.ts';
import styles from './row-cells.module.css';

// Rows share these elements: React skips those that a row has in common with the row it replaces.
const SYMBOLS: Record<'folder' | 'link' | 'file' | 'device', ReactElement> = {
  folder: <Icon name="folder" size={14} className={`${styles.icon} ${styles.folder}`} />,
  link: <Icon name="link" size={14} className={styles.icon} />,
  file: <Icon name="file" size={14} className={styles.icon} />,
  device: <Icon name="device" size={14} className={styles.icon} />,
};
const MARKS: Record<MarkName, ReactElement> = {
  added: <Mark name="added" />,
  modified: <Mark name="modified" />,
  removed: <Mark name="removed" />,
  opaque: <Mark name="opaque" />,
  unchanged: <Mark name="unchanged" />,
};
const twisty = (open: boolean) => (
  <span className={styles.twisty} data-twisty="">
    <Icon name={open ? 'chevronDown' : 'chevronRight'} size={12} />
  </span>
);
const TWISTIES = { open: twisty(true), closed: twisty(false), none: <span className={styles.twisty} /> };
const SLASH = <span className={styles.slash}>/</span>;

function symbolOf(type: number): ReactElement {
  if (type === TYPE.directory) return SYMBOLS.folder;
  if (type === TYPE.symlink || type === TYPE.hardlink) return SYMBOLS.link;
  return type === TYPE.file ? SYMBOLS.file : SYMBOLS.device;
}

/** Mark, icon and name, followed by a link's target. */
export function nameCell(table: RowTable, totals: SubtreeTotals, row: number, level: number, open: boolean): ReactElement {
  const name = displayPath(rowName(table, row));
  const isParent = (table.subtreeEnd[row] as number) > row + 1;
  const target = table.links.get(row);
  const isRemoved = table.kind[row] === KIND.removed;
  return (
    <span className={styles.name} style={{ paddingLeft: level * 14 }}>
      {isParent ? (open ? TWISTIES.open : TWISTIES.closed) : TWISTIES.none}
      {markOf(table, totals, row)}
      {symbolOf(table.type[row] as number)}
      <span className={isRemoved ? styles.struck : undefined} title={name}>
        {name}
        {table.type[row] === TYPE.directory ? SLASH : null}
      </span>
      {target === undefined ? null : (
        <span className={styles.target} title={displayPath(target)}>
          {table.type[row] === TYPE.hardlink ? '=' : '→'} {displayPath(target)}
        </span>
      )}
    </span>
  );
}

function markOf(table: RowTable, totals: SubtreeTotals, row: number): ReactElement {
  const kind = table.kind[row];
  if (kind === KIND.added) return MARKS.added;
  if (kind === KIND.removed) return MARKS.removed;
  if (kind === KIND.modified) return MARKS.modified;
  if (table.reason[row] === REASON.opaque) return MARKS.opaque;
  if (!touched(totals, row)) return MARKS.unchanged;
  return (
    <MixedMark added={totals.added[row] as number} modified={totals.modified[row] as number} removed={totals.removed[row] as number} />
  );
}

/** What changed or is hidden. */
export function whatCell(text: string): ReactElement | null {
  return text === '' ? null : (
    <span className={styles.what} title={text}>
      {text}
    </span>
  );
}

/** The bytes of a file, or of all files in a folder; `withPrevious`: after the bytes that a modified file had before. */
export function sizeCell(table: RowTable, totals: SubtreeTotals, row: number, withPrevious: boolean): ReactElement | null {
  const kind = table.kind[row];
  if (isFolder(table, row)) {
    const bytes = totals.size[row] as number;
    return bytes === 0 ? null : sizeText(bytes);
  }
  const type = table.type[row];
  if (type !== TYPE.file && type !== TYPE.hardlink) return null;
  const size = table.size[row] as number;
  if (kind === KIND.removed) return sizeText(size, styles.gone);
  if (type === TYPE.hardlink) return sizeText(size, styles.linked);
  const previous = table.previousSize[row] as number;
  if (!withPrevious || kind !== KIND.modified || previous === size) return sizeText(size);
  return (
    <span className={styles.change}>
      {sizeText(previous, styles.was)}
      <span className={styles.arrow}>→</span>
      {sizeText(size)}
    </span>
  );
}

/** A row's bytes as a share of the whole table's. */
export function shareCell(share: number): ReactElement | null {
  if (share <= 0) return null;
  const percent = share * 100;
  return (
    <span className={styles.share} title={`${percent < 0.1 ? 'under 0.1' : percent.toFixed(1)} % of the total`}>
      <span className={styles.bar} style={{ width: `${Math.max(1.5, percent)}%` }} />
    </span>
  );
}
