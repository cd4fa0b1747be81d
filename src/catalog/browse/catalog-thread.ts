import { Worker } from 'node:worker_threads';
import { ERROR_CODES, LayerscopeError } from '#model';
import type { FromWorker, TaskName, Tasks, ToWorker } from './messages.ts';

/** The main thread's side of the worker that reads catalogs. Decoding a column would block the main thread. */
export interface CatalogThread extends AsyncDisposable {
  /** Runs a task. Throws what the task throws; IO if the worker exited, CANCELLED after disposal. */
  run<N extends TaskName>(task: N, input: Tasks[N]['input']): Promise<Tasks[N]['output']>;
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Creates the worker's client. The first task starts the worker; if it exits, pending tasks fail and the next task starts it again.
 * `script`: the worker's script. Defaults to the source next to this file.
 */
export function createCatalogThread(script: URL | string = new URL('./worker.ts', import.meta.url)): CatalogThread {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | null = null;
  let last = 0;
  let isDisposed = false;

  const failAll = (error: LayerscopeError): void => {
    const all = [...waiting.values()];
    waiting.clear();
    for (const { reject } of all) reject(error);
  };

  const start = (): Worker => {
    const started = new Worker(script);
    const ended = (reason: string): void => {
      if (worker !== started) return;
      worker = null;
      failAll(new LayerscopeError('IO', `the thread that reads catalogs ended${reason}`));
    };
    started.on('message', (message: FromWorker) => {
      const task = waiting.get(message.id);
      waiting.delete(message.id);
      // An idle worker must not keep the program running.
      if (waiting.size === 0) started.unref();
      if ('error' in message) task?.reject(errorOf(message.error));
      else task?.resolve(message.value as never);
    });
    started.on('error', (error: Error) => ended(`: ${error.message}`));
    started.on('exit', () => ended(''));
    return started;
  };

  return {
    run(task, input) {
      if (isDisposed) return Promise.reject(new LayerscopeError('CANCELLED', 'the program is shutting down'));
      worker ??= start();
      const to = worker;
      const id = ++last;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        to.ref();
        to.postMessage({ id, task, input } as ToWorker);
      });
    },
    async [Symbol.asyncDispose]() {
      isDisposed = true;
      const ending = worker;
      worker = null;
      failAll(new LayerscopeError('CANCELLED', 'the program is shutting down'));
      await ending?.terminate();
    },
  };
}

function errorOf({ code, message, detail }: Extract<FromWorker, { error: unknown }>['error']): LayerscopeError {
  const error = new LayerscopeError(ERROR_CODES.find((known) => known === code) ?? 'INTERNAL', message);
  if (detail !== null) error.stack = detail;
  return error;
}
