import { displayPath, unescapePath } from '#model';
import { MiddleText } from '../../components/middle-text.tsx';
import { Size, sizeTitle } from '../../components/size.tsx';
import { goTo } from '../../state/choosing.ts';
import { words } from '../../words/index.ts';
import styles from './waste-panel.module.css';

/** A file or place with its bytes, which leads there. `whole`: the bytes of its list, which are a full bar. */
export function WasteRow({
  path,
  layer,
  bytes,
  whole,
  title,
  note,
}: {
  /** As escapePath prints it; null for many small places. */
  path: string | null;
  layer: number;
  bytes: number;
  whole: number;
  title: (name: string, size: string) => string;
  note?: string;
}) {
  const name = path === null ? words.waste.manyPlaces : displayPath(unescapePath(path));
  return (
    <li>
      <button
        type="button"
        className={styles.line}
        title={words.list([title(name, sizeTitle(bytes)), words.waste.shareOfList(bytes / whole)])}
        onClick={() => goTo(layer, path)}
      >
        <Size bytes={bytes} className={styles.size} />
        <WasteShare share={bytes / whole} />
        <MiddleText className={styles.path} text={name} />
        {note === undefined ? null : <span className={styles.note}>{note}</span>}
      </button>
    </li>
  );
}

/** A bar in a track, which is all bytes of the list. */
export function WasteShare({ share }: { share: number }) {
  return (
    <span className={styles.share}>
      <i style={{ width: `${share * 100}%` }} />
    </span>
  );
}
