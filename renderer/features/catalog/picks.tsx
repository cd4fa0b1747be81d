import { Button } from '../../components/button.tsx';
import { MiddleText } from '../../components/middle-text.tsx';
import { sideLetter } from '../../components/side-letter.ts';
import type { TreeColumn } from '../../components/tree-grid.tsx';
import { inOrder, placeName } from '../../state/catalog/catalog.ts';
import { clearPicked, comparePicked, togglePicked } from '../../state/catalog/catalog-actions.ts';
import { words } from '../../words/index.ts';
import { useApp } from '../use-app.ts';
import styles from './picks.module.css';

const SIDES = ['A', 'B'] as const;

/** The checkboxes of images. */
export const PICK_COLUMN: TreeColumn = {
  id: 'pick',
  header: <span className="visually-hidden">{words.catalog.pickColumn}</span>,
  width: '16px',
};

/**
 * A checkbox that picks an image for comparison; renders nothing for a row without an image. It is only for the mouse, because screen
 * readers would read the row as a checkbox first. The row itself is one tab stop, handles the keys, and announces that it is picked.
 */
export function PickBox({ image, picked }: { image: number | null; picked: readonly number[] }) {
  if (image === null) return null;
  const isPicked = picked.includes(image);
  return (
    <>
      <span className={styles.box} aria-hidden="true" title={words.catalog.pickTitle} onClick={(event) => event.stopPropagation()}>
        <input type="checkbox" tabIndex={-1} checked={isPicked} onChange={() => togglePicked(image)} />
      </span>
      {isPicked ? <span className="visually-hidden">{words.catalog.picked}</span> : null}
    </>
  );
}

/** The bar below the images: the picked ones, and a button that compares two of them. */
export function Picks() {
  const { rows, picked } = useApp((app) => app.catalog);
  const [one, other] = picked;
  if (rows === null || one === undefined) return null;
  const order = other === undefined ? [one] : inOrder(rows, one, other);
  const images = order.flatMap((image) => rows.images[image] ?? []);
  return (
    <section className={styles.picks} aria-label={words.catalog.picks}>
      <p className={styles.text} role="status">
        {images.map((image, at) => (
          <span key={image.id} className={styles.side}>
            {other === undefined ? null : <span className={sideLetter(SIDES[at] ?? 'A')}>{SIDES[at]}</span>}
            <MiddleText text={placeName(image, 0)} />
          </span>
        ))}
        {other === undefined ? <span className={styles.hint}>{words.catalog.pickAnother}</span> : null}
      </p>
      <Button kind="primary" disabled={other === undefined} onPress={comparePicked}>
        {words.menus.compare}
      </Button>
      <Button kind="quiet" onPress={clearPicked}>
        {words.catalog.clearPicks}
      </Button>
    </section>
  );
}
