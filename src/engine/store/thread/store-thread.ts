import { Worker } from 'node:worker_threads';
import { ERROR_CODES, LayerscopeError } from '#model';
import { type FromThread, SERVICE_CALLS, type ServiceCall, type ToThread } from './messages.ts';
import type { ServiceOptions, ServiceProgress, StoreLocation, StoreService } from './store-service.ts';

/** A worker thread for drivers, whose hashing, unpacking and Windows calls would block the main thread. Disposal releases all mounts. */
export interface StoreThread extends AsyncDisposable {
  /** Returns a client for the service of a home; the first call starts the service. */
  service(home: StoreLocation): Omit<StoreService, 'close'>;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly onProgress: (progress: ServiceProgress) => void;
}

/** How long to wait for the thread to close before terminating it. */
const LAST_WAIT_MS = 2_000;

/**
 * Creates the thread's client. The first call starts the thread; if the thread dies, pending calls fail with IO and the next call restarts
 * it. `script` is the built worker, by default the source next to this file.
 */
export function createStoreThread(script: URL | string = new URL('./worker.ts', import.meta.url)): StoreThread {
  let worker: Worker | null = null;
  let last = 0;
  let isDisposed = false;
  const waiting = new Map<number, Waiting>();

  const failAll = (message: string): void => {
    const all = [...waiting.values()];
    waiting.clear();
    for (const { reject } of all) reject(new LayerscopeError('IO', message));
  };

  const start = (): Worker => {
    const started = new Worker(script);
    const ended = (message: string): void => {
      if (worker !== started) return;
      worker = null;
      failAll(message);
    };
    started.on('message', (message: FromThread) => {
      const call = waiting.get(message.id);
      if (call === undefined) return;
      if (message.type === 'progress') {
        call.onProgress(message.progress);
        return;
      }
      waiting.delete(message.id);
      if (waiting.size === 0) started.unref();
      if (message.type === 'value') call.resolve(message.value);
      else call.reject(errorOf(message));
    });
    started.on('error', (error: Error) => ended(`the store's thread ended: ${error.message}`));
    started.on('exit', () => ended("the store's thread ended"));
    return started;
  };

  const ask = (message: DistributiveOmit<Exclude<ToThread, { type: 'cancel' }>, 'id'>, options?: ServiceOptions): Promise<unknown> => {
    if (isDisposed && message.type !== 'close') return Promise.reject(new LayerscopeError('CANCELLED', 'the program is shutting down'));
    worker ??= start();
    const to = worker;
    const id = ++last;
    return new Promise((resolve, reject) => {
      const cancel = (): void => to.postMessage({ type: 'cancel', id } satisfies ToThread);
      const settled = (): void => options?.signal.removeEventListener('abort', cancel);
      waiting.set(id, {
        resolve: (value) => {
          settled();
          resolve(value);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
        onProgress: options?.onProgress ?? (() => {}),
      });
      to.ref();
      to.postMessage({ ...message, id } as ToThread);
      options?.signal.addEventListener('abort', cancel, { once: true });
      if (options?.signal.aborted) cancel();
    });
  };

  return {
    service(home) {
      const call =
        (name: ServiceCall) =>
        (...args: readonly unknown[]): Promise<unknown> => {
          const isLong = SERVICE_CALLS[name] === 'long';
          const input = isLong ? args.slice(0, -1) : args;
          return ask({ type: 'call', store: home, call: name, input }, isLong ? (args.at(-1) as ServiceOptions) : undefined);
        };
      return Object.fromEntries((Object.keys(SERVICE_CALLS) as ServiceCall[]).map((name) => [name, call(name)])) as unknown as Omit<
        StoreService,
        'close'
      >;
    },
    async [Symbol.asyncDispose]() {
      isDisposed = true;
      const ending = worker;
      if (ending === null) return;
      const exited = new Promise((resolve) => ending.once('exit', resolve));
      const late = new Promise((resolve) => setTimeout(resolve, LAST_WAIT_MS).unref());
      await Promise.race([ask({ type: 'close' }).catch(() => {}), exited, late]);
      worker = null;
      failAll('the program is shutting down');
      await ending.terminate();
    },
  };
}

type DistributiveOmit<T, K extends string> = T extends unknown ? Omit<T, K> : never;

function errorOf({ code, message, detail }: Extract<FromThread, { type: 'error' }>): LayerscopeError {
  const error = new LayerscopeError(ERROR_CODES.find((known) => known === code) ?? 'INTERNAL', message);
  if (detail !== null) error.stack = detail;
  return error;
}
