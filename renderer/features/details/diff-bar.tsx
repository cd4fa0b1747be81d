import { useMemo, useState } from 'react';
import { IconButton } from '../../components/button.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { setLayout } from '../../state/app-state.ts';
import { keysOfId } from '../../state/key-names.ts';
import { words } from '../../words/index.ts';
import { useApp } from '../use-app.ts';
import styles from './content-diff.module.css';
import { useVersionNames } from './use-version-names.ts';

/** A line of a diff. A run of lines that are neither `same` nor a `fold` is a difference. */
interface Line {
  readonly kind: string;
}

const isDifferent = (line: Line | undefined) => line !== undefined && line.kind !== 'same' && line.kind !== 'fold';

/** The differences among the shown lines, one of which is current. */
export interface Steps {
  readonly count: number;
  /** Index of the current difference. */
  readonly at: number;
  /** Whether a line belongs to the current difference. */
  has(line: number): boolean;
  /** Makes the next or previous difference current, and scrolls it into view. */
  go(step: 1 | -1): void;
}

/** `show` scrolls a line into view. */
export function useSteps(lines: readonly Line[], show: (line: number) => void): Steps {
  const [chosen, choose] = useState(0);
  const starts = useMemo(
    () => lines.flatMap((line, index) => (isDifferent(line) && !isDifferent(lines[index - 1]) ? [index] : [])),
    [lines],
  );
  // Lines change with the layout, and differences separated by an equal line may be joined.
  const at = Math.min(chosen, Math.max(0, starts.length - 1));
  const [from, to] = [starts[at] ?? 0, starts[at + 1] ?? lines.length];
  return {
    count: starts.length,
    at,
    has: (line) => starts.length > 1 && line >= from && line < to && isDifferent(lines[line]),
    go: (step) => {
      const next = (at + step + starts.length) % starts.length;
      const line = starts[next];
      if (line === undefined) return;
      choose(next);
      show(line);
    },
  };
}

/** A summary of the diff, the buttons that step through its differences, and the choice of layout. */
export function DiffBar({ note, steps }: { note: string; steps: Steps }) {
  const how = useApp((app) => app.layout.diffLayout);
  const names = useVersionNames();
  return (
    <div className={styles.bar}>
      <span className={`number ${styles.note}`}>{note}</span>
      <span className={styles.legend} aria-hidden="true">
        <span className={styles.removed}>− {names.before}</span>
        <span className={styles.added}>+ {names.now}</span>
      </span>
      {steps.count < 2 ? null : (
        <span className={styles.steps} data-differences="">
          <span className={`number ${styles.at}`} role="status">
            {words.details.differenceAt(steps.at + 1, steps.count)}
          </span>
          <IconButton
            small
            label={words.details.previousDifference}
            keys={keysOfId('previous-difference')}
            icon="chevronUp"
            onPress={() => steps.go(-1)}
          />
          <IconButton
            small
            label={words.details.nextDifference}
            keys={keysOfId('next-difference')}
            icon="chevronDown"
            onPress={() => steps.go(1)}
          />
        </span>
      )}
      <Segmented
        small
        label={words.details.layout}
        value={how}
        options={[
          { value: 'unified', label: words.details.layouts.unified },
          { value: 'split', label: words.details.layouts.split },
        ]}
        onChange={(diffLayout) => setLayout({ diffLayout })}
      />
    </div>
  );
}
