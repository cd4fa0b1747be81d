import type { ReactNode } from 'react';
import styles from './content-bar.module.css';

/** The row above a file's content: a note about it, tools, and at the right the choice of views. */
export function ContentBar({ note, views, children }: { note: string; views: ReactNode; children?: ReactNode }) {
  return (
    <div className={styles.bar} data-content-bar="">
      {note === '' ? null : <span className={`number ${styles.note}`}>{note}</span>}
      {children}
      <span className={styles.views}>{views}</span>
    </div>
  );
}
