import type { Job } from '#contract';
import type { PlainError } from './plain-error.ts';
import type { Side, Spot } from './selection.ts';

/** The place of a file among the files that were opened together. */
export interface PlaceInBatch {
  readonly batch: number;
  readonly at: number;
}

/** A file that is being sent to the host, or whose upload failed. */
export interface Transfer {
  readonly id: string;
  readonly name: string;
  readonly sentBytes: number;
  readonly totalBytes: number | null;
  readonly error: PlainError | null;
  readonly place?: PlaceInBatch | undefined;
  /** Aborts an upload in progress. */
  readonly cancel: () => void;
}

/** Why this window started a job, which determines what happens when the job ends. */
export type Purpose =
  /**
   * Shows the image by itself, or compared with side A. With `offersImport`, also offers to import the image to the store. `isShown` means
   * that the image is already on screen while its layers are still being read. If several files are opened, the first by `place` is shown.
   * `imageId` selects an image in an archive with several: the digest of its config or manifest, as listed in a catalog. `at` is the place
   * in the image to show first; all of the image if absent. With `compares`, the window asks what to compare the image with. `onOpen`
   * receives the image as a side; the image isn't shown then.
   */
  | {
      readonly kind: 'open';
      readonly sideA: Side | null;
      readonly offersImport: boolean;
      readonly isShown: boolean;
      readonly compares: boolean;
      readonly place?: PlaceInBatch;
      readonly imageId?: string;
      readonly at?: Spot;
      readonly onOpen?: (side: Side) => void;
    }
  /** Reports whether the digests match. */
  | { readonly kind: 'check' }
  /** Reports how many secrets were found. */
  | { readonly kind: 'scan' }
  /** Reports that the file is saved. */
  | { readonly kind: 'save' }
  /** Runs `onDone` once the reports of the stores include what the job did. */
  | { readonly kind: 'store'; readonly onDone: () => void };

export interface OwnJob {
  readonly jobId: string;
  readonly purpose: Purpose;
}

export interface JobsState {
  /** Whether the host has reported its jobs. */
  readonly isReported: boolean;
  /** Jobs as reported by the host, oldest first. */
  readonly jobs: readonly Job[];
  readonly transfers: readonly Transfer[];
  /** How many transfers there have been; used for their ids. */
  readonly transferCount: number;
  /** Jobs that this window started and hasn't settled yet. */
  readonly own: readonly OwnJob[];
  /** How to retry a job or a transfer, by its id. Contains only jobs and transfers whose file is still available. */
  readonly retries: ReadonlyMap<string, () => void>;
  /** Images that are about to be read, as `<archiveId>.<image>`: the request is pending. */
  readonly loading: ReadonlySet<string>;
  /** Whether one of the files that were opened together is already shown. */
  readonly hasShownOne: boolean;
  /** Work on stores that has ended, by job. `reported`: the reports of the stores include it. */
  readonly storeWork: ReadonlyMap<string, 'ended' | 'reported'>;
}

export const initialJobs: JobsState = {
  isReported: false,
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
  /** An image is shown. `jobId` is the job that is still reading it, if any. */
  | { readonly type: 'imageShown'; readonly jobId: string | null }
  /** The job's end has been handled. */
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
      readonly place?: PlaceInBatch | undefined;
      readonly cancel?: () => void;
    }
  | { readonly type: 'transferMoved'; readonly id: string; readonly sentBytes: number }
  | { readonly type: 'transferFailed'; readonly id: string; readonly error: PlainError }
  | { readonly type: 'transferEnded'; readonly id: string };

