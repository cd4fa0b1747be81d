import type { LineRange } from '#contract';
import { displayText } from '#model';
import { words } from '../../words/index.ts';
import { CopyButton } from '../copy-button.tsx';
import styles from './line-list.module.css';

/** Lines beyond this aren't drawn; Copy includes them. */
const MAX_SHOWN = 200;

/** Lines of a file with their numbers. `text`: the lines of all ranges, concatenated. */
export function LineList({ ranges, text }: { ranges: readonly LineRange[]; text: string }) {
  const texts = text.split('\n');
  const numbers = ranges.flatMap(([first, last]) => Array.from({ length: Math.min(last - first + 1, MAX_SHOWN) }, (_, at) => first + at));
  return (
    <div className={styles.box}>
      <ol className={`${styles.lines} selectable`}>
        {numbers.slice(0, MAX_SHOWN).map((number, at) => (
          <li key={number} value={number} className={styles.line}>
            <span className={`number ${styles.number}`} aria-hidden="true">
              {number}
            </span>
            <code>{displayText(texts[at] ?? '')}</code>
          </li>
        ))}
      </ol>
      <CopyButton className={styles.copy} label={words.origin.copyLines} hasLines text={text} />
    </div>
  );
}
