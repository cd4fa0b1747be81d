// The thread's side: rooms by home, each made when it is first asked.
import type { MessagePort } from 'node:worker_threads';
import { asLayerscopeError } from '#model';
import { type FromThread, SERVICE_CALLS, type ToThread } from './messages.ts';
import { createStoreService, type DriverSource, type ServiceProgress, type StoreLocation, type StoreService } from './store-service.ts';

/** Progress is told this often at most. */
const PROGRESS_MS = 100;

/** Answers until `close` is asked. `source`: tests have drivers of their own. */
export function serveStores(port: MessagePort, source: Partial<DriverSource> = {}): void {
  const rooms = new Map<string, StoreService>();
  const running = new Map<number, AbortController>();
  const say = (message: FromThread): void => port.postMessage(message);

  const roomOf = (wanted: StoreLocation): StoreService => {
    const key = `${wanted.driver} ${wanted.home}`;
    let room = rooms.get(key);
    if (room === undefined) {
      room = createStoreService(wanted, source);
      rooms.set(key, room);
    }
    return room;
  };

  const closeAll = async (): Promise<void> => {
    for (const controller of running.values()) controller.abort();
    for (const room of rooms.values()) await room.close();
  };

  const run = async (message: Exclude<ToThread, { type: 'cancel' }>): Promise<unknown> => {
    if (message.type === 'close') return closeAll();
    const { id, call, input } = message;
    const method = roomOf(message.room)[call] as (...args: readonly unknown[]) => Promise<unknown>;
    if (SERVICE_CALLS[call] === 'short') return method(...input);
    const controller = new AbortController();
    running.set(id, controller);
    let toldAt = 0;
    let last: ServiceProgress | null = null;
    const onProgress = (progress: ServiceProgress): void => {
      const now = performance.now();
      if (last?.phase === progress.phase && now - toldAt < PROGRESS_MS) return;
      toldAt = now;
      last = progress;
      say({ type: 'progress', id, progress });
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
        (value) => say({ type: 'value', id, value }),
        (thrown: unknown) => {
          const error = asLayerscopeError(thrown);
          say({
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
