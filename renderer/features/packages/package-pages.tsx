import type { ReactNode } from 'react';
import { MoreItems } from '../../components/first-items.tsx';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { hintFor } from '../../state/plain-error.ts';
import { words } from '../../words/index.ts';
import type { Answer } from '../use-request.ts';
import styles from './packages-view.module.css';

/** Number of rows listed at first, and added by each press of the button. The host lists at most 20 times as many. */
export const PAGE = 500;
const MOST = 10_000;
/** How long, in ms, typing must pause before a request is sent to the host. */
export const TYPING = 150;

/** A response whose rows come in pages: the rows so far, a button for more, or why there are none (yet). */
export function PackagePages<Report extends { readonly total: number; readonly rows: readonly unknown[] }>({
  answer,
  count,
  onCount,
  children,
}: {
  answer: Answer<Report>;
  /** Number of rows requested. */
  count: number;
  onCount: (count: number) => void;
  children: (report: Report) => ReactNode;
}) {
  if (answer.state === 'failed') {
    return (
      <Notice icon="error" title={words.packages.failed} tone="error">
        <ErrorText error={answer.error} hint={hintFor(answer.error)} />
      </Notice>
    );
  }
  if (answer.state !== 'ready') {
    return (
      <p role="status" className={styles.status}>
        {words.packages.reading}
      </p>
    );
  }
  return (
    <>
      {children(answer.value)}
      {answer.value.total > answer.value.rows.length && count < MOST ? (
        <MoreItems
          left={answer.value.total - answer.value.rows.length}
          step={Math.min(MOST - count, PAGE)}
          onMore={() => onCount(Math.min(MOST, count + PAGE))}
        />
      ) : null}
    </>
  );
}
