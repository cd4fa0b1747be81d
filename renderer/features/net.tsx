import type { ReactNode } from 'react';
import { signedSize } from '../state/compare.ts';
import { words } from '../words/index.ts';
import styles from './net.module.css';

/**
 * How many more bytes something has than before, by one rule in all views: less stands out. No difference is left out of columns, which have
 * no `children`: a text with the size.
 */
export function Net({ bytes, children }: { bytes: number; children?: ReactNode }) {
  if (bytes === 0 && children === undefined) return null;
  return (
    <span className={`number ${bytes < 0 ? styles.less : ''}`} title={words.exactBytes(bytes)}>
      {children ?? signedSize(bytes)}
    </span>
  );
}
