import { useEffect, useState } from 'react';
import { hexLine } from '../../state/details/preview.ts';
import { useApp } from '../use-app.ts';
import styles from './content-tab.module.css';
import { useLines } from './use-lines.ts';

/** Returns the width of a line, px: offset, bytes and text, of letters that are 0.62 em wide at most, and the space around them. */
function lineWidth(columns: number, size: number): number {
  return (8 + 4 * columns) * size * 0.62 + 40;
}

/** A hex dump with as many bytes per line as fit: 4, 8 or 16. */
export function HexView({ bytes, label, base = 0 }: { bytes: Uint8Array; label: string; base?: number }) {
  const [columns, setColumns] = useState(8);
  const size = useApp((app) => app.layout.previewText);
  const count = Math.ceil(bytes.length / columns);
  const { scroller, virtual, place } = useLines({ count, wraps: false });
  useEffect(() => {
    const { current } = scroller;
    if (current === null) return;
    const observer = new ResizeObserver(() => setColumns([16, 8].find((each) => lineWidth(each, size) <= current.clientWidth) ?? 4));
    observer.observe(current);
    return () => observer.disconnect();
  }, [scroller, size]);
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
