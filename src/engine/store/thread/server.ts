// The thread's side of the protocol: one service per home, created on the first call.
import type { MessagePort } from 'node:worker_threads';
import { asLayerscopeError } from '#model';
import { type FromThread, SERVICE_CALLS, type ToThread } from './messages.ts';
import { createStoreService, type DriverSource, type ServiceProgress, type StoreLocation, type StoreService } from './store-service.ts';

/** Minimum interval between two progress messages. */
const PROGRESS_MS = 100;

/** Serves calls until `close`. Tests pass their own drivers in `source`. */
export function serveStores(port: MessagePort, source: Partial<DriverSource> = {}): void {
  const services = new Map<string, StoreService>();
  const running = new Map<number, AbortController>();
  const send = (message: FromThread): void => port.postMessage(message);

  const serviceOf = (wanted: StoreLocation): StoreService => {
    const key = `${wanted.driver} ${wanted.home}`;
    let service = services.get(key);
    if (service === undefined) {
      service = createStoreService(wanted, source);
      services.set(key, service);
    }
    return service;
  };

  const closeAll = async (): Promise<void> => {
    for (const controller of running.values()) controller.abort();
    for (const service of services.values()) await service.close();
  };

  const run = async (message: Exclude<ToThread, { type: 'cancel' }>): Promise<unknown> => {
    if (message.type === 'close') return closeAll();
    const { id, call, input } = message;
    const method = serviceOf(message.store)[call] as (...args: readonly unknown[]) => Promise<unknown>;
    if (SERVICE_CALLS[call] === 'short') return method(...input);
    const controller = new AbortController();
    running.set(id, controller);
    let sentAt = 0;
    let last: ServiceProgress | null = null;
    const onProgress = (progress: ServiceProgress): void => {
      const now = performance.now();
      if (last?.phase === progress.phase && now - sentAt < PROGRESS_MS) return;
      sentAt = now;
      last = progress;
      send({ type: 'progress', id, progress });
    };
    return method(...input, { signal: controller.signal, onProgress });
  };

  port.on('message', (message: ToThread) => {
    if (message.type === 'cancel') {
      running.get(message.id)?.abort();
      return;
    }
    const { id } = message;
    run(message)
      .then(
        (value) => send({ type: 'value', id, value }),
        (thrown: unknown) => {
          const error = asLayerscopeError(thrown);
          send({
            type: 'error',
            id,
            code: error.code,
            message: error.message,
            detail: error.code === 'INTERNAL' ? (error.stack ?? null) : null,
          });
        },
      )
      .finally(() => {
        running.delete(id);
        if (message.type === 'close') port.close();
      });
  });
}
