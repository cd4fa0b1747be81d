import { useEffect, useState } from 'react';
import { hexLine } from '../../state/details/preview.ts';
import styles from './content-tab.module.css';
import { useLines } from './use-lines.ts';

/** A hex dump with 8 or 16 bytes per line, whichever fits. */
export function HexView({ bytes, label, base = 0 }: { bytes: Uint8Array; label: string; base?: number }) {
  const [columns, setColumns] = useState(8);
  const count = Math.ceil(bytes.length / columns);
  const { scroller, virtual, place } = useLines({ count, wraps: false });
  useEffect(() => {
    const { current } = scroller;
    if (current === null) return;
    const observer = new ResizeObserver(() => setColumns(current.clientWidth > 560 ? 16 : 8));
    observer.observe(current);
    return () => observer.disconnect();
  }, [scroller]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={`${styles.view} selectable`} ref={scroller} tabIndex={0} aria-label={label}>
      <div className={styles.lines} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const { offset, hex, text } = hexLine(bytes, index, columns, base);
          return (
            <div key={index} className={styles.line} {...place(index, start)}>
              <span className={styles.offset}>{offset}</span>
              <span className={styles.hex}>{hex}</span>
              <span className={styles.ascii}>{text}</span>
            </div>
          );
        })}
      </div>
    </section>
  );
}
