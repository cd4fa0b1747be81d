import type { ReactElement } from 'react';
import { formatCount, formatSize, sizeParts } from '#model';
import styles from './size.module.css';

/** A size: decimal unit in a lighter tone, exact bytes in the title. */
export function Size({ bytes, className }: { bytes: number; className?: string | undefined }) {
  return sizeText(bytes, className);
}

/** The same as a function, which is faster for many rows. */
export function sizeText(bytes: number, className = ''): ReactElement {
  const { value, unit } = sizeParts(bytes);
  return (
    <span className={`number ${className}`} title={`${formatCount(bytes)} bytes`}>
      {value}
      <span className={styles.unit}> {unit}</span>
    </span>
  );
}

/** The same as text, with exact bytes, for titles and screen readers. */
export function sizeTitle(bytes: number): string {
  return bytes < 1000 ? `${bytes} bytes` : `${formatSize(bytes)} (${formatCount(bytes)} bytes)`;
}
