import styles from './side-letter.module.css';

/** Class of what has the colours of a comparison's side. */
export const sideColours = (side: 'A' | 'B'): string => styles[side] ?? '';

/** Classes of a side's letter. */
export const sideLetter = (side: 'A' | 'B'): string => `${styles.letter} ${sideColours(side)}`;
