import styles from './name-text.module.css';

/** The name of an image, on two lines if one is too short: the second is the tag or digest, which is never cut for the repository's sake. */
export function NameText({ text, className = '' }: { text: string; className?: string | undefined }) {
  return (
    <span className={`${styles.name} ${className}`}>
      {/* CSS draws the parts, so that screen readers see a single text. */}
      <span className="visually-hidden">{text}</span>
      {text.split(/(?=@)|(?<!@.*)(?=:)/).map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other name, and never move
        <span key={index} className={styles.part} aria-hidden="true" data-text={part} />
      ))}
    </span>
  );
}
