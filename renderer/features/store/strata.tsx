import styles from './store.module.css';

/** More are drawn as one. */
const MOST = 7;

/** A chain in small: its layers as strata, the newest at the top, higher where they are bigger. `top`: the newest is being written into. */
export function Strata({ sizes, top = false }: { sizes: readonly number[]; top?: boolean }) {
  const shown = sizes.slice(-MOST);
  const most = Math.max(1, ...shown);
  return (
    <span className={styles.strata} aria-hidden="true">
      {shown.map((size, index) => (
        <i
          // biome-ignore lint/suspicious/noArrayIndexKey: strata have nothing but their place
          key={index}
          className={top && index === shown.length - 1 ? styles.written : undefined}
          style={{ flexGrow: 1 + 3 * Math.sqrt(size / most) }}
        />
      ))}
    </span>
  );
}
