import type { EntryDetails } from '#contract';
import { displayPath, unescapePath } from '#model';
import { lastPart } from '../state/library.ts';
import { words } from '../words/index.ts';
import styles from './touches.module.css';

type TouchKind = EntryDetails['history'][number]['kind'];
type Well = 'below' | 'through' | 'above' | 'alone';

/** Which layers of a chain touch the selected path. */
export interface Touches {
  /** The path's name; empty without a path. */
  readonly name: string;
  readonly kinds: ReadonlyMap<number, TouchKind>;
}

export const NO_TOUCHES: Touches = { name: '', kinds: new Map() };

/** Returns which layers touch a path, and how, from the path's history. `path` is escaped. */
export function touchesOf(path: string | null, history: EntryDetails['history']): Touches {
  if (path === null) return NO_TOUCHES;
  return { name: lastPart(displayPath(unescapePath(path))), kinds: new Map(history.map(({ layer, kind }) => [layer, kind])) };
}

/** Returns a line for a layer's tooltip that explains its dot; empty if it has no dot. */
export function touchTitle({ name, kinds }: Touches, layer: number): string {
  const kind = kinds.get(layer);
  return kind === undefined ? '' : `\n${words.chain.dot[kind](name)}`;
}

/** Drawn to the left of a layer: a dot if the layer touches the selected path, and the line from the first dot to the last. */
export function TouchGutter({ touches: { kinds }, layer }: { touches: Touches; layer: number }) {
  const kind = kinds.get(layer);
  const well = wellOf(kinds, layer);
  return (
    <span className={styles.gutter} aria-hidden="true">
      {well === null ? null : <i className={`${styles.well} ${styles[well] ?? ''}`} />}
      {kind === undefined ? null : <i className={`${styles.dot} ${styles[kind]}`} data-touch={kind} />}
    </span>
  );
}

/** What {@link TouchGutter} shows, in words for screen readers, after a layer's text. */
export function TouchWords({ touches: { kinds }, layer }: { touches: Touches; layer: number }) {
  const kind = kinds.get(layer);
  return kind === undefined ? null : <span className="visually-hidden">{words.chain.touched[kind]}</span>;
}

function wellOf(kinds: Touches['kinds'], layer: number): Well | null {
  if (kinds.size === 0) return null;
  const [from, to] = [Math.min(...kinds.keys()), Math.max(...kinds.keys())];
  if (layer < from || layer > to) return null;
  if (from === to) return 'alone';
  return layer === to ? 'below' : layer === from ? 'above' : 'through';
}
