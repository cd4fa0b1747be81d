import type { ReactNode } from 'react';
import { drawnText } from '../words/cut.ts';
import { Icon, type IconName } from './icons.tsx';
import styles from './notice.module.css';

/** Shown instead of a pane's content when there is none, while it is loading, or if loading it failed. */
export function Notice({
  icon,
  title,
  children,
  tone = 'plain',
}: {
  icon?: IconName;
  title: string;
  children?: ReactNode;
  tone?: 'plain' | 'error';
}) {
  return (
    // Takes over the focus from what it replaces, so that the keyboard keeps its place.
    <div className={`${styles.notice} ${styles[tone]}`} role={tone === 'error' ? 'alert' : undefined} tabIndex={-1} data-notice>
      {icon === undefined ? null : <Icon name={icon} size={20} className={styles.icon ?? ''} />}
      <p className={styles.title}>{title}</p>
      {children === undefined ? null : <div className={styles.body}>{children}</div>}
    </div>
  );
}

/** An error's message, hint and code. `hasCode` is false where the code isn't shown because copying the details includes it. */
export function ErrorText({
  error,
  hint,
  hasCode = true,
}: {
  error: { readonly code: string; readonly message: string };
  hint: string;
  hasCode?: boolean;
}) {
  return (
    <>
      <p className={`${styles.message} selectable`}>{drawnText(error.message)}</p>
      {hint === '' ? null : <p className={`${styles.hint} selectable`}>{hint}</p>}
      {hasCode ? <p className={`${styles.code} selectable`}>{error.code}</p> : null}
    </>
  );
}
