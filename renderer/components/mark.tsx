import { formatCount } from '#model';
import styles from './mark.module.css';

export type MarkName = 'added' | 'modified' | 'removed' | 'opaque' | 'unchanged';

const GLYPHS: Record<MarkName, string> = { added: '+', modified: '~', removed: '−', opaque: '⊘', unchanged: '' };

/** A change as a coloured glyph, with the word for screen readers. */
export function Mark({ name }: { name: MarkName }) {
  return (
    <span className={`${styles.mark} ${styles[name]}`} role="img" aria-label={name}>
      {GLYPHS[name]}
    </span>
  );
}

/** Changes in a folder as a line of up to three colours. */
export function MixedMark({ added, modified, removed }: { added: number; modified: number; removed: number }) {
  const words = [added > 0 ? `${added} added` : '', modified > 0 ? `${modified} modified` : '', removed > 0 ? `${removed} removed` : ''];
  const text = words.filter((word) => word !== '').join(', ');
  return (
    <span className={styles.mixed} title={text} role="img" aria-label={`contains ${text}`}>
      {added > 0 ? <i className={styles.partAdded} style={{ flexGrow: part(added) }} /> : null}
      {modified > 0 ? <i className={styles.partModified} style={{ flexGrow: part(modified) }} /> : null}
      {removed > 0 ? <i className={styles.partRemoved} style={{ flexGrow: part(removed) }} /> : null}
    </span>
  );
}

/** A logarithmic share, so that few beside many are visible. */
function part(count: number): number {
  return Math.log2(count + 1);
}

/** `+312 ~18 −4` */
export function Counts({ added, modified, removed }: { added: number; modified: number; removed: number }) {
  // An empty box has a baseline of its own and would push the heading beside it out of line.
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
      <span className="visually-hidden"> {name}</span>
    </span>
  );
}
