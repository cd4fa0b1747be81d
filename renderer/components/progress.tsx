import { ProgressBar } from 'react-aria-components/ProgressBar';
import styles from './progress.module.css';

/** A progress bar, or a moving stripe if the total is unknown. */
export function Progress({ label, done, total }: { label: string; done: number; total: number | null }) {
  const known = total !== null && total > 0;
  const share = known ? Math.min(100, (done / total) * 100) : 0;
  return (
    <ProgressBar className={styles.progress ?? ''} aria-label={label} {...(known ? { value: share } : { isIndeterminate: true })}>
      <span className={known ? styles.fill : styles.stripe} style={known ? { width: `${share}%` } : {}} />
    </ProgressBar>
  );
}
