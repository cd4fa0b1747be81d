// Reads bodies that a table depends on: right away if that takes a moment, else as a job that shows its progress and can be cancelled.
import type { ImageRef } from '#contract';
import { isCancelled, LayerscopeError, throwIfCancelled } from '#model';
import type { ContentOptions } from '../read/read-contents.ts';
import type { Jobs } from './jobs.ts';

type Around = NonNullable<ContentOptions['around']>;

/** Bytes that are read in a moment. */
const AT_ONCE_BYTES = 16_000_000;

export interface ContentReading {
  /** For an answer that is no use unless complete: cancelling the job fails with CANCELLED. */
  forAnswer(ref: ImageRef, signal: AbortSignal): Around;
  /** For an answer that is useful anyway: cancelling the job keeps what was found so far. */
  asFarAsWanted(ref: ImageRef, signal: AbortSignal): Around;
}

/** `titleOf`: the title under which the job is shown. */
export function createContentReading(jobs: Jobs, titleOf: (archiveId: string) => string): ContentReading {
  const asJob = async ({ archiveId, image }: ImageRef, signal: AbortSignal, read: Parameters<Around>[1]): Promise<void> => {
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
    // The list forgets the oldest that ended: it may be this one.
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
