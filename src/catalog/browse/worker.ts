// Entry point of the worker that reads catalogs.
import { parentPort } from 'node:worker_threads';
import { asLayerscopeError } from '#model';
import type { FromWorker, ToWorker } from './messages.ts';
import { TASKS } from './tasks.ts';

const port = parentPort;
port?.on('message', ({ id, task, input }: ToWorker) => port.postMessage(answer(id, () => TASKS[task](input as never))));

function answer(id: number, run: () => Extract<FromWorker, { value: unknown }>['value']): FromWorker {
  try {
    return { id, value: run() };
  } catch (thrown) {
    const { code, message, stack } = asLayerscopeError(thrown);
    return { id, error: { code, message, detail: code === 'INTERNAL' ? (stack ?? null) : null } };
  }
}
