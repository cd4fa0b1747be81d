import type { ArchiveSummary, ImageSummary } from '#contract';
import { displayText } from '#model';
import { Button } from '../components/button.tsx';
import { ErrorText, Notice } from '../components/notice.tsx';
import { Progress } from '../components/progress.tsx';
import { useApp } from '../features/use-app.ts';
import { loadingJob } from '../state/jobs.ts';
import { cancelJob, loadImage } from '../state/opening.ts';
import { hintFor, mayPass } from '../state/plain-error.ts';
import { words } from '../words/index.ts';
import { formatSize } from '../words/numbers.ts';
import styles from './reading-state.module.css';

/** Shown instead of the changes until the layers are read, or with the reason why they can't be read. */
export function ReadingState({ archive, image }: { archive: ArchiveSummary; image: ImageSummary }) {
  const jobs = useApp((app) => app.jobs);
  const job = loadingJob(jobs, archive.archiveId, image.index);
  if (job !== null) {
    const amount = job.totalBytes === null ? formatSize(job.doneBytes) : words.amountOf(job.doneBytes, job.totalBytes);
    return (
      <Notice title={words.frame.readingLayers}>
        <div className={styles.work}>
          <Progress label={words.frame.readingProgress} done={job.doneBytes} total={job.totalBytes} />
          <p className={`number ${styles.phase}`}>
            {displayText(job.phase)} · {amount}
          </p>
          <Button onPress={() => void cancelJob(job.jobId)}>{words.cancel}</Button>
        </div>
      </Notice>
    );
  }
  const failed = jobs.jobs.findLast((each) => each.archiveId === archive.archiveId && each.image === image.index && each.error !== null);
  const again = (
    <p className={styles.again}>
      <Button onPress={() => void loadImage(archive.archiveId, image.index)}>{words.frame.readLayers}</Button>
    </p>
  );
  if (failed?.error) {
    return (
      <Notice icon="error" title={words.frame.couldNotRead} tone="error">
        <ErrorText error={failed.error} hint={hintFor(failed.error)} />
        {mayPass(failed.error) ? again : null}
      </Notice>
    );
  }
  return (
    <Notice icon="image" title={words.frame.notRead}>
      {again}
    </Notice>
  );
}
