import styles from './side-letter.module.css';

/** Returns the class that gives an element the colours of a comparison's side. */
export const sideColours = (side: 'A' | 'B'): string => styles[side] ?? '';

/** Returns the classes of a side's letter. */
export const sideLetter = (side: 'A' | 'B'): string => `${styles.letter} ${sideColours(side)}`;
