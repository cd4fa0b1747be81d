import styles from './middle-text.module.css';
import { tailStart } from './tail-start.ts';

/**
 * A name that is cut in the middle if it doesn't fit, because the end is distinctive. `title`: the full name for the tooltip, if `text` is
 * only part of it.
 */
export function MiddleText({ text, title = text, className = '' }: { text: string; title?: string; className?: string | undefined }) {
  const at = tailStart(text);
  return (
    <span className={`${styles.middle} ${className}`} title={title}>
      {/* CSS draws the two parts, so that screen readers see a single text. */}
      <span className="visually-hidden">{text}</span>
      <span className={styles.head} aria-hidden="true" data-text={text.slice(0, at)} />
      <span className={styles.tail} aria-hidden="true" data-text={text.slice(at)} />
    </span>
  );
}
