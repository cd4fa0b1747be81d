import type { ReactNode } from 'react';
import { sideLetter } from '../../components/side-letter.ts';
import { useApp } from '../use-app.ts';
import { useVersionNames } from './use-version-names.ts';
import styles from './versions.module.css';

/** Two values of something that differs, one below the other: side A's and side B's, or before and after a change. */
export function Versions({ before, now }: { before: ReactNode; now: ReactNode }) {
  const compares = useApp((app) => app.selection.mode === 'compare');
  const names = useVersionNames();
  return (
    <dl className={styles.versions}>
      <dt className={compares ? `${sideLetter('A')} ${styles.letter}` : styles.version}>{names.before}</dt>
      <dd>{compares ? before : <del>{before}</del>}</dd>
      <dt className={compares ? `${sideLetter('B')} ${styles.letter}` : styles.version}>{names.now}</dt>
      {/* The sides of a comparison are equal; in a change, the new value matters. */}
      <dd>{compares ? now : <ins>{now}</ins>}</dd>
    </dl>
  );
}
