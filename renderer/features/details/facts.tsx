import type { ReactNode } from 'react';
import { Breakable } from '../../components/breakable.tsx';
import { words } from '../../words/index.ts';
import { CopyButton } from '../copy-button.tsx';
import styles from './facts.module.css';

/** Labels and values in two columns. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className={styles.facts}>{children}</dl>;
}

/** One line of {@link Facts}. `copy` adds a button that copies that text. */
export function Fact({
  label,
  children,
  copy,
  title,
  mono = false,
  main = false,
  below = false,
  number = false,
  copiesLines = false,
}: {
  label: string;
  children: ReactNode;
  copy?: string | undefined;
  /** Whether `copy` has several lines. */
  copiesLines?: boolean;
  /** What the label means. */
  title?: string;
  mono?: boolean;
  /** Whether the value is the one that matters most in its section. */
  main?: boolean;
  /** Whether the value is below the label, at full width. */
  below?: boolean;
  /** Whether the value is a number, perhaps followed by a note. Numbers are right-aligned with each other. */
  number?: boolean;
}) {
  return (
    <div className={`${styles.fact} ${main ? styles.main : ''} ${below ? styles.below : ''}`} title={title}>
      <dt className={`${styles.label} ${title === undefined ? '' : styles.explained}`}>
        <Breakable text={label} />
      </dt>
      <dd className={styles.line}>
        <span className={`${styles.value} ${mono ? styles.mono : ''} ${number ? styles.number : ''} selectable`}>{children}</span>
        {copy === undefined ? null : <CopyButton className={styles.copy} hasLines={copiesLines} label={words.copyThe(label)} text={copy} />}
      </dd>
    </div>
  );
}

export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles.section}>
      <h3 className={styles.title}>{title}</h3>
      {children}
    </section>
  );
}
