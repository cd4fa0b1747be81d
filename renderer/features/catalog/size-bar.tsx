import { words } from '../../words/index.ts';
import { formatSize } from '../../words/numbers.ts';
import styles from './catalog.module.css';

/**
 * A bar for a size, beside its figure. One that is longer than `full`, the bytes of a full bar, is drawn cut. `part`: bytes of it that are
 * drawn in another colour.
 */
export function SizeBar({ bytes, full, part = 0 }: { bytes: number; full: number; part?: number }) {
  const isCut = bytes > full;
  return (
    <span className={styles.track} aria-hidden="true" title={isCut ? words.catalog.barCut(formatSize(bytes)) : undefined}>
      <span
        className={`${styles.bar} ${isCut ? styles.cut : ''}`}
        style={{ width: `${Math.min(100, Math.max(1, (bytes / full) * 100))}%` }}
      >
        {part <= 0 ? null : <span className={styles.part} style={{ width: `${(part / Math.max(bytes, part)) * 100}%` }} />}
      </span>
    </span>
  );
}

/** The heading of a column of bars: how long they are. */
export function barHead(full: number) {
  const size = formatSize(full);
  return <span title={words.catalog.barWhy(size)}>{words.catalog.barHead(size)}</span>;
}
