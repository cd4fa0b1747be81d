import type { Job } from '#contract';
import { asLayerscopeError, displayText, LayerscopeError } from '#model';
import { createStateTopic, TOPIC_INTERVAL_MS } from './state-topic.ts';

interface JobStart {
  readonly kind: Job['kind'];
  /** What it works on; escaped here. */
  readonly title: string;
  readonly archiveId?: string;
  readonly image?: number;
}

/** What a job's work is given. */
export interface JobContext {
  readonly jobId: string;
  readonly signal: AbortSignal;
  report(progress: Partial<Pick<Job, 'phase' | 'doneBytes' | 'totalBytes' | 'digest'>>): void;
  /** Says what it works on, once that is known. */
  about(subject: { readonly archiveId?: string; readonly image?: number }): void;
}

export interface JobsOptions {
  /** How many run side by side; the others wait in order. */
  readonly atOnce?: number;
  readonly intervalMs?: number;
  /** Told of errors that are defects of this program, with their stack; the job says INTERNAL and no more. */
  readonly onDefect?: (error: LayerscopeError) => void;
}

/** Long work with progress: a queue, its history, and a topic of both. Disposal cancels all and waits for them. */
export interface Jobs extends AsyncDisposable {
  /** Returns the job's id. Throws TOO_LARGE where too many wait, CANCELLED after disposal. */
  start(what: JobStart, run: (context: JobContext) => Promise<void>): string;
  /** Oldest first; ended ones until they are dismissed. */
  list(): readonly Job[];
  /** Without effect on a job that has ended. Throws NOT_FOUND. */
  cancel(jobId: string): void;
  /** Takes a job that has ended off the list. Throws NOT_FOUND; USAGE while it runs. */
  dismiss(jobId: string): void;
  /** The job as it ended. Throws NOT_FOUND. */
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
      if (isDisposed) throw new LayerscopeError('CANCELLED', 'the program is ending');
      let waiting = 0;
      for (const { status } of entries.values()) if (status.state === 'queued') waiting++;
      if (waiting >= MAX_WAITING) throw new LayerscopeError('TOO_LARGE', 'too many jobs wait already');
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
