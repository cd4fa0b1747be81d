import type { ReactNode } from 'react';
import { signedSize } from '../state/compare.ts';
import { words } from '../words/index.ts';
import styles from './net.module.css';

/**
 * How many bytes larger something has become, styled the same in all views: a decrease stands out. `children`: replaces the text with the
 * difference; without it, nothing is shown if there is no difference, as in columns. `unit`: the one that it shares with the sizes.
 */
export function Net({ bytes, unit = null, children }: { bytes: number; unit?: number | null; children?: ReactNode }) {
  if (bytes === 0 && children === undefined) return null;
  return (
    <span className={`number ${bytes < 0 ? styles.less : ''}`} title={words.exactBytes(bytes)}>
      {children ?? signedSize(bytes, unit)}
    </span>
  );
}
