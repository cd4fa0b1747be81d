import type { ReactNode } from 'react';
import { signedSize } from '../state/compare.ts';
import { words } from '../words/index.ts';
import styles from './net.module.css';

/**
 * By how many bytes something grew. A decrease is highlighted, in the same way in all views. `children`: text that includes the size.
 * Without it, as in columns, a difference of zero is left empty.
 */
export function Net({ bytes, children }: { bytes: number; children?: ReactNode }) {
  if (bytes === 0 && children === undefined) return null;
  return (
    <span className={`number ${bytes < 0 ? styles.less : ''}`} title={words.exactBytes(bytes)}>
      {children ?? signedSize(bytes)}
    </span>
  );
}
