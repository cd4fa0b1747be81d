import type { Job } from '#contract';
import { displayText } from '#model';
import { Button, IconButton } from '../../components/button.tsx';
import { FirstItems } from '../../components/first-items.tsx';
import { Icon } from '../../components/icons.tsx';
import { MiddleText } from '../../components/middle-text.tsx';
import { ErrorText } from '../../components/notice.tsx';
import { Progress } from '../../components/progress.tsx';
import { shownJobs, type Transfer } from '../../state/jobs.ts';
import { lastPart } from '../../state/library.ts';
import { cancelJob, cancelTransfer, dismissFailed, dismissJob, dismissTransfer, retryJob } from '../../state/opening.ts';
import { hintFor, mayPass, messageAfter, type PlainError } from '../../state/plain-error.ts';
import { words } from '../../words/index.ts';
import { formatSize } from '../../words/numbers.ts';
import { CopyButton } from '../copy-button.tsx';
import { useApp } from '../use-app.ts';
import styles from './job-list.module.css';

/** Running work with its progress, and failed work with its reason until it is dismissed. */
export function JobList() {
  const state = useApp((app) => app.jobs);
  const jobs = shownJobs(state);
  if (jobs.length === 0 && state.transfers.length === 0) return null;
  const failed = [...state.transfers, ...jobs].filter(({ error }) => error !== null);
  return (
    <>
      {failed.length < 2 ? null : (
        <p className={styles.all}>
          <Button kind="quiet" onPress={dismissFailed}>
            {words.jobs.dismissAll(failed.length)}
          </Button>
        </p>
      )}
      <ul className={styles.list} aria-label={words.jobs.title}>
        <FirstItems items={state.transfers}>
          {(transfer) => (
            <li key={transfer.id}>
              <TransferRow transfer={transfer} />
            </li>
          )}
        </FirstItems>
        <FirstItems items={jobs}>
          {(job) => <li key={job.jobId}>{job.error === null ? <RunningRow job={job} /> : <FailedJob job={job} error={job.error} />}</li>}
        </FirstItems>
      </ul>
    </>
  );
}

/** Formats `41.2 of 117.0 MB`, or only the bytes done if the total isn't known. */
function amount(done: number, total: number | null): string {
  if (total === null) return done === 0 ? '' : formatSize(done);
  return words.amountOf(done, total);
}

function RunningRow({ job }: { job: Job }) {
  const title = displayText(job.title);
  const phase = job.state === 'queued' ? words.jobs.waiting : displayText(job.phase);
  return <Running title={title} phase={phase} done={job.doneBytes} total={job.totalBytes} onCancel={() => void cancelJob(job.jobId)} />;
}

function TransferRow({ transfer }: { transfer: Transfer }) {
  const retry = useApp((app) => app.jobs.retries.get(transfer.id) ?? null);
  const title = displayText(transfer.name);
  const { error, id } = transfer;
  if (error === null) {
    return (
      <Running
        title={title}
        phase={words.jobs.uploading}
        done={transfer.sentBytes}
        total={transfer.totalBytes}
        onCancel={() => cancelTransfer(id)}
      />
    );
  }
  return <Failed title={title} error={error} onRetry={retry} onDismiss={() => dismissTransfer(id)} />;
}

function Running({
  title,
  phase,
  done,
  total,
  onCancel,
}: {
  title: string;
  phase: string;
  done: number;
  total: number | null;
  onCancel: () => void;
}) {
  const text = amount(done, total);
  return (
    <div className={styles.row}>
      <div className={styles.top}>
        <MiddleText text={lastPart(title)} title={title} className={styles.title} />
        <IconButton small label={words.jobs.cancel(title)} icon="close" onPress={onCancel} />
      </div>
      <Progress label={words.jobs.progress(title)} done={done} total={total} />
      <div className={`number ${styles.phase}`} title={`${phase} · ${text}`}>
        <span>{phase}</span>
        {text === '' ? null : (
          <>
            {' '}
            <span>{text}</span>
          </>
        )}
      </div>
    </div>
  );
}

function FailedJob({ job, error }: { job: Job; error: PlainError }) {
  const canRetry = useApp((app) => app.jobs.retries.has(job.jobId));
  const onRetry = canRetry ? () => retryJob(job.jobId) : null;
  return <Failed title={displayText(job.title)} error={error} onRetry={onRetry} onDismiss={() => void dismissJob(job.jobId)} />;
}

function Failed({
  title,
  error,
  onRetry,
  onDismiss,
}: {
  title: string;
  error: PlainError;
  onRetry: (() => void) | null;
  onDismiss: () => void;
}) {
  const hint = hintFor(error);
  return (
    <div className={`${styles.row} ${styles.failed}`} role="alert">
      <div className={styles.top}>
        <Icon name="error" size={14} className={styles.icon ?? ''} />
        <span className={styles.title} title={title}>
          {title}
        </span>
        <CopyButton hasLines label={words.jobs.copyDetails} text={`${title}\n${error.message}\n${hint}\n${error.code}`} />
        <IconButton small label={words.jobs.dismiss(title)} icon="close" onPress={onDismiss} />
      </div>
      <div className={styles.reason}>
        <ErrorText error={{ ...error, message: messageAfter(title, error.message) }} hint={hint} hasCode={false} />
      </div>
      {onRetry === null || !mayPass(error) ? null : (
        <Button kind="quiet" icon="retry" onPress={onRetry}>
          {words.jobs.retry}
        </Button>
      )}
    </div>
  );
}
