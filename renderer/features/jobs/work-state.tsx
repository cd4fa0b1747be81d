import type { ReactNode } from 'react';
import { Button } from '../../components/button.tsx';
import { Progress } from '../../components/progress.tsx';
import { words } from '../../words/index.ts';
import styles from './work-state.module.css';

/** Shown in place of what a job will produce: what it does, its progress, and a button that stops it. */
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
  /** Accessible name of the progress bar. */
  progress: string;
  done: number;
  total: number | null;
  phase: string;
  /** Null before the work can be stopped. */
  onCancel: (() => void) | null;
  /** Explains why the job takes time. */
  children?: ReactNode;
}) {
  return (
    <section className={styles.state} aria-label={title}>
      <h2 className={styles.title}>{title}</h2>
      <Progress label={progress} done={done} total={total} />
      <p className={`number ${styles.phase}`}>{phase === '' ? '\u00a0' : phase}</p>
      {children === undefined ? null : <p className={styles.why}>{children}</p>}
      <Button disabled={onCancel === null} onPress={() => onCancel?.()}>
        {words.cancel}
      </Button>
    </section>
  );
}
