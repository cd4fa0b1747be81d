import type { ReactNode } from 'react';
import styles from './advice.module.css';

/** An option of a command line, up to the next space. */
const OPTION = /(--[a-z]\S*)/;

/** Advice, in which an option of a command line isn't broken at its hyphens: at most, it takes a line of its own. */
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
