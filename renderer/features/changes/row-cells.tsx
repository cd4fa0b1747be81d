import type { SubtreeTotals } from '#changes';
import { displayPath, KIND, REASON, type RowTable, rowName, TYPE } from '#model';
import { Icon, type IconName } from '../../components/icons.tsx';
import { Mark, MixedMark } from '../../components/mark.tsx';
import { Size } from '../../components/size.tsx';
import { isFolder, touched } from './changes-state.ts';
import styles from './row-cells.module.css';

function iconOf(type: number): IconName {
  if (type === TYPE.directory) return 'folder';
  if (type === TYPE.symlink || type === TYPE.hardlink) return 'link';
  return type === TYPE.file ? 'file' : 'device';
}

/** Mark, symbol and name, a link's target behind it. */
export function NameCell({
  table,
  totals,
  row,
  level,
  open,
}: {
  table: RowTable;
  totals: SubtreeTotals;
  row: number;
  level: number;
  open: boolean;
}) {
  const name = displayPath(rowName(table, row));
  const kind = table.kind[row] as number;
  const parent = (table.subtreeEnd[row] as number) > row + 1;
  const target = table.links.get(row);
  const removed = kind === KIND.removed;
  return (
    <span className={styles.name} style={{ paddingLeft: level * 14 }}>
      {parent ? (
        <span className={styles.twisty} data-twisty="">
          <Icon name={open ? 'chevronDown' : 'chevronRight'} size={12} />
        </span>
      ) : (
        <span className={styles.twisty} />
      )}
      <RowMark table={table} totals={totals} row={row} />
      <Icon name={iconOf(table.type[row] as number)} size={14} className={`${styles.icon} ${isFolder(table, row) ? styles.folder : ''}`} />
      <span className={`${styles.text} ${removed ? styles.struck : ''}`} title={name}>
        {name}
        {table.type[row] === TYPE.directory ? <span className={styles.slash}>/</span> : null}
      </span>
      {target === undefined ? null : (
        <span className={styles.target} title={displayPath(target)}>
          {table.type[row] === TYPE.hardlink ? '=' : '→'} {displayPath(target)}
        </span>
      )}
    </span>
  );
}

function RowMark({ table, totals, row }: { table: RowTable; totals: SubtreeTotals; row: number }) {
  const kind = table.kind[row];
  if (kind === KIND.added) return <Mark name="added" />;
  if (kind === KIND.removed) return <Mark name="removed" />;
  if (kind === KIND.modified) return <Mark name="modified" />;
  if (table.reason[row] === REASON.opaque) return <Mark name="opaque" />;
  if (!touched(totals, row)) return <Mark name="unchanged" />;
  return (
    <MixedMark added={totals.added[row] as number} modified={totals.modified[row] as number} removed={totals.removed[row] as number} />
  );
}

/** What differs, what is hidden. */
export function WhatCell({ text }: { text: string }) {
  return (
    <span className={styles.what} title={text}>
      {text}
    </span>
  );
}

/** Of a folder the bytes below it; of a file its own, with those before where there is room. */
export function SizeCell({
  table,
  totals,
  row,
  withPrevious,
}: {
  table: RowTable;
  totals: SubtreeTotals;
  row: number;
  withPrevious: boolean;
}) {
  const kind = table.kind[row];
  if (isFolder(table, row)) {
    const bytes = totals.size[row] as number;
    return bytes === 0 ? <span /> : <Size bytes={bytes} />;
  }
  const type = table.type[row];
  if (type !== TYPE.file && type !== TYPE.hardlink) return <span />;
  const size = table.size[row] as number;
  if (kind === KIND.removed) return <Size bytes={size} className={styles.gone} />;
  if (type === TYPE.hardlink) return <Size bytes={size} className={styles.linked} />;
  const previous = table.previousSize[row] as number;
  if (withPrevious && kind === KIND.modified && previous !== size) {
    return (
      <span className={styles.change}>
        <Size bytes={previous} className={styles.was} />
        <span className={styles.arrow}>→</span>
        <Size bytes={size} />
      </span>
    );
  }
  return <Size bytes={size} />;
}

/** A row's bytes as a part of all that is shown. */
export function ShareCell({ share }: { share: number }) {
  if (share <= 0) return null;
  const percent = share * 100;
  return (
    <span className={styles.share} title={`${percent < 0.1 ? 'under 0.1' : percent.toFixed(1)} % of what is shown`}>
      <span className={styles.bar} style={{ width: `${Math.max(1.5, percent)}%` }} />
    </span>
  );
}
