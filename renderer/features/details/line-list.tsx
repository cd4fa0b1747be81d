import type { LineRange } from '#contract';
import { displayText } from '#model';
import { FirstItems } from '../../components/first-items.tsx';
import { lineText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { CopyButton } from '../copy-button.tsx';
import styles from './line-list.module.css';

/** Lines of a file with their numbers. `text`: the lines of all ranges, concatenated. `first`: how many are drawn at first. */
export function LineList({ ranges, text, first = 200 }: { ranges: readonly LineRange[]; text: string; first?: number }) {
  const texts = text.split('\n');
  const numbers = numbersOf(ranges, texts.length);
  return (
    <div className={styles.box}>
      <ol className={`${styles.lines} selectable`}>
        <FirstItems items={numbers} first={first}>
          {(number, at) => (
            <li key={number} value={number} className={styles.line}>
              <span className={`number ${styles.number}`} aria-hidden="true">
                {number}
              </span>
              <code>{displayText(lineText(texts[at] ?? '', numbers.length))}</code>
            </li>
          )}
        </FirstItems>
      </ol>
      <CopyButton className={styles.copy} label={words.origin.copyLines} hasLines text={text} />
    </div>
  );
}

/** Returns the numbers of the first `most` lines. An attestation may state ranges of any length. */
function numbersOf(ranges: readonly LineRange[], most: number): readonly number[] {
  const numbers: number[] = [];
  for (const [first, last] of ranges) {
    for (let line = first; line <= last && numbers.length < most; line++) numbers.push(line);
  }
  return numbers;
}
