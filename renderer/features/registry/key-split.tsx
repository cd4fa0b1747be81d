import { type CSSProperties, type ReactNode, useRef } from 'react';
import { Splitter } from '../../components/split-view.tsx';
import { heightOf, useMeasured, widthOf } from '../../components/use-measured.ts';
import { setLayout } from '../../state/app-state.ts';
import { PANE_LIMITS } from '../../state/layout.ts';
import { words } from '../../words/index.ts';
import { useApp } from '../use-app.ts';
import styles from './registry.module.css';

/** Width of the pane below which the values' data would have too little space next to the tree, px. */
const STACKED = 760;
/** Minimum space left for the values, next to the keys or below them, px. */
const LEAST_VALUES = { keysWidth: 320, keysHeight: 100 };
const SHARE = 0.4;

/**
 * The tree of keys and, next to it, or below it in a narrow pane, the chosen key. The line between them can be moved, and keeps its
 * position.
 */
export function KeySplit({ keys, children }: { keys: ReactNode; children: ReactNode }) {
  const layout = useApp((app) => app.layout);
  const split = useRef<HTMLDivElement>(null);
  const width = useMeasured(split, widthOf, 900);
  const height = useMeasured(split, heightOf, 600);
  const isStacked = width <= STACKED;
  const part = isStacked ? 'keysHeight' : 'keysWidth';
  const room = isStacked ? height : width;
  const { min } = PANE_LIMITS[part];
  const max = Math.max(min, Math.min(PANE_LIMITS[part].max, room - LEAST_VALUES[part]));
  const size = Math.round(Math.min(max, Math.max(min, layout[part] ?? room * SHARE)));
  return (
    <div className={`${styles.split} ${isStacked ? styles.stacked : ''}`} ref={split} style={{ '--keys': `${size}px` } as CSSProperties}>
      <div className={styles.keys}>
        <Splitter
          label={words.registry[part]}
          side={isStacked ? 'top' : 'left'}
          min={min}
          max={max}
          value={size}
          onChange={(value) => setLayout({ [part]: value })}
        />
        {keys}
      </div>
      <div className={styles.key}>{children}</div>
    </div>
  );
}
