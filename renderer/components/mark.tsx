import { words } from '../words/index.ts';
import { formatCount } from '../words/numbers.ts';
import styles from './mark.module.css';

export type MarkName = 'added' | 'modified' | 'rewritten' | 'removed' | 'opaque' | 'unchanged' | 'visible' | 'partlyHidden' | 'hidden';

const GLYPHS: Record<MarkName, string> = {
  added: '+',
  modified: '~',
  rewritten: '≈',
  removed: '−',
  opaque: '⊘',
  unchanged: '',
  visible: '',
  partlyHidden: '◐',
  hidden: '−',
};

/** A change as a coloured glyph, with the word for screen readers. `title` explains it. */
export function Mark({ name, title }: { name: MarkName; title?: string }) {
  return (
    <span className={`${styles.mark} ${styles[name]}`} role="img" aria-label={words.marks[name]} title={title}>
      {GLYPHS[name]}
    </span>
  );
}

/** Changes in a folder as a line of up to three colours. */
export function MixedMark({ added, modified, removed }: { added: number; modified: number; removed: number }) {
  const text = words.mixed({ added, modified, removed });
  return (
    <span className={styles.mixed} title={text} role="img" aria-label={words.contains(text)}>
      {added > 0 ? <i className={styles.partAdded} style={{ flexGrow: part(added) }} /> : null}
      {modified > 0 ? <i className={styles.partModified} style={{ flexGrow: part(modified) }} /> : null}
      {removed > 0 ? <i className={styles.partRemoved} style={{ flexGrow: part(removed) }} /> : null}
    </span>
  );
}

/** Returns a part's length relative to the other parts, on a logarithmic scale so that small numbers stay visible next to large ones. */
function part(count: number): number {
  return Math.log2(count + 1);
}

/** Counts of changes: `+312 ~18 −4`. */
export function Counts({ added, modified, removed }: { added: number; modified: number; removed: number }) {
  // An empty box has its own baseline, which would misalign the heading next to it.
  if (added + modified + removed === 0) return null;
  return (
    <span className={`number ${styles.counts}`}>
      <Count name="added" glyph="+" count={added} />
      <Count name="modified" glyph="~" count={modified} />
      <Count name="removed" glyph="−" count={removed} />
    </span>
  );
}

function Count({ name, glyph, count }: { name: 'added' | 'modified' | 'removed'; glyph: string; count: number }) {
  if (count === 0) return null;
  return (
    <span className={styles[name]}>
      <span aria-hidden="true">{glyph}</span>
      {formatCount(count)}
      <span className="visually-hidden"> {words.changed[name]}</span>
    </span>
  );
}