export function jobsReducer(state: JobsState, action: JobsAction): JobsState {
  switch (action.type) {
    case 'jobsReported':
      return { ...state, isReported: true, jobs: action.jobs };
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
      const { id, name, totalBytes, place, cancel = () => {} } = action;
      const transfer: Transfer = { id, name, totalBytes, sentBytes: 0, error: null, place, cancel };
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

/** Removes a settled job. If no more files are being opened, resets `hasShownOne` for the next batch. */
function withoutOwn(state: JobsState, jobId: string): JobsState {
  const own = state.own.filter((job) => job.jobId !== jobId);
  return { ...state, own, hasShownOne: state.hasShownOne && own.some(({ purpose }) => purpose.kind === 'open') };
}

function withTransfer(state: JobsState, id: string, change: (transfer: Transfer) => Transfer): JobsState {
  return { ...state, transfers: state.transfers.map((transfer) => (transfer.id === id ? change(transfer) : transfer)) };
}

/** Whether a job is waiting or running. */
export function isRunning({ state }: Job): boolean {
  return state === 'queued' || state === 'running';
}

/**
 * Whether a file must not be shown yet, because a file that was opened with it, and comes before it, is still being opened. So the first
 * file is shown, no matter which is read first.
 */
export function isPreceded({ own, transfers, hasShownOne }: JobsState, place: PlaceInBatch | undefined): boolean {
  if (place === undefined || hasShownOne) return false;
  const precedes = (other: PlaceInBatch | undefined) => other !== undefined && other.batch === place.batch && other.at < place.at;
  return (
    transfers.some((transfer) => transfer.error === null && precedes(transfer.place)) ||
    own.some(({ purpose }) => purpose.kind === 'open' && precedes(purpose.place))
  );
}

/** Returns the jobs to show: running and failed ones. Results of other jobs are visible elsewhere. */
export function shownJobs(state: JobsState): readonly Job[] {
  return state.jobs.filter((job) => isRunning(job) || job.state === 'failed');
}

export function runningCount(state: JobsState): number {
  return state.jobs.filter(isRunning).length + state.transfers.filter((transfer) => transfer.error === null).length;
}

/**
 * Returns the job that reads file contents for an image's table; null if none is running. If several are, the window is waiting for the
 * newest.
 */
export function contentsJob({ jobs }: JobsState, { archiveId, image }: { archiveId: string | null; image: number }): Job | null {
  return jobs.findLast((job) => job.kind === 'compare' && isRunning(job) && job.archiveId === archiveId && job.image === image) ?? null;
}

/** Something that is being opened, and whose image isn't in the library yet: an upload, or a job that reads its manifest. */
export interface Arrival {
  readonly id: string;
  readonly isUpload: boolean;
  /** Not escaped. */
  readonly name: string;
  /** The job that reads the manifest; null while an upload runs. */
  readonly job: Job | null;
  readonly doneBytes: number;
  readonly totalBytes: number | null;
}

/** Returns what is being opened; `isListed` says whether an archive is in the library. */
export function arrivals({ jobs, transfers }: JobsState, isListed: (archiveId: string) => boolean): readonly Arrival[] {
  return [
    ...transfers
      .filter(({ error }) => error === null)
      .map(({ id, name, sentBytes, totalBytes }) => ({ id, isUpload: true, name, job: null, doneBytes: sentBytes, totalBytes })),
    ...jobs
      .filter((job) => job.kind === 'open' && isRunning(job) && (job.archiveId === null || !isListed(job.archiveId)))
      .map((job) => ({ id: job.jobId, isUpload: false, name: job.title, job, doneBytes: job.doneBytes, totalBytes: job.totalBytes })),
  ];
}

/** Returns the running job of a kind that works on an image, or null. */
export function runningJob({ jobs }: JobsState, kind: Job['kind'], archiveId: string, image: number): Job | null {
  return jobs.find((job) => job.kind === kind && job.archiveId === archiveId && job.image === image && isRunning(job)) ?? null;
}

/** Returns the newest ended job of a kind for an image; null if the list has none. */
export function endedJob({ jobs }: JobsState, kind: Job['kind'], archiveId: string, image: number): Job | null {
  return jobs.findLast((job) => job.kind === kind && job.archiveId === archiveId && job.image === image && !isRunning(job)) ?? null;
}

/** Whether a job of a kind has succeeded for an image. */
export function wasDone({ jobs }: JobsState, kind: Job['kind'], archiveId: string, image: number): boolean {
  return jobs.some((job) => job.kind === kind && job.archiveId === archiveId && job.image === image && job.state === 'done');
}

/** Returns the job that reads the layers of an image, or null. */
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
