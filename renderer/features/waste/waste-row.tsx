import { displayPath, unescapePath } from '#model';
import { MiddleText } from '../../components/middle-text.tsx';
import { Size, sizeTitle } from '../../components/size.tsx';
import { goTo } from '../../state/choosing.ts';
import { words } from '../../words/index.ts';
import styles from './waste-panel.module.css';

/** A file or place with its bytes, which leads there. `largest`: the bytes of a full bar. */
export function WasteRow({
  path,
  layer,
  bytes,
  largest,
  title,
  note,
}: {
  /** As escapePath prints it; null for many small places. */
  path: string | null;
  layer: number;
  bytes: number;
  largest: number;
  title: (name: string, size: string) => string;
  note?: string;
}) {
  const name = path === null ? words.waste.manyPlaces : displayPath(unescapePath(path));
  return (
    <li>
      <button type="button" className={styles.line} title={title(name, sizeTitle(bytes))} onClick={() => goTo(layer, path)}>
        <Size bytes={bytes} className={styles.size} />
        <span className={styles.share}>
          <i style={{ width: `${Math.max(2, (bytes / largest) * 100)}%` }} />
        </span>
        <MiddleText className={styles.path} text={name} />
        {note === undefined ? null : <span className={styles.note}>{note}</span>}
      </button>
    </li>
  );
}
