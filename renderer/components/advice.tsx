import type { ReactNode } from 'react';
import styles from './advice.module.css';

/** A command-line option, up to the next space. */
const OPTION = /(--[a-z]\S*)/;

/** Advice whose command-line options aren't broken at their hyphens: an option that doesn't fit wraps to the next line. */
export function Advice({ text }: { text: string }): ReactNode {
  return text.split(OPTION).map((part, at) =>
    at % 2 === 0 ? (
      part
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text are never reordered
      <span key={at} className={styles.option}>
        {part}
      </span>
    ),
  );
}
