// How the desktop shows jobs while the user is elsewhere: progress on the taskbar, and a notification when a long job ends.
import type { Job } from '#contract';

/** How long a job must have run for its end to be worth a notification, in ms. */
const LONG_MS = 10_000;
/** Maximum length of a title in a notification, in characters. */
const TITLE = 80;

/** What notifications say when a job ends, by its kind. */
const ENDS: Readonly<Record<Job['kind'], readonly [done: string, failed: string]>> = {
  catalog: ['The catalog is open', 'The catalog could not be opened'],
  open: ['Opened', 'Opening failed'],
  load: ['All layers read', 'Reading the layers failed'],
  verify: ['Digests checked', 'Checking the digests failed'],
  scan: ['Searched for secrets', 'Searching for secrets failed'],
  export: ['Exported', 'Export failed'],
  rewritten: ['Contents compared', 'Comparing the contents failed'],
  compare: ['Compared', 'Comparing failed'],
  import: ['Imported to the store', 'Import failed'],
  weigh: ['Size computed', 'Computing the size failed'],
};

/** A notification. The body contains only the program's own words, because some desktops parse markup in it; names go in the title. */
export interface Notice {
  readonly title: string;
  readonly body: string;
}

export interface JobSignals {
  /** Shows progress: a number from 0 to 1, `unknown`, or null for none. Called for each change of a hundredth or more. */
  progress(value: number | 'unknown' | null): void;
  notify(notice: Notice): void;
  /** Whether the user is looking at a window of this program, and so doesn't need a notification. */
  isWatched(): boolean;
  /** Receives the kind and error code of each job that failed. */
  failed(kind: Job['kind'], code: string): void;
  /** A monotonic clock, in ms. */
  now(): number;
}

function hasEnded({ state }: Job): boolean {
  return state !== 'queued' && state !== 'running';
}

/**
 * Returns the combined progress of all unfinished jobs, weighted by bytes and rounded down to a hundredth; `unknown` while any of them has
 * no total; null if there are none.
 */
export function progressOf(jobs: readonly Job[]): number | 'unknown' | null {
  let done = 0;
  let total = 0;
  const on = jobs.filter((job) => !hasEnded(job));
  for (const { doneBytes, totalBytes } of on) {
    if (totalBytes === null) return 'unknown';
    done += Math.min(doneBytes, totalBytes);
    total += totalBytes;
  }
  if (on.length === 0) return null;
  return total === 0 ? 'unknown' : Math.floor((100 * done) / total) / 100;
}

/** Returns a listener that receives each new list of jobs and calls `signals`. */
export function watchJobs(signals: JobSignals): (jobs: readonly Job[]) => void {
  /** When each job was first seen running, by id. */
  const started = new Map<string, number>();
  const ended = new Set<string>();
  let shown: number | 'unknown' | null = null;
  return (jobs) => {
    const progress = progressOf(jobs);
    if (progress !== shown) signals.progress(progress);
    shown = progress;
    for (const job of jobs) {
      const { jobId, state, kind, title, error } = job;
      if (state === 'running' && !started.has(jobId)) started.set(jobId, signals.now());
      if (!hasEnded(job) || ended.has(jobId)) continue;
      ended.add(jobId);
      if (error !== null) signals.failed(kind, error.code);
      const since = started.get(jobId);
      if (state === 'cancelled' || since === undefined || signals.now() - since < LONG_MS || signals.isWatched()) continue;
      const [done, failed] = ENDS[kind];
      signals.notify({
        title: title.length > TITLE ? `${title.slice(0, TITLE - 1)}…` : title,
        body: error === null ? done : `${failed}: ${error.code}`,
      });
    }
    const listed = new Set(jobs.map(({ jobId }) => jobId));
    for (const known of [started, ended]) for (const jobId of known.keys()) if (!listed.has(jobId)) known.delete(jobId);
  };
}
