import { barWidth } from '../../state/sizes.ts';
import { words } from '../../words/index.ts';
import { formatSize } from '../../words/numbers.ts';
import styles from './catalog.module.css';

/**
 * A bar for a size, next to its figure. `full`: the bytes of a full bar, which is the largest size. `part`: how many of the bytes are drawn
 * in another colour.
 */
export function SizeBar({ bytes, full, part = 0 }: { bytes: number; full: number; part?: number }) {
  return (
    <span className={styles.track} aria-hidden="true">
      <span className={styles.bar} style={{ width: barWidth(bytes, full) }}>
        {part <= 0 ? null : <span className={styles.part} style={{ width: `${(part / Math.max(bytes, part)) * 100}%` }} />}
      </span>
    </span>
  );
}

/** Returns the bytes of a full bar. */
export function largest(sizes: readonly number[]): number {
  return sizes.reduce((most, size) => Math.max(most, size), 1);
}

/** Returns the heading of a column of bars, which states their scale. */
export function barHead(full: number) {
  return <span title={words.catalog.barWhy(formatSize(full))}>{words.catalog.barHead}</span>;
}
