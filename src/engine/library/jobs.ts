import type { Job } from '#contract';
import { asLayerscopeError, displayText, LayerscopeError } from '#model';
import { createStateTopic, TOPIC_INTERVAL_MS } from './state-topic.ts';

interface JobStart {
  readonly kind: Job['kind'];
  /** What the job works on; need not be escaped. */
  readonly title: string;
  readonly archiveId?: string;
  readonly image?: number;
}

/** Passed to a job's `run`. */
export interface JobContext {
  readonly jobId: string;
  readonly signal: AbortSignal;
  report(progress: Partial<Pick<Job, 'phase' | 'doneBytes' | 'totalBytes' | 'digest'>>): void;
  /** Records the archive and image, or the catalog, that the job works on, once known. */
  about(subject: { readonly archiveId?: string; readonly image?: number; readonly catalogId?: string }): void;
}

export interface JobsOptions {
  /** How many jobs run in parallel; others wait in order. */
  readonly atOnce?: number;
  readonly intervalMs?: number;
  /** Receives errors that are bugs of this program, with their stack; the job itself only reports INTERNAL. */
  readonly onDefect?: (error: LayerscopeError) => void;
}

/** Long-running work with progress: a queue, its history and a topic of both. Disposal cancels all jobs and waits for them. */
export interface Jobs extends AsyncDisposable {
  /** Queues a job and returns its id. Throws TOO_LARGE if too many are waiting, CANCELLED after disposal. */
  start(what: JobStart, run: (context: JobContext) => Promise<void>): string;
  /** Lists jobs, oldest first. Finished jobs stay until dismissed. */
  list(): readonly Job[];
  /** Cancels a job; does nothing if it has ended. Throws NOT_FOUND. */
  cancel(jobId: string): void;
  /** Removes a finished job from the list. Throws NOT_FOUND; USAGE while it runs. */
  dismiss(jobId: string): void;
  /** Waits for a job to end and returns its final state. Throws NOT_FOUND. */
  ended(jobId: string): Promise<Job>;
  subscribe(listener: (jobs: readonly Job[]) => void): () => void;
}

interface Entry {
  status: Job;
  readonly controller: AbortController;
  readonly run: (context: JobContext) => Promise<void>;
  readonly ended: Promise<Job>;
  readonly end: (status: Job) => void;
}

const MAX_WAITING = 1_000;
const MAX_ENDED = 200;

function hasEnded({ state }: Job): boolean {
  return state !== 'queued' && state !== 'running';
}

/** Creates an empty queue that runs `atOnce` jobs in parallel. */
export function createJobs({ atOnce = 2, intervalMs = TOPIC_INTERVAL_MS, onDefect = () => {} }: JobsOptions = {}): Jobs {
  const entries = new Map<string, Entry>();
  const topic = createStateTopic(() => list(), intervalMs);
  let last = 0;
  let isDisposed = false;

  const list = (): readonly Job[] => [...entries.values()].map(({ status }) => status);

  const update = (entry: Entry, part: Partial<Job>): void => {
    entry.status = { ...entry.status, ...part };
    topic.changed();
  };

  const find = (jobId: string): Entry => {
    const entry = entries.get(jobId);
    if (entry === undefined) throw new LayerscopeError('NOT_FOUND', 'no such job');
    return entry;
  };

  const finish = (entry: Entry, part: Partial<Job>): void => {
    update(entry, part);
    entry.end(entry.status);
    const ended = [...entries.values()].filter(({ status }) => hasEnded(status));
    for (const { status } of ended.slice(0, Math.max(0, ended.length - MAX_ENDED))) entries.delete(status.jobId);
  };

  const fail = (entry: Entry, thrown: unknown): void => {
    const error = asLayerscopeError(thrown);
    if (entry.controller.signal.aborted || error.code === 'CANCELLED') {
      finish(entry, { state: 'cancelled', phase: 'cancelled' });
      return;
    }
    if (error.code === 'INTERNAL') onDefect(error);
    const message = error.code === 'INTERNAL' ? 'something went wrong in the program' : displayText(error.message);
    finish(entry, { state: 'failed', phase: 'failed', error: { code: error.code, message } });
  };

  const runOne = async (entry: Entry): Promise<void> => {
    update(entry, { state: 'running', phase: 'starting' });
    const { signal } = entry.controller;
    const isOn = (): boolean => !hasEnded(entry.status);
    try {
      await entry.run({
        jobId: entry.status.jobId,
        signal,
        report: (progress) => isOn() && update(entry, progress),
        about: (subject) => isOn() && update(entry, subject),
      });
      const { totalBytes, doneBytes } = entry.status;
      finish(entry, { state: 'done', phase: 'done', doneBytes: totalBytes ?? doneBytes });
    } catch (error) {
      fail(entry, error);
    }
    startWaiting();
  };

  const startWaiting = (): void => {
    let running = 0;
    for (const { status } of entries.values()) if (status.state === 'running') running++;
    for (const entry of entries.values()) {
      if (running >= atOnce) return;
      if (entry.status.state !== 'queued') continue;
      running++;
      void runOne(entry); // never rejects
    }
  };

  const cancel = (jobId: string): void => {
    const entry = find(jobId);
    if (hasEnded(entry.status)) return;
    entry.controller.abort();
    if (entry.status.state === 'queued') finish(entry, { state: 'cancelled', phase: 'cancelled' });
    else update(entry, { phase: 'cancelling' });
  };

  return {
    start({ kind, title, archiveId = null as string | null, image = null as number | null }, run) {
      if (isDisposed) throw new LayerscopeError('CANCELLED', 'the program is shutting down');
      let waiting = 0;
      for (const { status } of entries.values()) if (status.state === 'queued') waiting++;
      if (waiting >= MAX_WAITING) throw new LayerscopeError('TOO_LARGE', 'too many jobs are waiting');
      const jobId = `j${++last}`;
      let end: (status: Job) => void = () => {};
      const ended = new Promise<Job>((resolve) => {
        end = resolve;
      });
      const common = { phase: 'waiting', doneBytes: 0, totalBytes: null, archiveId, image, error: null, digest: null } as const;
      const status: Job = { jobId, kind, title: displayText(title), state: 'queued', ...common };
      entries.set(jobId, { status, controller: new AbortController(), run, ended, end });
      topic.changed();
      startWaiting();
      return jobId;
    },
    list,
    cancel,
    dismiss(jobId) {
      const entry = find(jobId);
      if (!hasEnded(entry.status)) throw new LayerscopeError('USAGE', 'the job has not ended');
      entries.delete(jobId);
      topic.changed();
    },
    ended: async (jobId) => find(jobId).ended,
    subscribe: (listener) => topic.subscribe(listener),
    async [Symbol.asyncDispose]() {
      isDisposed = true;
      const running = [...entries.values()].filter(({ status }) => !hasEnded(status));
      for (const { status } of running) cancel(status.jobId);
      await Promise.all(running.map(({ ended }) => ended));
      topic.close();
    },
  };
}
