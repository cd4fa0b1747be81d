import styles from './catalog.module.css';

/** What the colours of a picture mean. */
export function Legend({
  title,
  items,
}: {
  /** What the picture shows. */
  title: string;
  items: readonly { readonly colour: 'accent' | 'empty' | 'share'; readonly text: string }[];
}) {
  return (
    <p className={styles.legend}>
      <span>{title}</span>
      {items.map(({ colour, text }) => (
        <span key={text} className={styles.legendItem}>
          <i className={`${styles.swatch} ${styles[colour]}`} />
          {text}
        </span>
      ))}
    </p>
  );
}
