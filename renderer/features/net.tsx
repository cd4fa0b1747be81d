import type { ReactNode } from 'react';
import { signedSize } from '../state/compare.ts';
import { words } from '../words/index.ts';
import styles from './net.module.css';

/**
 * How many more bytes something has than before, by one rule in all views: less stands out. No difference is left out of columns, which have
 * no `children`: a text with the size. `unit`: one that it shares with the sizes.
 */
export function Net({ bytes, unit = null, children }: { bytes: number; unit?: number | null; children?: ReactNode }) {
  if (bytes === 0 && children === undefined) return null;
  return (
    <span className={`number ${bytes < 0 ? styles.less : ''}`} title={words.exactBytes(bytes)}>
      {children ?? signedSize(bytes, unit)}
    </span>
  );
}
