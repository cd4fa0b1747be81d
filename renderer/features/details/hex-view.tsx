import { useEffect, useRef, useState } from 'react';
import { hexLine, hexShape } from '../../state/details/preview.ts';
import styles from './content-tab.module.css';
import { useLines } from './use-lines.ts';

/** Padding of a line and gaps between its parts, px, as in the styles. */
const GAPS = 28;

/** A hex dump with as many bytes per line as fit. */
export function HexView({ bytes, label, base = 0 }: { bytes: Uint8Array; label: string; base?: number }) {
  const [room, setRoom] = useState(0);
  const ruler = useRef<HTMLElement>(null);
  const shape = hexShape(room, base + bytes.length);
  const { columns } = shape;
  const count = Math.ceil(bytes.length / columns);
  const { scroller, virtual, place } = useLines({ count, wraps: false });
  useEffect(() => {
    const [view, measure] = [scroller.current, ruler.current];
    if (view === null || measure === null) return;
    // The ruler grows with the text, and so does what a line needs.
    const observer = new ResizeObserver(() => {
      setRoom(Math.floor(((view.clientWidth - GAPS) * 100) / measure.getBoundingClientRect().width));
    });
    observer.observe(view);
    observer.observe(measure);
    return () => observer.disconnect();
  }, [scroller]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={`${styles.view} selectable`} ref={scroller} tabIndex={0} aria-label={label}>
      <div className={styles.lines} style={{ height: virtual.getTotalSize() }}>
        <i className={styles.ruler} ref={ruler} />
        {virtual.getVirtualItems().map(({ index, start }) => {
          const { offset, hex, text } = hexLine(bytes, index, shape, base);
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
