import { displayText } from '#model';
import { Icon } from '../../components/icons.tsx';
import { MiddleText } from '../../components/middle-text.tsx';
import { Progress } from '../../components/progress.tsx';
import { type Arrival, arrivals } from '../../state/jobs.ts';
import { cancelJob, cancelTransfer } from '../../state/opening.ts';
import { words } from '../../words/index.ts';
import { formatSize } from '../../words/numbers.ts';
import item from '../list-item.module.css';
import { useApp } from '../use-app.ts';
import styles from './arrivals.module.css';
import { WorkState } from './work-state.tsx';

/** Returns all that is being opened, in the library or not. */
export function useOpening(): readonly Arrival[] {
  const jobs = useApp((app) => app.jobs);
  return arrivals(jobs, () => false);
}

/** Returns what is being opened and isn't in the library yet. */
export function useArrivals(): readonly Arrival[] {
  const jobs = useApp((app) => app.jobs);
  const archives = useApp((app) => app.archives);
  return arrivals(jobs, (id) => archives?.some(({ archiveId }) => archiveId === id) === true);
}

function stateOf({ isUpload, job, doneBytes, totalBytes }: Arrival): string {
  const phase = isUpload ? words.jobs.uploading : job?.state === 'queued' ? words.jobs.waiting : displayText(job?.phase ?? '');
  const amount = totalBytes !== null ? words.amountOf(doneBytes, totalBytes) : doneBytes > 0 ? formatSize(doneBytes) : '';
  return [phase, amount].filter((part) => part !== '').join(' · ');
}

/** Shown where an image will be: the first of what is being opened, its progress, and the number of others. */
export function ArrivalState({ all }: { all: readonly Arrival[] }) {
  const [first, ...others] = all;
  if (first === undefined) return null;
  const name = displayText(first.name);
  const cancel = () => (first.job === null ? cancelTransfer(first.id) : void cancelJob(first.job.jobId));
  return (
    <WorkState
      title={words.jobs.opening(name)}
      progress={words.jobs.openingProgress(name)}
      done={first.doneBytes}
      total={first.totalBytes}
      phase={`${stateOf(first)}${others.length === 0 ? '' : ` · ${words.andMore(others.length)}`}`}
      onCancel={cancel}
    />
  );
}

/** Like {@link ArrivalState}, for a file whose opening the host hasn't reported yet. */
export function AwaitedState({ name }: { name: string }) {
  const text = displayText(name);
  return (
    <WorkState
      title={words.jobs.opening(text)}
      progress={words.jobs.openingProgress(text)}
      done={0}
      total={null}
      phase=""
      onCancel={null}
    />
  );
}

/** A placeholder in the library for an image that is being opened. The list of running work can cancel the opening. */
export function ArrivalItem({ arrival }: { arrival: Arrival }) {
  const name = displayText(arrival.name);
  return (
    <li className={`${item.archive} ${styles.item}`}>
      <Icon name="image" className={item.icon ?? ''} />
      <span className={styles.words}>
        <MiddleText text={name} />
        <Progress label={words.jobs.openingProgress(name)} done={arrival.doneBytes} total={arrival.totalBytes} />
      </span>
    </li>
  );
}
