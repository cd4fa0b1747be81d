// Reads the file contents that a table depends on. Large reads run as a job with progress and cancel.
import type { ImageRef } from '#contract';
import { isCancelled, LayerscopeError, throwIfCancelled } from '#model';
import type { ContentOptions } from '../read/read-contents.ts';
import type { Jobs } from './jobs.ts';

type RunRead = NonNullable<ContentOptions['runRead']>;

/** Reads of up to this size aren't worth showing as a job. */
const AT_ONCE_BYTES = 16_000_000;

/** Ways to run a read of file contents, for `ContentOptions.runRead`. */
export interface ContentReading {
  /** For results that must be complete: cancelling the job throws CANCELLED. */
  forAnswer(ref: ImageRef, signal: AbortSignal): RunRead;
  /** For results that are useful even if incomplete: cancelling the job returns what was found so far. */
  asFarAsWanted(ref: ImageRef, signal: AbortSignal): RunRead;
}

/** Creates the readers. `titleOf` names the archive in the list of jobs. */
export function createContentReading(jobs: Jobs, titleOf: (archiveId: string) => string): ContentReading {
  const asJob = async ({ archiveId, image }: ImageRef, signal: AbortSignal, read: Parameters<RunRead>[1]): Promise<void> => {
    let failure: unknown = null;
    const jobId = jobs.start({ kind: 'compare', title: titleOf(archiveId), archiveId, image }, async ({ signal: cancelled, report }) => {
      try {
        await read({ signal: cancelled, onProgress: report });
      } catch (error) {
        failure = error;
        throw error;
      }
    });
    const onAbort = () => jobs.cancel(jobId);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const { state } = await jobs.ended(jobId);
    signal.removeEventListener('abort', onAbort);
    // The job may already be off the list, because the list drops the oldest finished jobs.
    if (jobs.list().some((job) => job.jobId === jobId)) jobs.dismiss(jobId);
    throwIfCancelled(signal);
    if (state === 'cancelled') throw new LayerscopeError('CANCELLED', 'the comparison was cancelled');
    if (state !== 'done') throw failure;
  };
  const forAnswer: ContentReading['forAnswer'] = (ref, signal) => (totalBytes, read) =>
    totalBytes <= AT_ONCE_BYTES ? read({ signal }) : asJob(ref, signal, read);
  return {
    forAnswer,
    asFarAsWanted: (ref, signal) => async (totalBytes, read) => {
      try {
        await forAnswer(ref, signal)(totalBytes, read);
      } catch (error) {
        if (signal.aborted || !isCancelled(error)) throw error;
      }
    },
  };
}
