import type { Job } from '#contract';
import type { PlainError } from './changes/changes.ts';

/** A file on its way to the host, or that never got there. */
export interface Transfer {
  readonly id: string;
  readonly name: string;
  readonly sentBytes: number;
  readonly totalBytes: number | null;
  readonly error: PlainError | null;
}

export interface JobsState {
  /** As the host says, the oldest first. */
  readonly jobs: readonly Job[];
  readonly transfers: readonly Transfer[];
  /** Jobs that this window started: their image is shown when they are done. */
  readonly mine: readonly string[];
  /** Checks of digests that this window started: their outcome is told. */
  readonly checks: readonly string[];
  /** Exports that this window started: that they are done is told. */
  readonly saves: readonly string[];
}

export const initialJobs: JobsState = { jobs: [], transfers: [], mine: [], checks: [], saves: [] };

export type JobsAction =
  | { readonly type: 'jobsCame'; readonly jobs: readonly Job[] }
  | { readonly type: 'started'; readonly jobId: string }
  | { readonly type: 'checkStarted'; readonly jobId: string }
  | { readonly type: 'saveStarted'; readonly jobId: string }
  | { readonly type: 'settled'; readonly jobId: string }
  | { readonly type: 'transferStarted'; readonly id: string; readonly name: string; readonly totalBytes: number | null }
  | { readonly type: 'transferMoved'; readonly id: string; readonly sentBytes: number }
  | { readonly type: 'transferFailed'; readonly id: string; readonly error: PlainError }
  | { readonly type: 'transferEnded'; readonly id: string };

export function jobsReducer(state: JobsState, action: JobsAction): JobsState {
  switch (action.type) {
    case 'jobsCame':
      return { ...state, jobs: action.jobs };
    case 'started':
      return { ...state, mine: [...state.mine, action.jobId] };
    case 'checkStarted':
      return { ...state, checks: [...state.checks, action.jobId] };
    case 'saveStarted':
      return { ...state, saves: [...state.saves, action.jobId] };
    case 'settled': {
      const others = (ids: readonly string[]) => ids.filter((id) => id !== action.jobId);
      return { ...state, mine: others(state.mine), checks: others(state.checks), saves: others(state.saves) };
    }
    case 'transferStarted': {
      const { id, name, totalBytes } = action;
      return { ...state, transfers: [...state.transfers, { id, name, totalBytes, sentBytes: 0, error: null }] };
    }
    case 'transferMoved':
      return withTransfer(state, action.id, (transfer) => ({ ...transfer, sentBytes: action.sentBytes }));
    case 'transferFailed':
      return withTransfer(state, action.id, (transfer) => ({ ...transfer, error: action.error }));
    case 'transferEnded':
      return { ...state, transfers: state.transfers.filter((transfer) => transfer.id !== action.id) };
  }
}

function withTransfer(state: JobsState, id: string, change: (transfer: Transfer) => Transfer): JobsState {
  return { ...state, transfers: state.transfers.map((transfer) => (transfer.id === id ? change(transfer) : transfer)) };
}

/** Jobs to show: those that go on, and those that failed; what is done or cancelled speaks for itself. */
export function shownJobs(state: JobsState): readonly Job[] {
  return state.jobs.filter((job) => job.state === 'queued' || job.state === 'running' || job.state === 'failed');
}

export function runningCount(state: JobsState): number {
  const running = state.jobs.filter((job) => job.state === 'queued' || job.state === 'running').length;
  return running + state.transfers.filter((transfer) => transfer.error === null).length;
}

/** The job that reads this image, if one does. */
export function loadingJob(state: JobsState, archiveId: string, image: number): Job | null {
  const found = state.jobs.find(
    (job) =>
      (job.state === 'running' || job.state === 'queued') &&
      (job.kind === 'open' || job.kind === 'load') &&
      job.archiveId === archiveId &&
      (job.image === null || job.image === image),
  );
  return found ?? null;
}
