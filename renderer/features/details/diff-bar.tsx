import { type ReactNode, useMemo, useState } from 'react';
import { IconButton } from '../../components/button.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { setLayout } from '../../state/app-state.ts';
import { keysOfId } from '../../state/key-names.ts';
import { words } from '../../words/index.ts';
import { useApp } from '../use-app.ts';
import { ContentBar } from './content-bar.tsx';
import styles from './diff-bar.module.css';
import frame from './diff-view.module.css';
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

/** Returns the steps through a diff's differences. `show` scrolls a line into view. */
export function useSteps(lines: readonly Line[], show: (line: number) => void): Steps {
  const [chosen, choose] = useState(0);
  const starts = useMemo(
    () => lines.flatMap((line, index) => (isDifferent(line) && !isDifferent(lines[index - 1]) ? [index] : [])),
    [lines],
  );
  // In another layout, differences separated by one equal line may be joined, so there may be fewer now than when `chosen` was set.
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

/** Where a diff is drawn. */
export interface DiffPlace {
  /** Width of the pane, px. */
  readonly room: number;
  /** Whether the sides are next to each other: the user's choice, if there is enough space. */
  readonly split: boolean;
  /** Facts about the file other than its differences. */
  readonly note: string;
  /** The choice of other views of the content. */
  readonly views: ReactNode;
}

/** Minimum width at which two halves of a line are readable side by side, px. */
export const SPLIT_ROOM = 500;
/** Minimum width at which the names of the versions fit into the bar, px. */
const LEGEND_ROOM = 440;
/** Width below which the bar takes two rows, so that the names fit again, px. */
const ROW_ROOM = 360;

/** The sums of a diff, buttons for the previous and next difference, and the choice of layout if there is one. */
export function DiffBar({ sum, steps, place: { room, note, views } }: { sum: string; steps: Steps; place: DiffPlace }) {
  const how = useApp((app) => app.layout.diffLayout);
  const names = useVersionNames();
  return (
    <ContentBar note={words.details.notes([sum, note])} views={views}>
      {room >= ROW_ROOM && room < LEGEND_ROOM ? null : (
        <span className={styles.legend} aria-hidden="true">
          <span className={frame.removed}>− {names.before}</span>
          <span className={frame.added}>+ {names.now}</span>
        </span>
      )}
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
      {room < SPLIT_ROOM ? null : (
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
      )}
    </ContentBar>
  );
}
