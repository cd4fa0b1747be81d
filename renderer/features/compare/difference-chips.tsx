import { useMemo } from 'react';
import { countDifferences, DIFFERENCE_CLASS } from '#changes';
import { dispatchChanges } from '../../state/app-state.ts';
import type { ChangesState } from '../../state/changes/changes.ts';
import { words } from '../../words/index.ts';
import { formatCount } from '../../words/numbers.ts';
import styles from '../changes/filter-bar.module.css';

const CLASSES = ['content', 'metadata', 'time'] as const;

/** Chips for the ways in which modified paths of a comparison differ, next to the chip for modified paths, whose count they add up to. */
export function DifferenceChips({ state: { table, filter } }: { state: ChangesState }) {
  const counts = useMemo(() => (table === null ? null : countDifferences(table)), [table]);
  const shown = filter.differences ?? 0;
  const classes = CLASSES.filter((name) => counts !== null && counts[name] > 0);
  if (counts === null || classes.length === 0) return null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset can't be laid out as a flex row
    <span className={`${styles.kinds} ${styles.ofModified}`} role="group" aria-label={words.compare.classes}>
      {classes.map((name) => {
        const bit = DIFFERENCE_CLASS[name];
        const pressed = (shown & bit) !== 0;
        return (
          <button
            key={name}
            type="button"
            className={styles.kind}
            aria-pressed={pressed}
            title={words.compare.classTitle(pressed ? words.compare.hideClass[name] : words.compare.showClass[name], counts[name])}
            onClick={() => dispatchChanges({ type: 'filtered', filter: { ...filter, differences: shown ^ bit } })}
          >
            <span className={styles.word}>{words.compare.classNames[name]}</span>
            <span className={`number ${styles.count}`}>{formatCount(counts[name])}</span>
          </button>
        );
      })}
    </span>
  );
}
