import { MiddleText } from './middle-text.tsx';
import styles from './name-text.module.css';

/**
 * The name of an image, on two lines if one is too short: the second is the tag or digest. What is last is cut in the middle if it is too
 * long, so that the end of a name, a tag or a digest stays visible. The tooltip is that of what it is in.
 */
export function NameText({ text, className = '' }: { text: string; className?: string | undefined }) {
  const parts = text.split(/(?=@)|(?<!@.*)(?=:)/);
  const last = parts.pop() ?? '';
  return (
    <span className={`${styles.name} ${className}`}>
      {/* CSS draws the parts, so that screen readers see a single text. */}
      <span className="visually-hidden">{text}</span>
      <span className={styles.drawn} aria-hidden="true">
        {parts.map((part) => (
          <span key={part} className={styles.part} data-text={part} />
        ))}
        <MiddleText className={styles.last} text={last} title={null} />
      </span>
    </span>
  );
}
