import type { Job } from '#contract';
import type { PlainError } from './plain-error.ts';
import type { Side } from './selection.ts';

/** A file on its way to the host, or that never got there. */
export interface Transfer {
  readonly id: string;
  readonly name: string;
  readonly sentBytes: number;
  readonly totalBytes: number | null;
  readonly error: PlainError | null;
  /** Aborts an upload that is under way. */
  readonly cancel: () => void;
}

/** Why this window started a job: what it does when the job ends. */
export type Purpose =
  /**
   * Shows the image: by itself, or compared with side A. `offersImport`: offers to import it to the store, too. `isShown`: it is shown
   * already, while its layers are still being read.
   */
  | { readonly kind: 'open'; readonly sideA: Side | null; readonly offersImport: boolean; readonly isShown: boolean }
  /** Says whether the digests match. */
  | { readonly kind: 'check' }
  /** Says that the file is saved. */
  | { readonly kind: 'save' }
  /** Runs `onDone` once the reports of the stores include what the job did. */
  | { readonly kind: 'store'; readonly onDone: () => void };

export interface OwnJob {
  readonly jobId: string;
  readonly purpose: Purpose;
}

export interface JobsState {
  /** As the host reports them, the oldest first. */
  readonly jobs: readonly Job[];
  readonly transfers: readonly Transfer[];
  /** How many transfers there have been; ids are made of it. */
  readonly transferCount: number;
  /** Jobs that this window started and whose end it has not acted on yet. */
  readonly own: readonly OwnJob[];
  /** How to try a job or a transfer again, by its id; only where the file is still at hand. */
  readonly retries: ReadonlyMap<string, () => void>;
  /** Images that the host was asked to read and hasn't answered for yet: `<archiveId>.<image>`. */
  readonly loading: ReadonlySet<string>;
  /** One of the files that were opened together is shown already. */
  readonly hasShownOne: boolean;
  /** Work on stores that has ended; `reported`: the reports of the stores include it. */
  readonly storeWork: ReadonlyMap<string, 'ended' | 'reported'>;
}

export const initialJobs: JobsState = {
  jobs: [],
  transfers: [],
  transferCount: 0,
  own: [],
  retries: new Map(),
  loading: new Set(),
  hasShownOne: false,
  storeWork: new Map(),
};

export type JobsAction =
  | { readonly type: 'jobsReported'; readonly jobs: readonly Job[] }
  | { readonly type: 'started'; readonly jobId: string; readonly purpose: Purpose }
  /** An image is shown; by the job that still reads it, where one is named. */
  | { readonly type: 'imageShown'; readonly jobId: string | null }
  /** Its end was acted on. */
  | { readonly type: 'settled'; readonly jobId: string }
  | { readonly type: 'retryAdded'; readonly id: string; readonly run: () => void }
  | { readonly type: 'retryRemoved'; readonly id: string }
  | { readonly type: 'loadRequested'; readonly image: string }
  | { readonly type: 'loadAnswered'; readonly image: string }
  | { readonly type: 'storeWork'; readonly jobId: string; readonly state: 'ended' | 'reported' }
  | {
      readonly type: 'transferStarted';
      readonly id: string;
      readonly name: string;
      readonly totalBytes: number | null;
      readonly cancel?: () => void;
    }
  | { readonly type: 'transferMoved'; readonly id: string; readonly sentBytes: number }
  | { readonly type: 'transferFailed'; readonly id: string; readonly error: PlainError }
  | { readonly type: 'transferEnded'; readonly id: string };

export function jobsReducer(state: JobsState, action: JobsAction): JobsState {
  switch (action.type) {
    case 'jobsReported':
      return { ...state, jobs: action.jobs };
    case 'started':
      return { ...state, own: [...state.own, { jobId: action.jobId, purpose: action.purpose }] };
    case 'imageShown':
      return { ...state, hasShownOne: true, own: state.own.map((job) => (job.jobId === action.jobId ? asShown(job) : job)) };
    case 'settled':
      return withoutOwn(state, action.jobId);
    case 'retryAdded':
      return { ...state, retries: new Map(state.retries).set(action.id, action.run) };
    case 'retryRemoved':
      return { ...state, retries: new Map([...state.retries].filter(([id]) => id !== action.id)) };
    case 'loadRequested':
      return { ...state, loading: new Set(state.loading).add(action.image) };
    case 'loadAnswered':
      return { ...state, loading: new Set([...state.loading].filter((image) => image !== action.image)) };
    case 'storeWork':
      return { ...state, storeWork: new Map(state.storeWork).set(action.jobId, action.state) };
    case 'transferStarted': {
      const { id, name, totalBytes, cancel = () => {} } = action;
      const transfer: Transfer = { id, name, totalBytes, sentBytes: 0, error: null, cancel };
      return { ...state, transferCount: state.transferCount + 1, transfers: [...state.transfers, transfer] };
    }
    case 'transferMoved':
      return withTransfer(state, action.id, (transfer) => ({ ...transfer, sentBytes: action.sentBytes }));
    case 'transferFailed':
      return withTransfer(state, action.id, (transfer) => ({ ...transfer, error: action.error }));
    case 'transferEnded':
      return { ...state, transfers: state.transfers.filter((transfer) => transfer.id !== action.id) };
  }
}

function asShown({ jobId, purpose }: OwnJob): OwnJob {
  return { jobId, purpose: purpose.kind === 'open' ? { ...purpose, isShown: true } : purpose };
}

/** Files that are opened after all those before are settled are a batch of their own. */
function withoutOwn(state: JobsState, jobId: string): JobsState {
  const own = state.own.filter((job) => job.jobId !== jobId);
  return { ...state, own, hasShownOne: state.hasShownOne && own.some(({ purpose }) => purpose.kind === 'open') };
}

function withTransfer(state: JobsState, id: string, change: (transfer: Transfer) => Transfer): JobsState {
  return { ...state, transfers: state.transfers.map((transfer) => (transfer.id === id ? change(transfer) : transfer)) };
}

/** Whether a job is waiting or at work. */
export function isRunning({ state }: Job): boolean {
  return state === 'queued' || state === 'running';
}

/** Jobs to show: those that run and those that failed. The effect of the others is seen elsewhere. */
export function shownJobs(state: JobsState): readonly Job[] {
  return state.jobs.filter((job) => isRunning(job) || job.state === 'failed');
}

export function runningCount(state: JobsState): number {
  return state.jobs.filter(isRunning).length + state.transfers.filter((transfer) => transfer.error === null).length;
}

/** The running job of a kind that works on an image; null where none does. */
export function runningJob({ jobs }: JobsState, kind: Job['kind'], archiveId: string, image: number): Job | null {
  return jobs.find((job) => job.kind === kind && job.archiveId === archiveId && job.image === image && isRunning(job)) ?? null;
}

/** The job that reads the layers of an image; null where none does. */
export function loadingJob(state: JobsState, archiveId: string, image: number): Job | null {
  const found = state.jobs.find(
    (job) =>
      isRunning(job) &&
      (job.kind === 'open' || job.kind === 'load') &&
      job.archiveId === archiveId &&
      (job.image === null || job.image === image),
  );
  return found ?? null;
}
