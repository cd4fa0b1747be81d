import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { LayerscopeError } from '#model';
import { cancelled } from '../control/work-control.ts';
import type { IndexedBlob } from '../types.ts';
import { FLAG_KIBIBYTES, FLAG_STOP, type IndexTask, type WorkerReply } from './index-task.ts';

const POLL_MS = 100;
/** How long, in ms, a worker may be idle before it is ended, because each takes several megabytes. */
const IDLE_MS = 5000;

interface Job {
  readonly id: number;
  readonly task: IndexTask;
  readonly flags: Int32Array;
  readonly onBytes: (bytes: number) => void;
  readonly resolve: (indexed: IndexedBlob) => void;
  readonly reject: (error: unknown) => void;
  reported: number;
}

interface Seat {
  readonly worker: Worker;
  job: Job | null;
}

/** Finds the worker's script next to this module, in the sources or in a bundle; null if there is none. */
export function defaultWorkerUrl(): URL | null {
  const here = import.meta.url;
  const names = here.endsWith('.ts')
    ? ['./index-worker.ts']
    : ['./index-worker.js', './index-worker.cjs', '../index-worker.js', '../index-worker.cjs'];
  for (const name of names) {
    const url = new URL(name, here);
    if (existsSync(fileURLToPath(url))) return url;
  }
  return null;
}

/** Worker threads that index one layer each at a time. Started when first needed, reused, and ended on disposal. */
export class WorkerPool implements AsyncDisposable {
  readonly #script: URL | string;
  readonly #limit: number;
  readonly #seats: Seat[] = [];
  readonly #queue: Job[] = [];
  #ids = 0;
  #poll: NodeJS.Timeout | null = null;
  #idle: NodeJS.Timeout | null = null;

  constructor(script: URL | string, limit: number) {
    this.#script = script;
    this.#limit = limit;
  }

  /** Maximum number of workers. */
  get size(): number {
    return this.#limit;
  }

  /** Queues a job; jobs start in order. Throws what the task throws; CANCELLED if `signal` aborts, once the worker has stopped. */
  run(task: IndexTask, signal: AbortSignal | undefined, onBytes: (bytes: number) => void): Promise<IndexedBlob> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(cancelled());
        return;
      }
      const flags = new Int32Array(new SharedArrayBuffer(8));
      const stop = (): void => this.#stop(job);
      const job: Job = {
        id: this.#ids++,
        task,
        flags,
        onBytes,
        reported: 0,
        resolve: (indexed) => {
          signal?.removeEventListener('abort', stop);
          resolve(indexed);
        },
        reject: (error) => {
          signal?.removeEventListener('abort', stop);
          reject(error);
        },
      };
      signal?.addEventListener('abort', stop, { once: true });
      this.#queue.push(job);
      this.#next();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const job of this.#queue.splice(0)) job.reject(cancelled());
    const seats = this.#seats.splice(0);
    for (const { job } of seats) job?.reject(cancelled());
    this.#watch();
    await Promise.all(seats.map(({ worker }) => worker.terminate()));
  }

  #stop(job: Job): void {
    const at = this.#queue.indexOf(job);
    if (at >= 0) {
      this.#queue.splice(at, 1);
      job.reject(cancelled());
    } else Atomics.store(job.flags, FLAG_STOP, 1);
  }

  #next(): void {
    while (this.#queue.length > 0) {
      const seat = this.#seats.find(({ job }) => job === null) ?? this.#newSeat();
      if (seat === null) break;
      const job = this.#queue.shift() as Job;
      seat.job = job;
      seat.worker.ref();
      seat.worker.postMessage({ id: job.id, task: job.task, flags: job.flags.buffer });
    }
    this.#watch();
  }

  #newSeat(): Seat | null {
    if (this.#seats.length >= this.#limit) return null;
    const seat: Seat = { worker: new Worker(this.#script), job: null };
    seat.worker.on('message', (reply: WorkerReply) => this.#reply(seat, reply));
    seat.worker.on('error', (error) => this.#lost(seat, error));
    seat.worker.on('exit', () => this.#lost(seat, new Error('it ended')));
    this.#seats.push(seat);
    return seat;
  }

  #reply(seat: Seat, reply: WorkerReply): void {
    const { job } = seat;
    if (job === null || job.id !== reply.id) return;
    seat.job = null;
    seat.worker.unref();
    this.#report(job);
    if (reply.ok) job.resolve(reply.indexed);
    else job.reject(new LayerscopeError(reply.code, reply.message, reply.offset === undefined ? {} : { offset: reply.offset }));
    this.#next();
  }

  #lost(seat: Seat, cause: unknown): void {
    const at = this.#seats.indexOf(seat);
    if (at < 0) return;
    this.#seats.splice(at, 1);
    seat.job?.reject(
      new LayerscopeError('INTERNAL', `a worker failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause }),
    );
    void seat.worker.terminate();
    this.#next();
  }

  /** Polls the workers' progress, which they write to shared memory, while any of them is busy. */
  #watch(): void {
    const busy = this.#seats.some(({ job }) => job !== null);
    this.#watchIdle(busy);
    if (busy && this.#poll === null) {
      this.#poll = setInterval(() => {
        for (const { job } of this.#seats) if (job !== null) this.#report(job);
      }, POLL_MS);
      this.#poll.unref();
    } else if (!busy && this.#poll !== null) {
      clearInterval(this.#poll);
      this.#poll = null;
    }
  }

  #watchIdle(busy: boolean): void {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    if (busy || this.#seats.length === 0) return;
    this.#idle = setTimeout(() => {
      for (const { worker } of this.#seats.splice(0)) void worker.terminate();
    }, IDLE_MS);
    this.#idle.unref();
  }

  #report(job: Job): void {
    const bytes = Atomics.load(job.flags, FLAG_KIBIBYTES) * 1024;
    if (bytes > job.reported) job.onBytes(bytes - job.reported);
    job.reported = bytes;
  }
}
