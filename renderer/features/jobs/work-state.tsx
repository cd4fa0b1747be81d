import type { ReactNode } from 'react';
import { Button } from '../../components/button.tsx';
import { Progress } from '../../components/progress.tsx';
import { words } from '../../words/index.ts';
import styles from './work-state.module.css';

/** Work in the place of what it makes: what is done, how far it is, and a button that ends it. */
export function WorkState({
  title,
  progress,
  done,
  total,
  phase,
  onCancel,
  children,
}: {
  title: string;
  /** The bar's name. */
  progress: string;
  done: number;
  total: number | null;
  phase: string;
  onCancel: () => void;
  /** Why it takes time. */
  children?: ReactNode;
}) {
  return (
    <section className={styles.state} aria-label={title}>
      <h2 className={styles.title}>{title}</h2>
      <Progress label={progress} done={done} total={total} />
      <p className={`number ${styles.phase}`}>{phase}</p>
      {children === undefined ? null : <p className={styles.why}>{children}</p>}
      <Button onPress={onCancel}>{words.cancel}</Button>
    </section>
  );
}
