import { hexLine, hexShape } from '../../state/details/preview.ts';
import roll from './content-lines.module.css';
import styles from './content-tab.module.css';
import { useLines } from './use-lines.ts';
import { useRoom } from './use-room.ts';

/** Padding of a line and gaps between its parts, px, as in the stylesheet. */
const GAPS = 28;

/** A hex dump with as many bytes per line as fit. */
export function HexView({ bytes, label, base = 0 }: { bytes: Uint8Array; label: string; base?: number }) {
  const { room, ruler, view } = useRoom(GAPS);
  const shape = hexShape(room, base + bytes.length);
  const { columns } = shape;
  const count = Math.ceil(bytes.length / columns);
  const { virtual, place } = useLines({ count, wraps: false, view });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={`${roll.view} selectable`} ref={view} tabIndex={0} aria-label={label}>
      <div className={roll.lines} style={{ height: virtual.getTotalSize() }}>
        <i className={styles.ruler} ref={ruler} />
        {virtual.getVirtualItems().map(({ index, start }) => {
          const { offset, hex, text } = hexLine(bytes, index, shape, base);
          return (
            <div key={index} className={roll.line} {...place(index, start)}>
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
