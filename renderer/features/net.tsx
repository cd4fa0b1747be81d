import type { ReactNode } from 'react';
import { signedSize } from '../state/compare.ts';
import { words } from '../words/index.ts';
import styles from './net.module.css';

/** How many more bytes something has than before, by one rule in all views: less stands out, and no difference is left out. */
export function Net({ bytes, children = signedSize(bytes) }: { bytes: number; children?: ReactNode }) {
  if (bytes === 0) return null;
  return (
    <span className={`number ${bytes < 0 ? styles.less : ''}`} title={words.exactBytes(bytes)}>
      {children}
    </span>
  );
}
