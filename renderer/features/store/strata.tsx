import styles from './store.module.css';

/** Maximum number of layers drawn; older ones are left out. */
const MOST = 7;

/** A chain in miniature: its layers as strata, newest at the top, bigger layers taller. With `top`, the newest is a working copy. */
export function Strata({ sizes, top = false }: { sizes: readonly number[]; top?: boolean }) {
  const shown = sizes.slice(-MOST);
  const most = Math.max(1, ...shown);
  return (
    <span className={styles.strata} aria-hidden="true">
      {shown.map((size, index) => (
        <i
          // biome-ignore lint/suspicious/noArrayIndexKey: strata have no id and are never reordered
          key={index}
          className={top && index === shown.length - 1 ? styles.written : undefined}
          style={{ flexGrow: 1 + 3 * Math.sqrt(size / most) }}
        />
      ))}
    </span>
  );
}
