import { sideLetter } from '../components/side-letter.ts';
import { sidesShowing } from '../state/selection.ts';
import styles from './side-marks.module.css';
import { useApp } from './use-app.ts';

/** Returns which sides of the comparison show an image; none if it isn't open. */
export function useSidesOf(archiveId: string | undefined, image: number | null): ReturnType<typeof sidesShowing> {
  return useApp(({ selection }) => (archiveId === undefined || image === null ? '' : sidesShowing(selection, archiveId, image)));
}

/** The letters of the given sides, in place of an icon. Their meaning must be given elsewhere. */
export function SideMarks({ sides }: { sides: string }) {
  return (
    <span className={styles.marks} aria-hidden="true" data-sides={sides}>
      {(['A', 'B'] as const).map((side) =>
        sides.includes(side) ? (
          <span key={side} className={sideLetter(side)}>
            {side}
          </span>
        ) : null,
      )}
    </span>
  );
}
