import type { AppState } from './app-state.ts';

type Known = Pick<AppState, 'archives' | 'catalogs' | 'awaited' | 'jobs'>;

/**
 * Returns the name of what a window without an image is about to open, although no report has a running job for it; empty if the host hasn't
 * said yet what there is; null if nothing is to be opened.
 */
export function awaitedName({ archives, catalogs, awaited, jobs: { isReported, jobs, own } }: Known): string | null {
  if (archives === null || catalogs === null || awaited === null || !isReported) return '';
  const [first] = awaited;
  if (first !== undefined) return first.name;
  // A job that was started but not reported yet, or one whose archive isn't listed yet.
  for (const { jobId, purpose } of own) {
    if (purpose.kind !== 'open') continue;
    const job = jobs.find((each) => each.jobId === jobId);
    if (job === undefined) return '';
    if (job.state === 'done' && job.archiveId !== null && !archives.some(({ archiveId }) => archiveId === job.archiveId)) return job.title;
  }
  return null;
}
