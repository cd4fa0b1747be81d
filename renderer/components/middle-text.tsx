import styles from './middle-text.module.css';
import { tailStart } from './tail-start.ts';

/**
 * A name that is cut in the middle if it doesn't fit, because the end is distinctive. `title`: the full name for the tooltip, if `text` is
 * only part of it; null if what is around it has one. `mostTail`: how many characters of its end stay visible at most, where there is more room than in a list.
 */
export function MiddleText({
  text,
  title = text,
  className = '',
  mostTail,
}: {
  text: string;
  title?: string | null;
  className?: string | undefined;
  mostTail?: number;
}) {
  const at = tailStart(text, mostTail);
  return (
    <span className={`${styles.middle} ${className}`} title={title ?? undefined}>
      {/* CSS draws the two parts, so that screen readers see a single text. */}
      <span className="visually-hidden">{text}</span>
      <span className={styles.head} aria-hidden="true" data-text={text.slice(0, at)} />
      <span className={styles.tail} aria-hidden="true" data-text={text.slice(at)} />
    </span>
  );
}
