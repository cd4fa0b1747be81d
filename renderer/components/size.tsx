import type { ReactElement } from 'react';
import { words } from '../words/index.ts';
import { type SizeUnit, sizeParts } from '../words/numbers.ts';
import styles from './size.module.css';

/**
 * A size, with its unit in a lighter tone and the exact bytes in the tooltip. `unit`: a unit shared with other sizes that this one is
 * compared with.
 */
export function Size({ bytes, className, unit = null }: { bytes: number; className?: string | undefined; unit?: SizeUnit | null }) {
  return sizeText(bytes, className, words.exactBytes(bytes), unit);
}

/**
 * Like {@link Size}, as a plain function, which is faster than a component for many rows. `title`: a tooltip instead of the exact bytes.
 */
export function sizeText(bytes: number, className = '', title = words.exactBytes(bytes), shared: SizeUnit | null = null): ReactElement {
  const { value, unit } = sizeParts(bytes, shared);
  return (
    <span className={`number ${className}`} title={title}>
      {value}
      <span className={styles.unit}> {unit}</span>
    </span>
  );
}

/** Returns a size as text, with exact bytes, for tooltips and screen readers. */
export function sizeTitle(bytes: number): string {
  return words.sizeInFull(bytes);
}
